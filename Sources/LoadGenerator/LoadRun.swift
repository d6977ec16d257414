import ChainModel
import EventLoop
import TraceLog

/// What all loops of a run share. Times are `Monotonic` nanoseconds.
struct LoadRun: Sendable {
  let plan: LoadPlan
  let addresses: [Endpoint: SocketAddress]
  let log: LogWriter?
  /// Requests that may be in flight at once: the plan's limit or that of the descriptors.
  let limit: Int
  let startAt: UInt64
  /// The measured time, behind the warm-up.
  let window: Range<UInt64>
  let counts = LiveCounts()

  /// From the moment a run is made to its start, so that all loops are there in time.
  static let lead: UInt64 = 10_000_000

  init(plan: LoadPlan, addresses: [Endpoint: SocketAddress], log: LogWriter?, limit: Int, startAt: UInt64) {
    self.plan = plan
    self.addresses = addresses
    self.log = log
    self.limit = limit
    self.startAt = startAt
    let measuredFrom = startAt + plan.warmUp.nanoseconds
    window = measuredFrom..<measuredFrom + plan.duration.nanoseconds
  }

  /// Of the loop with this index.
  static func threadName(_ index: Int) -> String { "load-\(index)" }

  /// Of the loop with this index: every `plan.loops`th of the arrivals is its own.
  func pacer(of index: Int) -> Pacer {
    guard case .open(let rate, let spacing) = plan.arrival else {
      return Pacer(AnyIterator { nil }, rate: 0, limit: 0, start: startAt, end: window.upperBound)
    }
    let all = ArrivalSchedule(rate: rate, spacing: spacing, length: plan.warmUp + plan.duration, seed: plan.seed)
    let (own, loops) = (UInt64(index), UInt64(plan.loops))
    return Pacer(
      AnyIterator(all.lazy.filter { $0.index % loops == own }.makeIterator()), rate: rate / Double(plan.loops),
      // Each part is as large as the others, or one larger.
      limit: limit / plan.loops + (index < limit % plan.loops ? 1 : 0), start: startAt, end: window.upperBound)
  }
}
