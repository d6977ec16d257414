import Atomics
import ChainModel
import EventLoop
import TraceLog

/// Asks a service loop from outside, on every tick of the control loop, to run something, and measures how late it does:
/// the loop's lag.
final class LoopProbe: Sendable {
  /// From this lag on it is a stall, and goes into the log.
  static let stallLag: UInt64 = 100_000_000

  private let loop: LoopContext
  private let isPending = ManagedAtomic(false)

  init(_ loop: LoopContext) {
    self.loop = loop
  }

  func probe() {
    guard !isPending.exchange(true, ordering: .relaxed) else { return }
    let asked = Monotonic.now()
    loop.eventLoop.execute { [self] in
      let lag = Monotonic.now() &- asked
      if lag >= Self.stallLag {
        loop.scribe.write(Record(kind: .stall, other: lag, detail: StallDetector.probe.rawValue))
      }
      isPending.store(false, ordering: .relaxed)
    }
  }
}
