import ChainModel
import NIOCore
import NIOHTTP1
import NIOPosix

/// Non-blocking HTTP client of one event loop: keeps connections to callees and sends one request at a time on each.
final class EventLoopClient {
  private let eventLoop: any EventLoop
  /// Per callee, the connections at rest; the one used last is on top.
  private var idle: [ObjectIdentifier: [CalleeConnection]] = [:]
  private let timeouts: CallTimeouts

  /// Shorter than the callee's idle timeout, so that a connection is never used just as the callee closes it.
  private static let idleLimit: UInt64 = 20_000_000_000

  init(eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
    timeouts = CallTimeouts(eventLoop)
  }

  /// Sends the request and lets `call` complete within the timeout, whatever happens.
  func send(
    _ call: PendingCall, to target: CalleeTarget, path: String, headers: [(String, String)], timeout: Duration
  ) {
    guard !call.isDone else { return }
    let request = HTTPRequestHead(
      version: .http1_1, method: .GET, uri: path, headers: HTTPHeaders([("host", target.authority)] + headers))
    timeouts.add(call, after: timeout)
    if call.keepsConnection, let connection = rested(target) { return connection.send(request, for: call) }
    connect(to: target, timeout: timeout) { result in
      switch result {
      case .success(let connection) where call.isDone: call.keepsConnection ? connection.rest() : connection.close()
      case .success(let connection): connection.send(request, for: call)
      case .failure(let error): call.fail(Self.callError(error, callee: call.callee))
      }
    }
  }

  func rest(_ connection: CalleeConnection) {
    idle[ObjectIdentifier(connection.target), default: []].append(connection)
  }

  func forget(_ connection: CalleeConnection) {
    idle[ObjectIdentifier(connection.target)]?.removeAll { $0 === connection }
  }

  private func rested(_ target: CalleeTarget) -> CalleeConnection? {
    let key = ObjectIdentifier(target)
    let now = Monotonic.now()
    while let oldest = idle[key]?.first, now &- oldest.restedAt > Self.idleLimit {
      idle[key]?.removeFirst()
      oldest.close()
    }
    return idle[key]?.popLast()
  }

  private func connect(
    to target: CalleeTarget, timeout: Duration, completion: @escaping (Result<CalleeConnection, any Error>) -> Void
  ) {
    let handover = Handover((client: self, completion: completion))
    ClientBootstrap(group: eventLoop)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connectTimeout(.nanoseconds(Int64(clamping: timeout.nanoseconds)))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(HTTPRequestEncoder())
          try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder()))
          try pipeline.addHandler(CalleeConnection(client: handover.value.client, target: target, channel: channel))
        }
      }
      .connect(to: target.address)
      .whenComplete { result in
        handover.value.completion(
          result.flatMap { channel in
            Result { try channel.pipeline.syncOperations.handler(type: CalleeConnection.self) }
          })
      }
  }

  private static func callError(_ error: any Error, callee: ServiceName) -> CallError {
    let errno = (error as? IOError)?.errnoCode
    if errno == EMFILE || errno == ENFILE { return .shed(.descriptors) }
    if case .connectTimeout? = error as? ChannelError { return .timeout(callee) }
    return .connectionRefused(callee)
  }
}
