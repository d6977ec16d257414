import ChainModel
import EventLoop
import NIOCore
import NIOHTTP1

/// One connection to the page's port.
final class PageHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let routes: PageRoutes
  private let users: PeerUsers
  /// Why whoever has connected is not answered.
  private var strange: String?
  private var request: PageRequest?
  private var isAnswering = false
  private var isStream = false
  private var keepAlive = true
  private var isHead = false
  /// Closes the connection of one who does not send a whole request, or take its answer, in time.
  private var deadline: Scheduled<Void>?

  /// What every answer carries: the page may load nothing from elsewhere and be shown inside no other page.
  private static let security = [
    (
      "content-security-policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"), ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
  ]

  init(routes: PageRoutes, users: PeerUsers) {
    self.routes = routes
    self.users = users
  }

  func channelActive(context: ChannelHandlerContext) {
    let channel = context.channel
    strange =
      channel.localAddress?.withSockAddr { local, _ in
        channel.remoteAddress?.withSockAddr { remote, _ in users.refusal(local: local, remote: remote) } ?? nil
      } ?? nil
    wait(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    if isStream { routes.streams.remove(context.channel) }
    context.fireChannelInactive()
  }

  private func wait(_ context: ChannelHandlerContext) {
    deadline?.cancel()
    let channel = context.channel
    deadline = context.eventLoop.scheduleTask(in: TimeAmount(routes.limits.patience)) { channel.close(promise: nil) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      keepAlive = head.isKeepAlive
      isHead = head.method == .HEAD
      request = PageRequest(head)
    case .body(let buffer):
      guard let size = request?.body.count else { return }
      guard size + buffer.readableBytes <= PageRequest.bodyLimit else {
        request = nil
        keepAlive = false
        return write(PageAnswer(PageRefusal(413, "a body may have at most \(PageRequest.bodyLimit) bytes")), context)
      }
      request?.body.append(contentsOf: buffer.readableBytesView)
    case .end:
      guard let request else { return }
      self.request = nil
      if let strange { return write(PageAnswer(PageRefusal(403, strange)), context) }
      answer(request, context)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard error is HTTPParserError, !isAnswering, !isStream else { return context.close(promise: nil) }
    keepAlive = false
    write(PageAnswer(PageRefusal(400, "the request is no valid HTTP/1.1: \(error)")), context)
  }

  private func answer(_ request: PageRequest, _ context: ChannelHandlerContext) {
    isAnswering = true
    deadline?.cancel()
    let promise = context.eventLoop.makePromise(of: PageAnswer.self)
    let routes = routes
    promise.completeWithTask { await routes.answer(request) }
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    promise.futureResult.whenSuccess { answer in
      bound.value.handler.isAnswering = false
      bound.value.handler.write(answer, bound.value.context)
    }
  }

  private func write(_ answer: PageAnswer, _ context: ChannelHandlerContext) {
    guard context.channel.isActive else { return }
    var answer = answer
    if case .events = answer.body, !isHead, !routes.streams.add(context.channel) {
      answer = PageAnswer(PageRefusal(503, "\(routes.limits.streams) pages follow the chain already"))
    }
    var headers = HTTPHeaders(Self.security)
    headers.add(name: "content-type", value: answer.contentType)
    if !keepAlive { headers.add(name: "connection", value: "close") }
    switch answer.body {
    case .whole(let bytes):
      headers.add(name: "content-length", value: String(bytes.count))
      send(head: answer.status, headers, context)
      if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil) }
      finish(context)
    case .events:
      send(head: answer.status, headers, context)
      guard !isHead else { return finish(context) }
      isStream = true
      deadline?.cancel()
      context.flush()
      let (channel, routes) = (context.channel, routes)
      Task { EventStreams.write(ByteBuffer(bytes: await routes.greeting()), to: channel) }
    }
  }

  private func send(head status: Int, _ headers: HTTPHeaders, _ context: ChannelHandlerContext) {
    let head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
  }

  private func finish(_ context: ChannelHandlerContext) {
    wait(context)
    let channel = context.channel
    let close = !keepAlive
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.whenComplete { _ in if close { channel.close(promise: nil) } }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
  }
}
