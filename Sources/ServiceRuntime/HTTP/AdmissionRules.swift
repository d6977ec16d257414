import Atomics
import ChainModel
import Topology
import TraceLog

/// What admission goes by and can be changed while the service runs.
final class AdmissionRules: Sendable {
  private let minRemainingNanoseconds: ManagedAtomic<UInt64>
  private let finishes: ManagedAtomic<Bool>
  private let inFlight: ManagedAtomic<Int>
  /// What the file descriptors allow.
  private let affordable: Int
  private let configuredInFlight: Int
  private let names: Names
  private let log: LogWriter?

  private static let stateKey = "admission"

  init(_ configuration: ServiceConfiguration, limits: Limits, names: Names, log: LogWriter?) {
    minRemainingNanoseconds = ManagedAtomic(configuration.minRemaining.nanoseconds)
    finishes = ManagedAtomic(configuration.onLeave == .finish)
    inFlight = ManagedAtomic(limits.inFlight)
    affordable = limits.affordable
    configuredInFlight = limits.inFlight
    self.names = names
    self.log = log
  }

  var minRemaining: Duration {
    .nanoseconds(Int64(clamping: minRemainingNanoseconds.load(ordering: .relaxed)))
  }

  var leave: LeaveRule { finishes.load(ordering: .relaxed) ? .finish : .cancel }

  var inFlightLimit: Int { inFlight.load(ordering: .relaxed) }

  /// Whether too little is left before the deadline to begin with a request.
  func isTooLate(for deadline: Deadline) -> Bool {
    let least = minRemainingNanoseconds.load(ordering: .relaxed)
    return least > 0 && deadline.remaining(at: Monotonic.now()).nanoseconds < least
  }

  // MARK: Changes

  /// The service starts.
  func announce() { say(text, by: nil) }

  /// In force from the next request on.
  func apply(_ change: AdmissionChange, by scribe: Scribe) {
    let before = text
    if let least = change.minRemaining { minRemainingNanoseconds.store(least.nanoseconds, ordering: .relaxed) }
    if let leave = change.leave { finishes.store(leave == .finish, ordering: .relaxed) }
    if let limit = change.inFlight { inFlight.store(min(limit, affordable), ordering: .relaxed) }
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

  /// What is not as it would be without being told; nil if nothing is.
  private var text: String? {
    let said = AdmissionChange(
      minRemaining: minRemaining > .zero ? minRemaining : nil, leave: leave == .finish ? .finish : nil,
      inFlight: inFlightLimit == configuredInFlight ? nil : inFlightLimit)
    return said.fields.isEmpty ? nil : said.text
  }
}
