import Glibc
import Logging
import NIOCore

/// Lets a listener rest when a connection cannot be accepted because the process or the host has run out of something:
/// the connection waits in the kernel's queue, and the loop goes on with what it has.
///
/// The socket stays readable all the time, so that without a rest its loop would try again at once, and do nothing else.
/// It stands before all other handlers of the listening channel.
final class AcceptPause: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias OutboundIn = Never

  /// Short enough that nobody waits long for a descriptor that is free again, long enough to cost nothing.
  static let rest = TimeAmount.milliseconds(100)

  private let logger: Logger
  private var isPaused = false
  /// Whether the channel reads by itself when it does not rest.
  private var isAutomatic = false
  /// Whether somebody has asked for a read during the rest.
  private var wantsRead = false
  private var toldAt: NIODeadline?

  init(logger: Logger) {
    self.logger = logger
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard !isPaused, let error = error as? IOError else { return context.fireErrorCaught(error) }
    isPaused = true
    tell(error)
    stopWatching(context)
    let handler = NIOLoopBound((pause: self, context: context), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: Self.rest) { handler.value.pause.resume(handler.value.context) }
  }

  func read(context: ChannelHandlerContext) {
    if isPaused { wantsRead = true } else { context.read() }
  }

  /// While a read is due, a channel stops watching its socket only when its automatic reading is turned off.
  private func stopWatching(_ context: ChannelHandlerContext) {
    guard let options = context.channel.syncOptions else { return }
    isAutomatic = (try? options.getOption(.autoRead)) ?? false
    if !isAutomatic { try? options.setOption(.autoRead, value: true) }
    try? options.setOption(.autoRead, value: false)
  }

  private func resume(_ context: ChannelHandlerContext) {
    isPaused = false
    guard context.channel.isActive else { return }
    if isAutomatic { try? context.channel.syncOptions?.setOption(.autoRead, value: true) }
    guard wantsRead else { return }
    wantsRead = false
    context.read()
  }

  /// Once in a while, not with each attempt.
  private func tell(_ error: IOError) {
    let now = NIODeadline.now()
    if let toldAt, now - toldAt < .seconds(10) { return }
    toldAt = now
    logger.warning(
      "no connection can be accepted: they wait", metadata: ["reason": "\(String(cString: strerror(error.errnoCode)))"])
  }
}
