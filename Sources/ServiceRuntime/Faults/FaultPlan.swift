import ChainModel
import TraceLog

/// What one request has to suffer, decided when a thread or loop starts it.
struct FaultPlan {
  /// A wait of known length with its name in the log.
  struct Sleep {
    var duration: Duration
    var label: UInt32
    var flags: WaitFlags = .injected
  }

  /// Carried out one after another, before the handler runs: first what blocks the thread, then the sleeps, the hang,
  /// and last the failure.
  var blocks: [Sleep] = []
  var sleeps: [Sleep] = []
  var hang: ActiveFault?
  /// How much longer each of its queries takes: no part of what comes before the handler.
  var query = Duration.zero
  var failure: CallError?

  static let nothing = FaultPlan()

  var isNothing: Bool { blocks.isEmpty && sleeps.isEmpty && hang == nil && failure == nil }
}

/// A fault in force.
struct ActiveFault: Sendable {
  let id: Int
  let fault: Fault
  /// Its text in the log.
  let label: UInt32
  let since: UInt64
  /// When it lifts itself; nil: never.
  let until: UInt64?
}

/// Two independent numbers in `0 ..< 1`.
struct FaultDraw {
  var first: Double
  var second: Double
}
