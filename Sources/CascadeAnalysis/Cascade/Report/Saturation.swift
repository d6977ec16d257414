/// When the pool of a service was full with requests in its queue.
///
/// Keys: `service`, `role` (of the threads), `threads` (N at the onset), `onset_ns` and `end_ns` (of the episode that the
/// report is about), `first_onset_ns`, `open` (still saturated at the window's end), `intervals`, `intervals_elsewhere`
/// (those outside of that episode; all of them: the service had no part in it), `duration_ns` (all intervals), `brief` (too short to act on), `peak_queue`, `character`,
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
  package var intervalsElsewhere: Int
  package var firstOnset: UInt64
  package var isBrief: Bool
  package var isOpen: Bool
  package var intervals: Int
  package var duration: UInt64
  package var peakQueue: Int
  package var blockedShare: Double
  package var topCause: String?
  package var prediction: Prediction?

  /// It had no part in the episode that the report is about.
  package var isElsewhere: Bool { intervalsElsewhere == intervals }

  package var character: Character {
    blockedShare >= 0.8 ? .byWaiting : blockedShare <= 0.2 ? .byWork : .mixed
  }

  private enum CodingKeys: String, CodingKey {
    case service, role, threads, intervals, character, prediction
    case intervalsElsewhere = "intervals_elsewhere"
    case isBrief = "brief"
    case firstOnset = "first_onset_ns"
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
    try keys.encode(intervalsElsewhere, forKey: .intervalsElsewhere)
    try keys.encode(firstOnset, forKey: .firstOnset)
    try keys.encode(isBrief, forKey: .isBrief)
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
