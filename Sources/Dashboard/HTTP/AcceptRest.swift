import Glibc
import NIOCore
import Synchronization

/// Lets a listener rest while there are as many connections as there may be, or no descriptor for another: those who knock
/// wait in the kernel's queue.
///
/// A listening socket stays readable then, so that its loop would try again at once, and do nothing else.
final class AcceptRest: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias OutboundIn = Never

  /// The connections of all listeners.
  final class Place: Sendable {
    /// They leave some descriptors to the page's own work: a log to read, a command to run.
    private static let ownDescriptors = 40

    private let most: Int
    /// Why there cannot be more.
    let reason: String
    private let open = Mutex(0)
    private let isTold = Mutex(false)

    /// - Parameter limit: how many there may be, whatever descriptors there are.
    init(limit: Int) {
      let descriptors = AcceptRest.descriptorLimit()
      let affordable = max(8, descriptors - Self.ownDescriptors)
      most = min(limit, affordable)
      reason = limit <= affordable ? "\(limit) are open already" : "\(descriptors) descriptors are few"
    }

    var isFull: Bool { open.withLock { $0 >= most } }
    /// Far from full: a single one that comes or goes is nothing to tell.
    var isRoomy: Bool { open.withLock { $0 <= most / 2 } }

    func opened(_ channel: any Channel) {
      open.withLock { $0 += 1 }
      channel.closeFuture.whenComplete { [self] _ in open.withLock { $0 -= 1 } }
    }

    /// Says once that connections wait, and once that they do no more.
    func say(_ isWaiting: Bool, _ reason: String) {
      let isNews = isTold.withLock { told in
        defer { told = isWaiting }
        return told != isWaiting
      }
      guard isNews else { return }
      let words = isWaiting ? "connections to the page wait: \(reason)" : "connections to the page are taken again"
      let line = Array("chainlab: \(words)\n".utf8)
      _ = Glibc.write(STDERR_FILENO, line, line.count)
    }
  }

  private static let rest = TimeAmount.milliseconds(100)

  private let place: Place
  private var isResting = false

  init(place: Place) {
    self.place = place
  }

  func read(context: ChannelHandlerContext) {
    if !isResting, place.isFull { rest(context, place.reason) }
    if !isResting { context.read() }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // Before the next read, which asks whether there is room.
    place.opened(unwrapInboundIn(data))
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if !isResting, place.isRoomy { place.say(false, "") }
    context.fireChannelReadComplete()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? IOError else { return context.fireErrorCaught(error) }
    rest(context, String(cString: strerror(error.errnoCode)))
  }

  private func rest(_ context: ChannelHandlerContext, _ reason: String) {
    guard !isResting else { return }
    isResting = true
    place.say(true, reason)
    // A channel that is due to read stops watching its socket only when its automatic reading is turned off.
    try? context.channel.syncOptions?.setOption(.autoRead, value: false)
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: Self.rest) { bound.value.handler.resume(bound.value.context) }
  }

  private func resume(_ context: ChannelHandlerContext) {
    guard context.channel.isActive else { return }
    isResting = false
    guard !place.isFull else { return rest(context, place.reason) }
    // Reads at once, and without asking `read`.
    try? context.channel.syncOptions?.setOption(.autoRead, value: true)
  }

  static func descriptorLimit() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    return Int(clamping: limit.rlim_cur)
  }
}
