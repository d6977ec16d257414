import ChainModel
package import TraceLog

/// Whether a log holds to its invariants, in exact nanoseconds, and how much of it could be judged.
///
/// What is incomplete (written before the log is complete, by a process that died or dropped records) is counted as that:
/// it is neither a violation nor passed.
package struct LogAudit: Encodable, Sendable {
  /// Why something could not be judged.
  package enum Gap: String, CaseIterable, Sendable {
    case overwritten = "began before the log is complete"
    case died = "cut off by the death of its process"
    case stopped = "still open when its process stopped"
    case dropped = "of a process that could not write all its records"
    case unjoined = "ended before it had joined the log"
    case unread = "of a log with places that are damaged or not written yet"
  }

  /// Keys: `threads`, `waits`, `requests`, `spans`.
  package struct Checked: Encodable, Hashable, Sendable {
    package var threads = 0
    package var waits = 0
    package var requests = 0
    package var spans = 0
  }

  /// Sums over the requests checked, in nanoseconds.
  package struct RequestTime: Encodable, Hashable, Sendable {
    package var queueWait: UInt64 = 0
    package var serviceTime: UInt64 = 0
    package var responseTime: UInt64 = 0

    private enum CodingKeys: String, CodingKey {
      case queueWait = "queue_wait_ns"
      case serviceTime = "service_time_ns"
      case responseTime = "response_time_ns"
    }
  }

  /// The parents that requests and spans name. An `unknown` one lies outside the log, as that of a client who sends a
  /// `traceparent` of its own.
  package struct Parents: Encodable, Hashable, Sendable {
    package var open = 0
    package var ended = 0
    package var unknown = 0
    /// Spans that begin a trace.
    package var none = 0
  }

  package static let violationLimit = 100

  /// The first ones; `counts` has all.
  package internal(set) var violations: [Violation] = []
  package internal(set) var counts: [Invariant: Int] = [:]
  package internal(set) var checked = Checked()
  /// Threads, requests and records that could not be judged.
  package internal(set) var incomplete: [Gap: Int] = [:]
  /// Requests, waits and spans that have not ended yet.
  package internal(set) var open = 0
  /// Work that helper threads began or waited for after its request had been given up.
  package internal(set) var abandoned = 0
  package internal(set) var requestTime = RequestTime()
  package internal(set) var residual = Residual()
  package internal(set) var parents = Parents()
  package internal(set) var lost: LogLoss
  /// Those of a run over several.
  package internal(set) var hosts: [LogHost]

  package init(_ snapshot: LogSnapshot) {
    self = LogAuditor(snapshot).finish()
  }

  init(lost: LogLoss, hosts: [LogHost]) {
    (self.lost, self.hosts) = (lost, hosts)
  }

  /// Nothing that could be read breaks an invariant, and nothing is damaged that might.
  package var isClean: Bool { counts.isEmpty && lost.damaged == 0 }

  mutating func add(_ violation: Violation) {
    counts[violation.invariant, default: 0] += 1
    if violations.count < Self.violationLimit { violations.append(violation) }
  }

  private enum CodingKeys: String, CodingKey {
    case violations, counts, checked, incomplete, open, abandoned, residual, parents, lost, hosts
    case requestTime = "request_time"
    case isClean = "holds"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(isClean, forKey: .isClean)
    try keys.encode(violations, forKey: .violations)
    try keys.encode(
      Dictionary(uniqueKeysWithValues: Invariant.allCases.map { ($0.rawValue, counts[$0] ?? 0) }), forKey: .counts)
    try keys.encode(checked, forKey: .checked)
    try keys.encode(Dictionary(uniqueKeysWithValues: incomplete.map { ("\($0.key)", $0.value) }), forKey: .incomplete)
    try keys.encode(open, forKey: .open)
    try keys.encode(abandoned, forKey: .abandoned)
    try keys.encode(requestTime, forKey: .requestTime)
    try keys.encode(residual, forKey: .residual)
    try keys.encode(parents, forKey: .parents)
    try keys.encode(lost, forKey: .lost)
    if !hosts.isEmpty { try keys.encode(hosts, forKey: .hosts) }
  }
}

/// The client's measured time minus the gateway's response time, over all requests of a load generator that were
/// answered. It is what connections, kernel queues and the client itself take. Keys: `count`, `min_ns`, `mean_ns`,
/// `max_ns`, `unanswered`.
package struct Residual: Encodable, Hashable, Sendable {
  package private(set) var count = 0
  package private(set) var min: Int64 = 0
  package private(set) var max: Int64 = 0
  /// Client spans that ended without an answer of a server in the log.
  package internal(set) var unanswered = 0
  private var sum: Int64 = 0

  package var mean: Int64 { count == 0 ? 0 : sum / Int64(count) }

  mutating func add(client: UInt64, server: UInt64) {
    let value = Int64(truncatingIfNeeded: client &- server)
    min = count == 0 ? value : Swift.min(min, value)
    max = count == 0 ? value : Swift.max(max, value)
    sum &+= value
    count += 1
  }

  private enum CodingKeys: String, CodingKey {
    case count, unanswered
    case min = "min_ns"
    case mean = "mean_ns"
    case max = "max_ns"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(count, forKey: .count)
    try keys.encode(min, forKey: .min)
    try keys.encode(mean, forKey: .mean)
    try keys.encode(max, forKey: .max)
    try keys.encode(unanswered, forKey: .unanswered)
  }
}

extension LogAudit {
  /// One line per invariant, then what could not be judged, then the first violations.
  package var text: String {
    // On one clock, the last has nothing to say.
    var lines = Invariant.allCases.filter { $0 != .callOrder || hosts.count > 1 }.map { invariant in
      let count = counts[invariant] ?? 0
      let verdict = count == 0 ? "holds" : "BROKEN \(count) times"
      return PlainText.pad(invariant.rawValue, to: 6) + "  \(verdict)  \(invariant.statement)"
    }
    lines.append(
      "checked  \(checked.threads) threads, \(checked.waits) waits, \(checked.requests) requests, \(checked.spans) spans"
    )
    if residual.count > 0 {
      lines.append("client time − response time  \(residualText), \(residual.count) requests")
    }
    lines.append(
      "parents  \(parents.open) open, \(parents.ended) ended before, \(parents.unknown) outside the log, \(parents.none) none"
    )
    if abandoned > 0 {
      lines.append("abandoned  \(abandoned) times a thread worked for a request that had been given up")
    }
    for gap in Gap.allCases { incomplete[gap].map { lines.append("incomplete  \($0) \(gap.rawValue)") } }
    if open > 0 { lines.append("open  \(open) requests, waits and spans have not ended yet") }
    lines += hosts.map { "host  \($0.text)" }
    lines.append("log  \(lost.text)")
    if lost.damaged > 0 { lines.append("what stood in the damaged places could not be checked") }
    return (lines + violations.map { PlainText.clean($0.description) }).joined(separator: "\n")
  }

  private var residualText: String {
    [("min", residual.min), ("mean", residual.mean), ("max", residual.max)].map { name, value in
      "\(name) \(FigureText.seconds(Double(value) / 1e9))"
    }.joined(separator: ", ")
  }
}
