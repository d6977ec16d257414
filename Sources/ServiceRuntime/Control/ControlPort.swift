import ChainModel
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import TraceLog

/// The control port's listener, on the control loop alone: it answers whatever the service's threads and loops do.
enum ControlPort {
  static let bodyLimit = 64 * 1024

  /// - Returns: the listening channel.
  static func listen(
    on eventLoop: any EventLoop, host: String, port: Int, routes: ControlRoutes, service: ReplicaName, logger: Logger
  ) -> EventLoopFuture<any Channel> {
    let handover = Handover(routes)
    let users = PeerUsers()
    if !users.isKnown {
      logger.notice("the control port answers all users of this host: the kernel does not tell them apart")
    }
    return ServerBootstrap(group: eventLoop)
      .serverChannelOption(.backlog, value: 64)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AcceptPause(logger: logger))
        }
      }
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          let watch = ByteWatch()
          try pipeline.addHandler(watch)
          try pipeline.addHandler(HTTPResponseEncoder())
          try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
          try pipeline.addHandler(HTTPServerPipelineHandler())
          try pipeline.addHandler(ControlHandler(routes: handover.value, service: service, watch: watch, users: users))
        }
      }
      .bind(host: host, port: port)
  }
}

/// One connection to the control port.
private final class ControlHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let routes: ControlRoutes
  private let service: ReplicaName
  private let watch: ByteWatch
  private let users: PeerUsers
  /// Why whoever has connected is not answered.
  private var strange: String?
  private var request: ControlRequest?
  private var keepAlive = true
  private var isHead = false
  private var timer: Scheduled<Void>?

  init(routes: ControlRoutes, service: ReplicaName, watch: ByteWatch, users: PeerUsers) {
    self.routes = routes
    self.service = service
    self.watch = watch
    self.users = users
  }

  func channelActive(context: ChannelHandlerContext) {
    let channel = context.channel
    strange =
      channel.localAddress?.withSockAddr { local, _ in
        channel.remoteAddress?.withSockAddr { remote, _ in users.refusal(local: local, remote: remote) } ?? nil
      } ?? nil
    context.fireChannelActive()
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: .seconds(60)) { channel.close(promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      keepAlive = head.isKeepAlive
      isHead = head.method == .HEAD
      let path = String(head.uri.prefix { $0 != "?" })
      request = ControlRequest(method: head.method.rawValue, path: path, headers: head.headers, body: [])
    case .body(let buffer):
      guard let size = request?.body.count else { return }
      guard size + buffer.readableBytes <= ControlPort.bodyLimit else {
        request = nil
        keepAlive = false
        return refuse(ControlRefusal(413, "a body may have at most \(ControlPort.bodyLimit) bytes"), context)
      }
      request?.body.append(contentsOf: buffer.readableBytesView)
    case .end:
      guard let request else { return }
      self.request = nil
      if let strange { return refuse(ControlRefusal(403, strange), context) }
      switch routes.answer(request) {
      case .success(let answer): write(answer, HTTPHeaders(), context)
      case .failure(let refusal): refuse(refusal, context)
      }
    }
  }

  /// What cannot be parsed is answered once, and the connection closed.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard keepAlive || request != nil, let error = error as? HTTPParserError else { return context.close(promise: nil) }
    keepAlive = false
    request = nil
    let refusal =
      error == .headerOverflow
      ? ControlRefusal(431, "the request's head is too large")
      : ControlRefusal(400, "the request is no valid HTTP/1.1: \(error)")
    watch.dismiss(with: answer(refusal))
  }

  private func refuse(_ refusal: ControlRefusal, _ context: ChannelHandlerContext) {
    var headers = HTTPHeaders()
    if let allow = refusal.allow { headers.add(name: "allow", value: allow) }
    write(answer(refusal), headers, context)
  }

  private func answer(_ refusal: ControlRefusal) -> Answer {
    let body = WireJSON.encode([
      "detail": refusal.detail, "service": service.text, "status": String(refusal.status),
    ])
    return Answer(status: refusal.status, contentType: "application/problem+json", body: body)
  }

  private func write(_ answer: Answer, _ headers: HTTPHeaders, _ context: ChannelHandlerContext) {
    var headers = headers
    headers.add(name: "content-type", value: answer.contentType)
    headers.add(name: "content-length", value: String(answer.body.count))
    headers.add(name: "x-content-type-options", value: "nosniff")
    if !keepAlive { headers.add(name: "connection", value: "close") }
    let head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !isHead { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: answer.body)))), promise: nil) }
    let channel = context.channel
    let close = !keepAlive
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.whenComplete { _ in if close { channel.close(promise: nil) } }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
  }
}
