import Glibc
import NIOCore
import NIOPosix
import Synchronization

/// An HTTP/1.1 server with one event loop that reads and writes plain bytes, so that it knows nothing of the code that
/// it tests.
final class TinyServer: Sendable {
  enum Behaviour: Sendable {
    case answer(status: Int)
    case answerAfter(TimeAmount)
    /// Answers, but says that it closes the connection, and does.
    case answerAndClose
    case closeWithoutAnswer
    /// Closes in the middle of the body.
    case closeHalfway
    case neverAnswer
    case garbage
    /// Answers at once, but the loop stands still for a while when request number `at` comes, as a stopped process does.
    case standStill(at: Int, milliseconds: UInt32)
  }

  struct Seen: Sendable {
    var connections = 0
    var requests = 0
    /// The heads of the last requests, without the blank line.
    var heads: [String] = []
  }

  let port: Int
  private let channel: any Channel
  private let group: MultiThreadedEventLoopGroup
  private let seen: SeenCounts

  init(_ behaviour: Behaviour) async throws {
    let seen = SeenCounts()
    self.seen = seen
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    channel = try await ServerBootstrap(group: group)
      .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { child in
        child.eventLoop.makeCompletedFuture {
          try child.pipeline.syncOperations.addHandler(TinyHandler(behaviour, seen))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    port = channel.localAddress?.port ?? 0
  }

  var counts: Seen { seen.value.withLock { $0 } }

  func stop() async throws {
    try await channel.close()
    try await group.shutdownGracefully()
  }

  /// Runs a body against a server and stops the server on every way out.
  static func with<Result>(_ behaviour: Behaviour, _ body: (TinyServer) async throws -> Result) async throws -> Result {
    let server = try await TinyServer(behaviour)
    do {
      let result = try await body(server)
      try await server.stop()
      return result
    } catch {
      try await server.stop()
      throw error
    }
  }
}

private final class SeenCounts: Sendable {
  let value = Mutex(TinyServer.Seen())
}

private final class TinyHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let behaviour: TinyServer.Behaviour
  private let seen: SeenCounts
  private var received = ""

  init(_ behaviour: TinyServer.Behaviour, _ seen: SeenCounts) {
    self.behaviour = behaviour
    self.seen = seen
  }

  func channelActive(context: ChannelHandlerContext) {
    seen.value.withLock { $0.connections += 1 }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received += String(buffer: unwrapInboundIn(data))
    while let end = received.firstRange(of: "\r\n\r\n") {
      let head = String(received[..<end.lowerBound])
      received = String(received[end.upperBound...])
      let number = seen.value.withLock { seen in
        seen.requests += 1
        seen.heads = seen.heads.suffix(99) + [head]
        return seen.requests
      }
      answer(context, number: number)
    }
  }

  private func answer(_ context: ChannelHandlerContext, number: Int) {
    switch behaviour {
    case .answer(let status): write(context, Self.answer(status))
    case .answerAfter(let delay):
      context.eventLoop.assumeIsolated().scheduleTask(in: delay) { self.write(context, Self.answer(200)) }
    case .answerAndClose:
      write(context, Self.answer(200, "connection: close\r\n"))
      context.close(promise: nil)
    case .closeWithoutAnswer: context.close(promise: nil)
    case .closeHalfway:
      write(context, "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
      context.close(promise: nil)
    case .neverAnswer: break
    case .garbage: write(context, "this is no answer\r\n\r\n")
    case .standStill(let at, let milliseconds):
      if number == at { usleep(milliseconds * 1000) }
      write(context, Self.answer(200))
    }
  }

  private func write(_ context: ChannelHandlerContext, _ text: String) {
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
  }

  private static func answer(_ status: Int, _ headers: String = "") -> String {
    "HTTP/1.1 \(status) Status\r\n\(headers)content-length: 2\r\n\r\nok"
  }
}
