/// When the pool of a service was full with requests in its queue.
///
/// Keys: `service`, `role` (of the threads), `threads` (N at the onset), `onset_ns`, `end_ns` (of the last interval),
/// `open` (still saturated at the window's end), `intervals`, `duration_ns` (all intervals), `peak_queue`, `character`,
/// `blocked_share` (of its busy threads), `top_cause`, `prediction`. Moments count from the run's start.
package struct Saturation: Encodable, Hashable, Sendable {
  package enum Character: String, Encodable, Sendable {
    case byWaiting = "by_waiting"
    case byWork = "by_work"
    case mixed
  }

  package var service: String
  package var role: String
  package var threads: Int
  package var onset: UInt64
  package var end: UInt64
  package var isOpen: Bool
  package var intervals: Int
  package var duration: UInt64
  package var peakQueue: Int
  package var blockedShare: Double
  package var topCause: String?
  package var prediction: Prediction?

  package var character: Character {
    blockedShare >= 0.8 ? .byWaiting : blockedShare <= 0.2 ? .byWork : .mixed
  }

  private enum CodingKeys: String, CodingKey {
    case service, role, threads, intervals, character, prediction
    case onset = "onset_ns"
    case end = "end_ns"
    case isOpen = "open"
    case duration = "duration_ns"
    case peakQueue = "peak_queue"
    case blockedShare = "blocked_share"
    case topCause = "top_cause"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(service, forKey: .service)
    try keys.encode(role, forKey: .role)
    try keys.encode(threads, forKey: .threads)
    try keys.encode(onset, forKey: .onset)
    try keys.encode(end, forKey: .end)
    try keys.encode(isOpen, forKey: .isOpen)
    try keys.encode(intervals, forKey: .intervals)
    try keys.encode(duration, forKey: .duration)
    try keys.encode(peakQueue, forKey: .peakQueue)
    try keys.encode(character, forKey: .character)
    try keys.encode(blockedShare, forKey: .blockedShare)
    try keys.encodeIfPresent(topCause, forKey: .topCause)
    try keys.encodeIfPresent(prediction, forKey: .prediction)
  }
}

/// What Little's law says about the onset, beside what was measured: from a step at t*, N/λ ≤ T − t* ≤ N/(λ − μ), where N
/// are the threads that were free at t*. It holds for open-loop arrivals.
///
/// Keys: `step_ns` (t*: the last change from outside before the onset, else the first arrival), `free_threads`,
/// `arrivals_per_s` (λ), `completions_per_s` (μ, while saturated), `earliest_ns`, `latest_ns` (absent if λ ≤ μ),
/// `measured_ns` (T − t*), `service_time_ns` (mean), `load_threads` (λ·L: saturated for good if above N).
package struct Prediction: Encodable, Hashable, Sendable {
  package var step: UInt64
  package var freeThreads: Int
  package var arrivals: Double
  package var completions: Double
  package var earliest: UInt64
  package var latest: UInt64?
  package var measured: UInt64
  package var serviceTime: UInt64
  package var loadThreads: Double

  package var holds: Bool { measured >= earliest && latest.map { measured <= $0 } ?? true }

  private enum CodingKeys: String, CodingKey {
    case step = "step_ns"
    case freeThreads = "free_threads"
    case arrivals = "arrivals_per_s"
    case completions = "completions_per_s"
    case earliest = "earliest_ns"
    case latest = "latest_ns"
    case measured = "measured_ns"
    case serviceTime = "service_time_ns"
    case loadThreads = "load_threads"
  }
}

/// How saturation went from a callee to its caller.
///
/// Keys: `callee`, `caller`, `kind`, `lag_ns` (caller's onset − callee's; absent for `slow_not_full`), `simultaneous`,
/// `held_share` (the caller's threads that were blocked on the callee at its onset).
package struct PropagationEdge: Encodable, Hashable, Sendable {
  package enum Kind: String, Encodable, Sendable {
    case propagated
    /// The caller's pool is the smaller one.
    case callerFirst = "caller_first"
    case slowNotFull = "slow_not_full"
  }

  /// Onsets closer than this are told as one.
  static let epsilon: Int64 = 1_000_000

  package var callee: String
  package var caller: String
  package var kind: Kind
  package var lag: Int64?
  package var heldShare: Double

  package var isSimultaneous: Bool { lag.map { abs($0) <= Self.epsilon } ?? false }

  private enum CodingKeys: String, CodingKey {
    case callee, caller, kind, simultaneous
    case lag = "lag_ns"
    case heldShare = "held_share"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(callee, forKey: .callee)
    try keys.encode(caller, forKey: .caller)
    try keys.encode(kind, forKey: .kind)
    try keys.encodeIfPresent(lag, forKey: .lag)
    try keys.encode(isSimultaneous, forKey: .simultaneous)
    try keys.encode(heldShare, forKey: .heldShare)
  }
}
