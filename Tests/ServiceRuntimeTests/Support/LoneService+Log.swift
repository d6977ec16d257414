import CascadeAnalysis
import ChainModel
import ChainTestSupport
import Testing
import TraceLog

extension LoneService {
  /// The log so far holds to its invariants, is complete, and is about something.
  func expectSoundLog() throws {
    let audit = LogAudit(try snapshot())
    #expect(audit.isClean, "\(audit.text)")
    #expect(audit.checked.requests > 0)
    #expect(audit.lost.isNothing, "\(audit.text)")
  }
}

/// How a request ended, as the log has it.
struct LoggedEnd: Hashable {
  /// Whether it was refused before anybody worked on it.
  var refused = false
  var status: Int
  var errorType = ""

  static let cancelled = LoggedEnd(status: 499, errorType: "cancelled")
  static let tooLate = LoggedEnd(status: 504, errorType: "deadline_exceeded")
}

/// A fault's beginning or end, as the log has it.
struct LoggedFault: Hashable {
  var text: String
  var isOn: Bool
}

extension LogSnapshot {
  /// Of all requests but pings, in order.
  var ends: [LoggedEnd] {
    let pings = Set(records(.arrive).filter { name($0) == "GET /ping" }.map(\.span))
    return records.filter { ($0.kind == .end || $0.kind == .reject) && !pings.contains($0.span) }
      .map { LoggedEnd(refused: $0.kind == .reject, status: Int($0.arg), errorType: name($0)) }
  }

  /// Outcomes of the waits with one cause that have ended.
  func outcomes(_ cause: WaitCause) -> [WaitOutcome] {
    let waits = Set(records(.waitStart).filter { $0.detail == cause.rawValue }.map(\.other))
    return records(.waitEnd).filter { waits.contains($0.other) }.compactMap { WaitOutcome(rawValue: $0.detail) }
  }

  var faults: [LoggedFault] {
    records(.fault).map { LoggedFault(text: name($0), isOn: $0.detail == 1) }
  }

  /// How long each injected wait took that has ended.
  var injectedWaits: [Duration] {
    let starts = records(.waitStart).filter { $0.waitFlags.contains(.injected) }
    let ends = Dictionary(records(.waitEnd).map { ($0.other, $0.time) }, uniquingKeysWith: { first, _ in first })
    return starts.compactMap { start in ends[start.other].map { .nanoseconds(Int64($0 &- start.time)) } }
  }
}
