import ChainModel
import EventLoop
import Synchronization

/// Answers each request with its target, as told.
final class EchoServer {
  let thread = LoopThread()
  let port: Int
  private let server: HTTPServer
  private let listener: Listener

  /// - Parameters:
  ///   - limits: of the server.
  ///   - patience: how long a request waits for its answer; nil for none at all.
  ///   - size: how many bytes an answer has besides.
  ///   - isMixedUp: whether each is given the answer of the one before, whoever that was.
  /// - Throws: when there is no port.
  init(
    _ limits: HTTPServer.Limits = .init(request: .seconds(20), idle: .seconds(20)), patience: Duration? = nil,
    size: Int = 0, isMixedUp: Bool = false
  ) throws {
    let last = isMixedUp ? Last() : nil
    let server = HTTPServer(thread.loop, limits) { Echo($0, patience: patience, size: size, last: last) }
    self.server = server
    listener = try Listener(
      on: thread.loop, at: Endpoint(port: 0), backlog: 4096, onShortage: { _ in }
    ) { server.adopt($0) }
    port = listener.port
    thread.loop.execute { [listener] in listener.start() }
  }

  var connections: Int { thread.sync { [server] in server.count } }

  func stop() {
    thread.sync { [server, listener] in
      listener.close()
      server.closeAll()
    }
    thread.stop()
  }
}

/// What was asked for last, on any connection.
private final class Last {
  var target = ""
}

/// One connection.
private final class Echo: RequestHandler {
  private var connection: ServerConnection?
  private let patience: Duration?
  private let padding: String
  private let last: Last?
  private var target = ""

  init(_ connection: ServerConnection, patience: Duration?, size: Int, last: Last?) {
    self.connection = connection
    self.patience = patience
    self.last = last
    padding = String(repeating: "x", count: size)
  }

  func began(_ head: RequestHead) { target = head.target.text }

  func received(_ bytes: UnsafeRawBufferPointer) {}

  func complete() {
    if let last { swap(&target, &last.target) }
    let reply = Reply(200, "text/plain", Array((target + padding).utf8))
    guard let patience, let connection else { return answer(reply) }
    connection.loop.schedule(after: patience) { [self] in answer(reply) }
  }

  private func answer(_ reply: Reply) { connection?.answer(reply) }

  func refused(_ reason: RequestRefusal) { connection?.dismiss(Reply(400, "text/plain", Array("\(reason)".utf8))) }

  func closed() { connection = nil }
}
