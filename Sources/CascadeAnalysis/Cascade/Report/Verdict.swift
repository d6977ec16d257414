/// Why it happened, as far as the log tells.
///
/// Keys: `kind` (see `Kind`), `unit` (see `Unit`), `basis` (the service over whose saturation it is taken; absent: the
/// whole window), `duration_ns` (of that), `total_ns` (what the shares are shares of), `requests`, `causes` (the largest first),
/// `chain` (one representative chain of waits, front to back).
package struct Verdict: Encodable, Sendable {
  package enum Kind: String, Encodable, Sendable {
    /// One state has at least half of the blame and at least twice that of the next.
    case rootCause = "root_cause"
    case noSingleRootCause = "no_single_root_cause"
    /// Less than a second of waiting, or fewer than 20 requests.
    case notEnoughData = "not_enough_data"
    /// No pool was full with a queue: there was no cascade to explain.
    case nothingSaturated = "nothing_saturated"
  }

  package enum Unit: String, Encodable, Sendable {
    case threads = "blocked_threads"
    /// Where hardly a thread is blocked: requests that wait without one.
    case requests = "waiting_requests"
  }

  static let leastTime: UInt64 = 1_000_000_000
  static let leastRequests = 20
  static let leastShare = 0.5
  static let leastMargin = 2.0

  package var kind: Kind
  package var unit: Unit
  package var basis: String?
  package var duration: UInt64
  package var total: UInt64
  package var requests: Int
  package var causes: [BlameRow]
  package var chain: [String]

  /// The state with most of the blame.
  package var top: BlameRow? { causes.first }
  package var runnerUp: BlameRow? { causes.dropFirst().first }

  private enum CodingKeys: String, CodingKey {
    case kind, unit, basis, requests, causes, chain
    case duration = "duration_ns"
    case total = "total_ns"
  }

  static func kind(_ causes: [BlameRow], total: UInt64, requests: Int, isSaturated: Bool) -> Kind {
    guard total >= leastTime, requests >= leastRequests, let top = causes.first else { return .notEnoughData }
    guard isSaturated else { return .nothingSaturated }
    let next = causes.dropFirst().first?.share ?? 0
    return top.share >= leastShare && top.share >= leastMargin * next ? .rootCause : .noSingleRootCause
  }
}
