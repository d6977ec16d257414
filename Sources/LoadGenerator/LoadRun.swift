import ChainModel
import NIOCore
import TraceLog

/// What all loops of a run share. Times are `Monotonic` nanoseconds.
struct LoadRun: Sendable {
  let plan: LoadPlan
  let address: SocketAddress
  let log: LogWriter?
  /// Requests that may be in flight at once: the plan's limit or that of the descriptors.
  let limit: Int
  let startAt: UInt64
  /// The measured time, behind the warm-up.
  let window: Range<UInt64>
  let counts = LiveCounts()

  /// From the moment a run is made to its start, so that all loops are there in time.
  static let lead: UInt64 = 10_000_000

  init(plan: LoadPlan, address: SocketAddress, log: LogWriter?, limit: Int, startAt: UInt64) {
    self.plan = plan
    self.address = address
    self.log = log
    self.limit = limit
    self.startAt = startAt
    let measuredFrom = startAt + plan.warmUp.nanoseconds
    window = measuredFrom..<measuredFrom + plan.duration.nanoseconds
  }
}
