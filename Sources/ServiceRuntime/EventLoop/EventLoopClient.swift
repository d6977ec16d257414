import ChainModel
import NIOCore
import NIOHTTP1
import NIOPosix

/// Non-blocking HTTP client of one event loop: keeps connections to callees and sends one request at a time on each.
final class EventLoopClient {
  private let eventLoop: any EventLoop
  /// Per callee, the connections at rest; the one used last is on top.
  private var idle: [SocketAddress: [CalleeConnection]] = [:]

  /// Shorter than the callee's idle timeout, so that a connection is never used just as the callee closes it.
  private static let idleLimit: UInt64 = 20_000_000_000

  init(eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
  }

  /// Sends the request and lets `call` complete within the timeout, whatever happens.
  func send(
    _ call: PendingCall, to address: SocketAddress, path: String, headers: [(String, String)], timeout: Duration
  ) {
    guard !call.isDone else { return }
    let request = HTTPRequestHead(
      version: .http1_1, method: .GET, uri: path,
      headers: HTTPHeaders([("host", "127.0.0.1:\(address.port ?? 0)")] + headers))
    call.timeOut(after: timeout, on: eventLoop)
    if call.keepsConnection, let connection = rested(address) { return connection.send(request, for: call) }
    connect(to: address, timeout: timeout) { result in
      switch result {
      case .success(let connection) where call.isDone: call.keepsConnection ? connection.rest() : connection.close()
      case .success(let connection): connection.send(request, for: call)
      case .failure(let error): call.fail(Self.callError(error, callee: call.callee))
      }
    }
  }

  fileprivate func rest(_ connection: CalleeConnection) {
    idle[connection.address, default: []].append(connection)
  }

  fileprivate func forget(_ connection: CalleeConnection) {
    idle[connection.address]?.removeAll { $0 === connection }
  }

  private func rested(_ address: SocketAddress) -> CalleeConnection? {
    let now = Monotonic.now()
    while let oldest = idle[address]?.first, now &- oldest.restedAt > Self.idleLimit {
      idle[address]?.removeFirst()
      oldest.close()
    }
    return idle[address]?.popLast()
  }

  private func connect(
    to address: SocketAddress, timeout: Duration, completion: @escaping (Result<CalleeConnection, any Error>) -> Void
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
          try pipeline.addHandler(CalleeConnection(client: handover.value.client, address: address, channel: channel))
        }
      }
      .connect(to: address)
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

/// A call under way, which completes once: with its answer, its timeout, or because its caller went away.
final class PendingCall {
  let callee: ServiceName
  /// Whether it may use a connection again, and keep it; otherwise it makes one of its own.
  let keepsConnection: Bool
  private var completion: ((Result<CalleeAnswer, CallError>) -> Void)?
  private var timer: Scheduled<Void>?
  fileprivate weak var connection: CalleeConnection?

  init(
    callee: ServiceName, keepsConnection: Bool, completion: @escaping (Result<CalleeAnswer, CallError>) -> Void
  ) {
    self.callee = callee
    self.keepsConnection = keepsConnection
    self.completion = completion
  }

  var isDone: Bool { completion == nil }

  fileprivate func timeOut(after timeout: Duration, on eventLoop: any EventLoop) {
    let handover = Handover(self)
    timer = eventLoop.scheduleTask(in: .nanoseconds(Int64(clamping: timeout.nanoseconds))) {
      handover.value.fail(.timeout(handover.value.callee))
    }
  }

  /// Gives up; the connection is closed, which tells the callee.
  func fail(_ error: CallError) {
    let connection = connection
    complete(.failure(error))
    connection?.close()
  }

  fileprivate func complete(_ result: Result<CalleeAnswer, CallError>) {
    guard let completion else { return }
    self.completion = nil
    connection = nil
    timer?.cancel()
    completion(result)
  }
}

/// One connection to a callee; the last handler of its channel.
private final class CalleeConnection: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  let address: SocketAddress
  private(set) var restedAt: UInt64 = 0
  private unowned let client: EventLoopClient
  private let channel: any Channel
  private var call: PendingCall?
  private var head: HTTPResponseHead?
  private var body: [UInt8] = []

  init(client: EventLoopClient, address: SocketAddress, channel: any Channel) {
    self.client = client
    self.address = address
    self.channel = channel
  }

  func send(_ request: HTTPRequestHead, for call: PendingCall) {
    self.call = call
    call.connection = self
    head = nil
    body = []
    channel.write(HTTPClientRequestPart.head(request), promise: nil)
    channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
  }

  func rest() {
    guard channel.isActive else { return }
    restedAt = Monotonic.now()
    client.rest(self)
  }

  func close() {
    client.forget(self)
    channel.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): self.head = head
    case .body(let buffer):
      guard body.count + buffer.readableBytes <= CurlClient.bodyLimit else { return fail(CallError.malformedAnswer) }
      body.append(contentsOf: buffer.readableBytesView)
    case .end: answered()
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    client.forget(self)
    fail(CallError.connectionReset)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(error is HTTPParserError ? CallError.malformedAnswer : CallError.connectionReset)
    close()
  }

  private func fail(_ error: (ServiceName) -> CallError) {
    guard let call else { return }
    self.call = nil
    call.fail(error(call.callee))
  }

  private func answered() {
    guard let call, let head else { return close() }
    self.call = nil
    if head.isKeepAlive, call.keepsConnection { rest() } else { close() }
    let status = Int(head.status.code)
    call.complete(
      (200..<300).contains(status)
        ? .success(CalleeAnswer(body: body)) : .failure(.answered(call.callee, status: status)))
  }
}
