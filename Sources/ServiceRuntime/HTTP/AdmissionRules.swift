import Atomics
import ChainModel
import Topology
import TraceLog

/// What admission goes by and can be changed while the service runs.
final class AdmissionRules: Sendable {
  private let minRemainingNanoseconds: ManagedAtomic<UInt64>
  private let finishes: ManagedAtomic<Bool>
  private let inFlight: ManagedAtomic<Int>
  private let adapts: ManagedAtomic<Bool>
  private let least: ManagedAtomic<Int>
  /// What the file descriptors allow.
  private let affordable: Int
  private let configured: InFlightLimit
  private let loops: Int
  private let names: Names
  private let log: LogWriter?

  private static let stateKey = "admission"

  init(_ configuration: ServiceConfiguration, limits: Limits, names: Names, log: LogWriter?) {
    minRemainingNanoseconds = ManagedAtomic(configuration.minRemaining.nanoseconds)
    finishes = ManagedAtomic(configuration.onLeave == .finish)
    inFlight = ManagedAtomic(limits.inFlight)
    adapts = ManagedAtomic(configuration.inFlightLimit == .adaptive)
    least = ManagedAtomic(0)
    affordable = limits.affordable
    configured = configuration.inFlightLimit
    loops = configuration.loops
    self.names = names
    self.log = log
  }

  var minRemaining: Duration {
    .nanoseconds(Int64(clamping: minRemainingNanoseconds.load(ordering: .relaxed)))
  }

  var leave: LeaveRule { finishes.load(ordering: .relaxed) ? .finish : .cancel }

  /// Whatever the requests would wait for.
  var inFlightLimit: Int { inFlight.load(ordering: .relaxed) }

  /// Whether fewer may be in flight when the service has more to do than it can.
  var isAdaptive: Bool { adapts.load(ordering: .relaxed) }

  var limit: InFlightLimit { isAdaptive ? .adaptive : .fixed(inFlightLimit) }

  /// As many as a blocking service would hold, dealt out among the loops: for each, an adaptive limit is never lower.
  var leastInFlight: Int { least.load(ordering: .relaxed) }

  /// The worker pool has these sizes now.
  func poolChanged(threads: Int, queueLimit: Int) {
    least.store((threads + queueLimit + loops - 1) / loops, ordering: .relaxed)
  }

  /// Whether too little is left before the deadline to begin with a request.
  func isTooLate(for deadline: Deadline) -> Bool {
    let least = minRemainingNanoseconds.load(ordering: .relaxed)
    return least > 0 && deadline.remaining(at: Monotonic.now()).nanoseconds < least
  }

  /// How many may be in flight now, and whether that is fewer because there is more to do than can be done.
  func inForce(_ loops: [LoopContext]) -> (limit: Int, isShedding: Bool) {
    let most = inFlightLimit
    let now = Monotonic.now()
    let limits = isAdaptive ? loops.compactMap { $0.load.limit(at: now) } : []
    // A loop without overload may have its share of all.
    let others = (loops.count - limits.count) * (most / max(1, loops.count))
    return limits.isEmpty ? (most, false) : (min(most, limits.reduce(others, +)), true)
  }

  // MARK: Changes

  /// The service starts.
  func announce() { say(text, by: nil) }

  /// In force from the next request on.
  func apply(_ change: AdmissionChange, by scribe: Scribe) {
    let before = text
    if let least = change.minRemaining { minRemainingNanoseconds.store(least.nanoseconds, ordering: .relaxed) }
    if let leave = change.leave { finishes.store(leave == .finish, ordering: .relaxed) }
    if let limit = change.inFlight {
      inFlight.store(min(limit.most, affordable), ordering: .relaxed)
      adapts.store(limit == .adaptive, ordering: .relaxed)
    }
    if let before {
      log?.forget(Self.stateKey)
      scribe.write(Record(kind: .policy, detail: 0, name: names.id("admission \(before)")))
    }
    say(text, by: scribe)
  }

  private func say(_ text: String?, by scribe: Scribe?) {
    guard let text else { return }
    log?.state(Self.stateKey, Record(kind: .policy, detail: 1, name: names.id("admission \(text)")), by: scribe)
  }

  private var afforded: InFlightLimit {
    configured == .adaptive ? .adaptive : .fixed(min(configured.most, affordable))
  }

  /// What is not as it would be without being told; nil if nothing is.
  private var text: String? {
    let said = AdmissionChange(
      minRemaining: minRemaining > .zero ? minRemaining : nil, leave: leave == .finish ? .finish : nil,
      inFlight: limit == afforded ? nil : limit)
    return said.settings.isEmpty ? nil : said.text
  }
}
