import ChainModel
import NIOCore
import NIOHTTP1
import NIOPosix
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

  fileprivate struct State {
    var reply: @Sendable (Request) -> Reply
    var requests: [Request] = []
    var held: [@Sendable (Reply) -> Void] = []
    var accepted = 0
    var open = 0
  }

  fileprivate let state: Mutex<State>
  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  package let port: Int

  package convenience init(_ reply: Reply = .ok) throws {
    try self.init { _ in reply }
  }

  /// Decides for each request by itself.
  package init(_ reply: @escaping @Sendable (Request) -> Reply) throws {
    state = Mutex(State(reply: reply))
    let box = Box()
    let channel = try ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let callee = box.callee.withLock({ $0 }) else { return }
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
          try pipeline.addHandler(CannedConnection(callee))
        }
      }
      .bind(host: "127.0.0.1", port: 0).wait()
    port = channel.localAddress?.port ?? 0
    box.callee.withLock { $0 = self }
  }

  /// Lets connections find the callee, which is complete only once it has a port.
  private final class Box: Sendable {
    let callee = Mutex<CannedCallee?>(nil)
  }

  /// Ends its connections and its thread. Blocks.
  package func shutDown() {
    try? group.syncShutdownGracefully()
  }

  package var requests: [Request] { state.withLock { $0.requests } }

  /// How many connections were made to it, and how many of them are open.
  package var connections: (accepted: Int, open: Int) { state.withLock { ($0.accepted, $0.open) } }

  /// How many requests are held by `never`.
  package var held: Int { state.withLock { $0.held.count } }

  /// From the next request on.
  package func reply(_ reply: Reply) { state.withLock { $0.reply = { _ in reply } } }

  package func forget() { state.withLock { $0.requests = [] } }

  /// Answers up to `count` of the requests that are held, oldest first.
  package func release(_ count: Int = .max, with reply: Reply = .ok) {
    let released = state.withLock { state in
      let released = Array(state.held.prefix(count))
      state.held.removeFirst(released.count)
      return released
    }
    for answer in released { answer(reply) }
  }
}

/// One connection to a canned callee.
private final class CannedConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = ByteBuffer

  private let callee: CannedCallee
  private var number = 0

  init(_ callee: CannedCallee) {
    self.callee = callee
  }

  func channelActive(context: ChannelHandlerContext) {
    number = callee.state.withLock { state in
      state.accepted += 1
      state.open += 1
      return state.accepted
    }
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    callee.state.withLock { $0.open -= 1 }
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let head) = unwrapInboundIn(data) else { return }
    let request = CannedCallee.Request(
      method: head.method.rawValue, target: head.uri,
      headers: head.headers.map { RawAnswer.Header(name: $0.name.lowercased(), value: $0.value) },
      receivedAt: Monotonic.now(), connection: number)
    let reply = callee.state.withLock { state in
      state.requests.append(request)
      return state.reply
    }
    perform(reply(request), on: context.channel)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func perform(_ reply: CannedCallee.Reply, on channel: any Channel) {
    switch reply {
    case .answer(let status, let body):
      let head = "HTTP/1.1 \(status) Canned\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)"
      channel.writeAndFlush(ByteBuffer(string: "\(head)\r\n\r\n\(body)"), promise: nil)
    case .never:
      let held = NIOLoopBound(self, eventLoop: channel.eventLoop)
      callee.state.withLock { state in
        state.held.append { reply in channel.eventLoop.execute { held.value.perform(reply, on: channel) } }
      }
    case .close: channel.close(promise: nil)
    case .reset:
      (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        .whenComplete { _ in channel.close(promise: nil) }
    case .raw(let text):
      channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in channel.close(promise: nil) }
    case .bytes(let text): channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    case .both(let first, let second):
      perform(first, on: channel)
      perform(.late(.milliseconds(20), second), on: channel)
    case .late(let delay, let reply):
      let late = NIOLoopBound(self, eventLoop: channel.eventLoop)
      channel.eventLoop.scheduleTask(in: .nanoseconds(Int64(clamping: delay.nanoseconds))) {
        late.value.perform(reply, on: channel)
      }
    }
  }
}
