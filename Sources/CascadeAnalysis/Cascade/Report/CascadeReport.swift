import ChainModel
package import TraceLog

/// What blocked what, how saturation travelled, why, and what it cost: the definitions are those of the design, each
/// named where it is computed.
///
/// | key | meaning |
/// |---|---|
/// | `schema` | 2; grows when a key changes its meaning or goes |
/// | `run_id` | |
/// | `from_ns`, `to_ns` | the window, from the run's start |
/// | `requests` | that arrived at the entry service |
/// | `entry` | the service to which most requests came from outside; absent if none came |
/// | `summary` | what happened, in a sentence |
/// | `saturations` | by onset: see `Saturation` |
/// | `order`, `recovery` | of the episode that is told: services by onset, and by the end of their saturation |
/// | `edges` | see `PropagationEdge` |
/// | `verdict` | see `Verdict` |
/// | `blame`, `request_blame` | over the whole window, by blocked threads and by waiting requests: see `BlameRow` |
/// | `amplification` | see `Amplification` |
/// | `services` | see `ServiceCost` |
/// | `holds` | H(u→d): `caller`, `callee`, `held_ns`, `calls` |
/// | `threads` | see `ThreadAccount` |
/// | `loops` | see `LoopReport` |
/// | `bystanders` | see `Bystander` |
/// | `events` | changes from outside: `time_ns`, `service`, `what`, `in_force` (when the first pool was saturated), and where it can be told `answers_before_per_s` and `answers_after_per_s` (without error, of the entry service) |
/// | `findings` | see `Finding` |
/// | `incomplete` | what makes the figures too small: texts |
/// | `lost` | what the log does not hold |
package struct CascadeReport: Encodable, Sendable {
  package static let schema = 2

  package var runID: String
  package var from: UInt64
  package var to: UInt64
  package var entry: String?
  package var requests: Int
  package var summary: String
  package var saturations: [Saturation]
  package var order: [String]
  package var recovery: [String]
  package var edges: [PropagationEdge]
  package var verdict: Verdict
  package var blame: [BlameRow]
  package var requestBlame: [BlameRow]
  package var amplification: Amplification?
  package var services: [ServiceCost]
  package var holds: [Hold]
  package var threads: [ThreadAccount]
  package var loops: [LoopReport]
  package var bystanders: [Bystander]
  package var events: [Event]
  package var findings: [Finding]
  package var incomplete: [String]
  package var lost: LogLoss
  /// Threads whose states did not fill their life (C1): none, or the analysis is wrong.
  package var unbalanced: Int

  package var window: UInt64 { elapsed(from, to) }

  /// Whether a pool was saturated already when the window began: nobody knows since when.
  func isFromBefore(_ full: Saturation) -> Bool { full.onset <= from }

  package struct Hold: Encodable, Hashable, Sendable {
    package var caller: String
    package var callee: String
    package var held: UInt64
    package var calls: Int

    private enum CodingKeys: String, CodingKey {
      case caller, callee, calls
      case held = "held_ns"
    }
  }

  package struct Event: Encodable, Hashable, Sendable {
    package var time: UInt64
    package var service: String
    package var what: String
    package var isInForce: Bool
    package var answersBefore: Double?
    package var answersAfter: Double?

    private enum CodingKeys: String, CodingKey {
      case service, what
      case time = "time_ns"
      case isInForce = "in_force"
      case answersBefore = "answers_before_per_s"
      case answersAfter = "answers_after_per_s"
    }
  }

  /// The whole log.
  package init(_ snapshot: LogSnapshot, options: CascadeOptions = CascadeOptions()) {
    var fold = CascadeFold(processes: snapshot.processes, strings: snapshot.strings, options: options)
    let moment = snapshot.moment
    for record in snapshot.records where record.time <= moment { fold.apply(record) }
    self = fold.report(
      CascadeFold.Frame(
        runID: snapshot.runID, origin: snapshot.createdAt, moment: moment, completeSince: snapshot.completeSince,
        loss: snapshot.loss))
  }

  /// A log that is gone through without being held in memory.
  package init(_ scan: LogScan, options: CascadeOptions = CascadeOptions()) {
    let log = scan.overview
    var fold = CascadeFold(processes: log.processes, strings: log.strings, options: options)
    let moment = scan.end
    let overwritten = scan.forEachBatch { records in
      for index in records.indices where records[index].time <= moment { fold.apply(records[index]) }
    }
    var loss = log.loss
    loss.overwritten += overwritten
    self = fold.report(
      CascadeFold.Frame(
        runID: log.runID, origin: log.createdAt, moment: moment, completeSince: log.completeSince, loss: loss))
  }

  init(runID: String, from: UInt64, to: UInt64, lost: LogLoss, verdict: Verdict) {
    self.runID = runID
    self.from = from
    self.to = to
    self.lost = lost
    self.verdict = verdict
    requests = 0
    summary = ""
    (saturations, order, recovery, edges, blame, requestBlame) = ([], [], [], [], [], [])
    (services, holds, threads, loops, bystanders, events) = ([], [], [], [], [], [])
    (findings, incomplete, unbalanced) = ([], [], 0)
  }

  private enum CodingKeys: String, CodingKey {
    case schema, entry, requests, summary, saturations, order, recovery, edges, verdict, blame, amplification, services
    case holds, threads, loops, bystanders, events, findings, incomplete, lost
    case runID = "run_id"
    case from = "from_ns"
    case to = "to_ns"
    case requestBlame = "request_blame"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(Self.schema, forKey: .schema)
    try keys.encode(runID, forKey: .runID)
    try keys.encode(from, forKey: .from)
    try keys.encode(to, forKey: .to)
    try keys.encodeIfPresent(entry, forKey: .entry)
    try keys.encode(requests, forKey: .requests)
    try keys.encode(summary, forKey: .summary)
    try keys.encode(saturations, forKey: .saturations)
    try keys.encode(order, forKey: .order)
    try keys.encode(recovery, forKey: .recovery)
    try keys.encode(edges, forKey: .edges)
    try keys.encode(verdict, forKey: .verdict)
    try keys.encode(blame, forKey: .blame)
    try keys.encode(requestBlame, forKey: .requestBlame)
    try keys.encodeIfPresent(amplification, forKey: .amplification)
    try keys.encode(services, forKey: .services)
    try keys.encode(holds, forKey: .holds)
    try keys.encode(threads, forKey: .threads)
    try keys.encode(loops, forKey: .loops)
    try keys.encode(bystanders, forKey: .bystanders)
    try keys.encode(events, forKey: .events)
    try keys.encode(findings, forKey: .findings)
    try keys.encode(incomplete, forKey: .incomplete)
    try keys.encode(lost, forKey: .lost)
  }
}

extension LogScan {
  /// When the run ended, or now if it goes on.
  package var end: UInt64 { overview.isFinished ? lastTime : overview.takenAt }
}
