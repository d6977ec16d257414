import ChainModel
import NIOCore
import TraceLog

/// Asks a service loop from outside, every `period`, to run something, and measures how late it does: the loop's lag.
final class LoopProbe: @unchecked Sendable {  // touched on the control loop only, but for `scribe` on its own loop
  static let period = TimeAmount.milliseconds(20)
  /// From this lag on it is a stall, and goes into the log.
  static let stallLag: UInt64 = 100_000_000

  private let loop: LoopContext
  private let controlLoop: any EventLoop
  private var isPending = false

  init(_ loop: LoopContext, controlLoop: any EventLoop) {
    self.loop = loop
    self.controlLoop = controlLoop
  }

  func probe() {
    guard !isPending else { return }
    isPending = true
    let asked = Monotonic.now()
    loop.eventLoop.execute { [self] in
      let lag = Monotonic.now() &- asked
      if lag >= Self.stallLag {
        loop.scribe.write(Record(kind: .stall, other: lag, detail: StallDetector.probe.rawValue))
      }
      controlLoop.execute { [self] in isPending = false }
    }
  }
}
