import ChainModel
import NIOCore

/// With `overflow: backlog`, accepts a connection only when there is a thread or a place in the queue for its request,
/// so that the kernel's listen backlog fills as it would before a server with a thread per connection.
///
/// It is a handler of the listening channel, whose automatic reading is off: one read accepts one connection.
final class AcceptGate: ChannelInboundHandler, @unchecked Sendable {  // its variables are touched on its loop only
  typealias InboundIn = any Channel

  private let core: ServiceCore
  private var context: ChannelHandlerContext?
  /// Connections that were accepted and have not sent a request yet.
  private var fresh = 0
  private var isReading = false

  init(core: ServiceCore) {
    self.core = core
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    core.workers.onRelease { [self] in look() }
  }

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    acceptIfPossible()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    fresh += 1
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    context.fireChannelReadComplete()
    acceptIfPossible()
  }

  /// From any loop: the connection's first request is admitted or refused, or it closed without one.
  func decided() {
    context?.eventLoop.execute { [self] in
      fresh -= 1
      acceptIfPossible()
    }
  }

  /// From any thread: look whether there is room now.
  func look() {
    context?.eventLoop.execute { [self] in acceptIfPossible() }
  }

  private func acceptIfPossible() {
    guard let context, !isReading, hasRoom else { return }
    isReading = true
    context.read()
  }

  private var hasRoom: Bool {
    guard core.modes.model == .blocking else { return true }
    let pool = core.workers.snapshot
    return pool.queued + fresh < pool.queueLimit + max(0, pool.threads - pool.busy)
  }
}
