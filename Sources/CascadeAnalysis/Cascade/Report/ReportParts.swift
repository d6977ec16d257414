import ChainModel
/// What one second of the root cost its callers: A(ρ), between the depth of the chain (slow, not cascading) and the number
/// of all other threads (a full cascade).
///
/// Keys: `root`, `unit`, `value`, `depth`, `ceiling`, `by_service`, `capture` (share of each caller's threads).
package struct Amplification: Encodable, Hashable, Sendable {
  package var root: String
  package var unit: Verdict.Unit
  package var value: Double
  package var depth: Int
  package var ceiling: Int
  package var byService: [String: Double]
  package var capture: [String: Double]

  private enum CodingKeys: String, CodingKey {
    case root, unit, value, depth, ceiling, capture
    case byService = "by_service"
  }
}

/// An event loop: how busy it was, and when it stood still.
///
/// Keys: `service`, `loop`, `seconds` (whole seconds looked at), `hot_seconds` (busy for 95 % or more), `peak_utilisation`,
/// `stalls`, `stalled_ns`, `longest_ns`, `delayed` (requests), `delayed_ns` (their waiting, summed), `probes` (stalls that
/// the probe saw), `culprits`: `what`, `count`, `time_ns`. A probe every 20 ms reports a lag of 100 ms or more; a block
/// that is no wrapped call and shorter than that is not seen.
package struct LoopReport: Encodable, Hashable, Sendable {
  package struct Culprit: Encodable, Hashable, Sendable {
    package var what: String
    package var count: Int
    package var time: UInt64

    private enum CodingKeys: String, CodingKey {
      case what, count
      case time = "time_ns"
    }
  }

  package var service: String
  package var loop: String
  package var seconds: Int
  package var hotSeconds: Int
  package var peakUtilisation: Double
  package var stalls: Int
  package var stalled: UInt64
  package var longest: UInt64
  package var delayed: Int
  package var delayedTime: UInt64
  package var probes: Int
  package var culprits: [Culprit]

  /// By utilisation, or by a stall that a probe would see.
  package var isSaturated: Bool { hotSeconds > 0 || longest >= 100_000_000 }

  /// The probe alone saw it, while the loop had little to do: processors that others have taken look like that too.
  package var isOnlyLate: Bool { hotSeconds == 0 && culprits.isEmpty }

  private enum CodingKeys: String, CodingKey {
    case service, loop, seconds, stalls, delayed, probes, culprits
    case hotSeconds = "hot_seconds"
    case peakUtilisation = "peak_utilisation"
    case stalled = "stalled_ns"
    case longest = "longest_ns"
    case delayedTime = "delayed_ns"
  }
}

extension CascadeReport {
  /// Of the loops that were only late, the one that was latest.
  var lateLoop: LoopReport? { loops.filter { $0.isSaturated && $0.isOnlyLate }.max { $0.longest < $1.longest } }
}

/// A route that needs nobody else and yet had to wait: collateral damage.
///
/// Keys: `service`, `route`, `requests`, `waiting` (those of them that still waited when the window ended: their waits
/// count up to then), `queue_wait_ns` (sum), `mean_ns`, `longest_ns`, `longest_open` (the longest had not ended).
package struct Bystander: Encodable, Hashable, Sendable {
  package var service: String
  package var route: String
  package var requests: Int
  package var waiting: Int
  package var queueWait: UInt64
  package var longest: UInt64
  package var isLongestOpen: Bool

  package var mean: UInt64 { requests == 0 ? 0 : queueWait / UInt64(requests) }

  private enum CodingKeys: String, CodingKey {
    case service, route, requests, waiting
    case queueWait = "queue_wait_ns"
    case mean = "mean_ns"
    case longest = "longest_ns"
    case isLongestOpen = "longest_open"
  }

  /// `waited 207 ms for a thread on average so far, 4.03 s at most so far`.
  var waitText: String {
    let soFar = waiting > 0 ? " so far" : ""
    return "waited \(FigureText.duration(mean)) for a thread on average\(soFar), "
      + "\(FigureText.duration(longest)) at most"
      + (isLongestOpen ? " so far" : "")
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(service, forKey: .service)
    try keys.encode(route, forKey: .route)
    try keys.encode(requests, forKey: .requests)
    try keys.encode(waiting, forKey: .waiting)
    try keys.encode(queueWait, forKey: .queueWait)
    try keys.encode(mean, forKey: .mean)
    try keys.encode(longest, forKey: .longest)
    try keys.encode(isLongestOpen, forKey: .isLongestOpen)
  }
}

extension ThreadAccount: Encodable {
  private enum CodingKeys: String, CodingKey {
    case service, role, threads
    case lifetime = "lifetime_ns"
    case idle = "idle_ns"
    case running = "running_ns"
    case blocked = "blocked_ns"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(service, forKey: .service)
    try keys.encode(role.name, forKey: .role)
    try keys.encode(threads, forKey: .threads)
    try keys.encode(lifetime, forKey: .lifetime)
    try keys.encode(idle, forKey: .idle)
    try keys.encode(running, forKey: .running)
    let causes = WaitCause.allCases.filter { blocked($0) > 0 }.map { ($0.name, blocked($0)) }
    try keys.encode(Dictionary(uniqueKeysWithValues: causes), forKey: .blocked)
  }
}
