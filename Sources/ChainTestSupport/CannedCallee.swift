import ChainModel
import EventLoop
import Synchronization

/// A small HTTP server in the test that stands in for a service: it records the heads of the requests it gets and
/// answers as it is told, also as no service should.
package final class CannedCallee: Sendable {
  /// What it does with a request.
  package enum Reply: Hashable, Sendable {
    case answer(Int, String)
    /// Nothing, until `release`.
    case never
    /// Closes the connection without an answer.
    case close
    /// Ends the connection with a RST.
    case reset
    /// Sends these bytes, whatever they are, and closes.
    case raw(String)
    /// Sends these bytes, whatever they are, and keeps the connection.
    case bytes(String)
    /// One at once and one some time later.
    indirect case both(Reply, Reply)
    indirect case late(Duration, Reply)

    package static let ok = Reply.answer(200, "{}")
  }

  /// The head of a request.
  package struct Request: Sendable {
    package var method: String
    package var target: String
    /// Names in lower case, in order.
    package var headers: [RawAnswer.Header]
    package var receivedAt: UInt64
    /// Which of the callee's connections brought it, counted from 1.
    package var connection: Int

    /// All values of the header, in order.
    package func values(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
  }

  private let board: CannedBoard
  private let thread = LoopThread("canned")
  private let open: Open
  package let port: Int

  private struct Open: @unchecked Sendable {  // touched on the loop only, once it listens
    let server: HTTPServer
    let listener: Listener
  }

  package convenience init(_ reply: Reply = .ok, host: String? = nil) throws {
    try self.init(host: host) { _ in reply }
  }

  /// Decides for each request by itself.
  package init(host: String? = nil, _ reply: @escaping @Sendable (Request) -> Reply) throws {
    let board = CannedBoard(reply)
    self.board = board
    let server = HTTPServer(thread.loop, .init(request: .seconds(600), idle: .seconds(600), bodyBytes: 8 << 20)) {
      CannedConnection($0, board)
    }
    let listener = try Listener(
      on: thread.loop, at: Endpoint(host ?? Endpoint.loopback, port: 0), backlog: 1024, onShortage: { _ in }
    ) { server.adopt($0) }
    port = listener.port
    open = Open(server: server, listener: listener)
    thread.loop.execute { listener.start() }
  }

  /// Ends its connections and its thread. Blocks.
  package func shutDown() {
    let isFirst = board.state.withLock { state in
      defer { state.isShutDown = true }
      return !state.isShutDown
    }
    guard isFirst else { return }
    thread.sync { [open] in
      open.listener.close()
      open.server.closeAll()
    }
    thread.stop()
    // Both may hold connections, and what asks for them.
    board.state.withLock { ($0.held, $0.reply) = ([], { _ in .ok }) }
  }

  package var requests: [Request] { board.state.withLock { $0.requests } }

  /// How many connections were made to it, and how many of them are open.
  package var connections: (accepted: Int, open: Int) { board.state.withLock { ($0.accepted, $0.open) } }

  /// How many requests are held by `never`.
  package var held: Int { board.state.withLock { $0.held.count } }

  /// From the next request on.
  package func reply(_ reply: Reply) { board.state.withLock { $0.reply = { _ in reply } } }

  package func forget() { board.state.withLock { $0.requests = [] } }

  /// Answers up to `count` of the requests that are held, oldest first.
  package func release(_ count: Int = .max, with reply: Reply = .ok) {
    let released = board.state.withLock { state in
      let released = Array(state.held.prefix(count))
      state.held.removeFirst(released.count)
      return released
    }
    for answer in released { answer(reply) }
  }
}

/// What a canned callee's connections share.
private final class CannedBoard: Sendable {
  struct State {
    var reply: @Sendable (CannedCallee.Request) -> CannedCallee.Reply
    var requests: [CannedCallee.Request] = []
    var held: [@Sendable (CannedCallee.Reply) -> Void] = []
    var accepted = 0
    var open = 0
    var isShutDown = false
  }

  let state: Mutex<State>

  init(_ reply: @escaping @Sendable (CannedCallee.Request) -> CannedCallee.Reply) {
    state = Mutex(State(reply: reply))
  }
}

/// One connection to a canned callee.
private final class CannedConnection: RequestHandler, @unchecked Sendable {  // touched on its loop only
  private let board: CannedBoard
  private let number: Int
  private var connection: ServerConnection?
  private var request: CannedCallee.Request?

  init(_ connection: ServerConnection, _ board: CannedBoard) {
    self.connection = connection
    self.board = board
    number = board.state.withLock { state in
      state.accepted += 1
      state.open += 1
      return state.accepted
    }
  }

  func began(_ head: RequestHead) {
    request = CannedCallee.Request(
      method: head.method.text, target: head.target.text,
      headers: head.fields.all.map { RawAnswer.Header(name: $0.name.lowercased(), value: $0.value) },
      receivedAt: Monotonic.now(), connection: number)
  }

  func received(_ bytes: UnsafeRawBufferPointer) {}

  func complete() {
    guard let request else { return }
    let reply = board.state.withLock { state in
      state.requests.append(request)
      return state.reply
    }
    perform(reply(request))
  }

  func refused(_ reason: RequestRefusal) { connection?.close() }

  func closed() {
    connection = nil
    board.state.withLock { $0.open -= 1 }
  }

  private func perform(_ reply: CannedCallee.Reply) {
    guard let connection else { return }
    switch reply {
    case .answer(let status, let body):
      let head = "HTTP/1.1 \(status) Canned\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)"
      connection.answer(raw: Array("\(head)\r\n\r\n\(body)".utf8))
    case .never:
      let loop = connection.loop
      board.state.withLock { $0.held.append { reply in loop.execute { self.perform(reply) } } }
    case .close: connection.close()
    case .reset: connection.reset()
    case .raw(let text):
      connection.answer(raw: Array(text.utf8))
      connection.close()
    case .bytes(let text): connection.answer(raw: Array(text.utf8))
    case .both(let first, let second):
      perform(first)
      perform(.late(.milliseconds(20), second))
    case .late(let delay, let reply): connection.loop.schedule(after: delay) { self.perform(reply) }
    }
  }
}
