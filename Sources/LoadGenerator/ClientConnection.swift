import ChainModel
import NIOCore
import NIOHTTP1
import NIOPosix

/// One HTTP/1.1 connection with at most one request on it. Lives on its event loop.
final class ClientConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private enum State {
    /// The request goes out as soon as the connection is made.
    case connecting(LoadRequest)
    case asking(LoadRequest)
    case answering(LoadRequest, status: Int, keepAlive: Bool)
    case idle
    case closed
  }

  private let owner: LoadLoop
  private var state: State
  private var context: ChannelHandlerContext?

  init(owner: LoadLoop, first request: LoadRequest) {
    self.owner = owner
    state = .connecting(request)
  }

  var isIdle: Bool {
    if case .idle = state { true } else { false }
  }

  /// The request that it is there for at the moment.
  var request: LoadRequest? {
    switch state {
    case .connecting(let request), .asking(let request), .answering(let request, _, _): request
    case .idle, .closed: nil
    }
  }

  // MARK: What the loop asks for

  func connect(to address: SocketAddress, timeout: TimeAmount) {
    let bound = NIOLoopBound(self, eventLoop: owner.eventLoop)
    ClientBootstrap(group: owner.eventLoop)
      .connectTimeout(timeout)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.addHandler(HTTPRequestEncoder())
          try pipeline.addHandler(ByteToMessageHandler(HTTPResponseDecoder()))
          try pipeline.addHandler(bound.value)
        }
      }
      .connect(to: address)
      .assumeIsolated()
      .whenFailure { error in bound.value.end(.failed(LoadFailure(error, connected: false))) }
  }

  /// Sends a request on an idle connection.
  func send(_ request: LoadRequest) {
    guard let context else { preconditionFailure("a request is sent on a connection that was never made") }
    state = .asking(request)
    context.write(wrapOutboundOut(.head(owner.head(request))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  /// The request's time is over.
  func giveUp() {
    end(.failed(.timeout))
  }

  /// Closes the connection; its request stays without an outcome.
  func close() {
    state = .closed
    context?.close(promise: nil)
  }

  // MARK: What the channel reports

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    if case .connecting(let request) = state { send(request) } else { context.close(promise: nil) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch (unwrapInboundIn(data), state) {
    case (.head(let head), .asking(let request)):
      state = .answering(request, status: Int(head.status.code), keepAlive: head.isKeepAlive)
    case (.end, .answering(_, let status, let keepAlive)):
      end(.answered(status: status), keep: keepAlive && !owner.plan.newConnections)
    default: break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    end(.failed(LoadFailure(error, connected: true)))
  }

  func channelInactive(context: ChannelHandlerContext) {
    end(.failed(.connectionReset))
  }

  private func end(_ outcome: LoadOutcome, keep: Bool = false) {
    let ended = request
    if keep { state = .idle } else { close() }
    if let ended { owner.end(ended, outcome, on: self) }
  }
}

extension LoadFailure {
  /// - Parameters:
  ///   - error: what NIO reported.
  ///   - connected: whether the connection was made.
  init(_ error: any Error, connected: Bool) {
    switch error {
    case let error as IOError where error.errnoCode == ECONNREFUSED: self = .connectionRefused
    case let error as IOError where error.errnoCode == EMFILE || error.errnoCode == ENFILE: self = .noDescriptor
    case ChannelError.connectTimeout: self = .timeout
    // The connection ended in the middle of an answer.
    case HTTPParserError.invalidEOFState: self = .connectionReset
    case is HTTPParserError: self = .malformedAnswer
    default: self = connected ? .connectionReset : .connectFailed
    }
  }
}
