import ChainModel
import NIOCore
import NIOHTTP1

/// One connection to a callee; the last handler of its channel.
final class CalleeConnection: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  let target: CalleeTarget
  private(set) var restedAt: UInt64 = 0
  private unowned let client: EventLoopClient
  private let channel: any Channel
  private var context: ChannelHandlerContext?
  private var call: PendingCall?
  private var head: HTTPResponseHead?
  private var body: [UInt8] = []

  init(client: EventLoopClient, target: CalleeTarget, channel: any Channel) {
    self.client = client
    self.target = target
    self.channel = channel
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  func send(_ request: HTTPRequestHead, for call: PendingCall) {
    self.call = call
    call.connection = self
    head = nil
    body = []
    // A request without a body is all head: what stands for its end would write nothing.
    context?.writeAndFlush(wrapOutboundOut(.head(request)), promise: nil)
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
