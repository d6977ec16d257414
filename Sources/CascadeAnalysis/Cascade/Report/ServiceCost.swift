package import ChainModel

/// What one service paid. Times are sums over threads or requests, in ns.
///
/// | key | meaning |
/// |---|---|
/// | `service`, `model` | the IO model is the last in force |
/// | `thread_ns` | ∫ N(s,t) dt over its pools |
/// | `blocked_ns` | B(s,c): blocked threads by cause |
/// | `mean_blocked` | blocked threads on average |
/// | `blocked_share` | of its pools' threads |
/// | `waiting_ns` | R(s,c): requests that wait, by cause, with a thread or without; never add it to `blocked_ns` |
/// | `queued_ns`, `peak_queue` | Q(s): requests in its queues |
/// | `full_no_queue_ns` | every thread busy, and nobody in the queue |
/// | `held_by_root` | its threads held by the verdict's first cause, on average |
/// | `arrived`, `ended` | requests in the window; `ended` were answered, and not `refused` |
/// | `open` | had not ended when the window did |
/// | `outcomes` | how all of those ended: `ok`, `client_error` (4xx), `refused` (503 by a limit), `timed_out`, `failed`, `cancelled` |
/// | `refused` | those that the service did not begin, by reason |
/// | `attempts`, `retries` | calls made, and those that were not the first attempt |
/// | `abandoned`, `abandoned_ns` | requests whose caller gave up, and what was spent on them after that |
package struct ServiceCost: Encodable, Hashable, Sendable {
  package var service: String
  package var model: IOModel?
  package var threadTime: UInt64
  package var blocked: [WaitCause: UInt64]
  package var waiting: [WaitCause: UInt64]
  package var queued: UInt64
  package var peakQueue: Int
  package var fullNoQueue: UInt64
  package var heldByRoot: Double
  package var window: UInt64
  package var arrived: Int
  package var ended: Int
  package var open: Int
  package var outcomes: [RequestOutcome: Int]
  package var rejected: [String: Int]
  package var attempts: Int
  package var retries: Int
  package var abandoned: Int
  package var abandonedInQueue: Int
  package var abandonedTime: UInt64

  package var blockedTotal: UInt64 { blocked.values.reduce(0, &+) }
  package var waitingTotal: UInt64 { waiting.values.reduce(0, &+) }
  package var meanBlocked: Double { window == 0 ? 0 : Double(blockedTotal) / Double(window) }
  package var meanThreads: Double { window == 0 ? 0 : Double(threadTime) / Double(window) }

  private enum CodingKeys: String, CodingKey {
    case service, model, arrived, ended, open, outcomes, attempts, retries, abandoned
    case threadTime = "thread_ns"
    case blocked = "blocked_ns"
    case meanBlocked = "mean_blocked"
    case blockedShare = "blocked_share"
    case waiting = "waiting_ns"
    case queued = "queued_ns"
    case peakQueue = "peak_queue"
    case fullNoQueue = "full_no_queue_ns"
    case heldByRoot = "held_by_root"
    case rejected = "refused"
    case abandonedInQueue = "abandoned_in_queue"
    case abandonedTime = "abandoned_ns"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(service, forKey: .service)
    try keys.encodeIfPresent(model?.rawValue, forKey: .model)
    try keys.encode(threadTime, forKey: .threadTime)
    try keys.encode(Self.named(blocked), forKey: .blocked)
    try keys.encode(meanBlocked, forKey: .meanBlocked)
    try keys.encode(threadTime == 0 ? 0 : Double(blockedTotal) / Double(threadTime), forKey: .blockedShare)
    try keys.encode(Self.named(waiting), forKey: .waiting)
    try keys.encode(queued, forKey: .queued)
    try keys.encode(peakQueue, forKey: .peakQueue)
    try keys.encode(fullNoQueue, forKey: .fullNoQueue)
    try keys.encode(heldByRoot, forKey: .heldByRoot)
    try keys.encode(arrived, forKey: .arrived)
    try keys.encode(ended, forKey: .ended)
    try keys.encode(open, forKey: .open)
    try keys.encode(
      Dictionary(uniqueKeysWithValues: RequestOutcome.allCases.map { ($0.rawValue, outcomes[$0] ?? 0) }),
      forKey: .outcomes)
    try keys.encode(rejected, forKey: .rejected)
    try keys.encode(attempts, forKey: .attempts)
    try keys.encode(retries, forKey: .retries)
    try keys.encode(abandoned, forKey: .abandoned)
    try keys.encode(abandonedInQueue, forKey: .abandonedInQueue)
    try keys.encode(abandonedTime, forKey: .abandonedTime)
  }

  private static func named(_ causes: [WaitCause: UInt64]) -> [String: UInt64] {
    Dictionary(uniqueKeysWithValues: causes.map { ($0.key.name, $0.value) })
  }
}
