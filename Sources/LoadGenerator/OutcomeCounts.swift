/// What became of the requests of a part of the run. Two equations always hold:
/// `due = started + notSent` and `started = ended + unfinished`.
package struct OutcomeCounts: Codable, Hashable, Sendable {
  package var due = 0
  /// Open loop: due, but not sent, because the plan's limit or that of the process's descriptors was reached.
  package var notSent = 0
  package var started = 0
  /// Still without outcome when the run was cancelled.
  package var unfinished = 0
  /// Answers by HTTP status.
  package var byStatus: [Int: Int] = [:]
  /// Requests without an answer, by reason.
  package var byFailure: [LoadFailure: Int] = [:]

  package init() {}

  package mutating func start() {
    due += 1
    started += 1
  }

  package mutating func refuse() {
    due += 1
    notSent += 1
  }

  package mutating func end(_ outcome: LoadOutcome) {
    switch outcome {
    case .answered(let status): byStatus[status, default: 0] += 1
    case .failed(let failure): byFailure[failure, default: 0] += 1
    }
  }

  package mutating func add(_ other: OutcomeCounts) {
    due += other.due
    notSent += other.notSent
    started += other.started
    unfinished += other.unfinished
    byStatus.merge(other.byStatus, uniquingKeysWith: +)
    byFailure.merge(other.byFailure, uniquingKeysWith: +)
  }

  package var answered: Int { byStatus.values.reduce(0, +) }
  package var failed: Int { byFailure.values.reduce(0, +) }
  package var ended: Int { answered + failed }

  package var successful: Int {
    byStatus.reduce(0) { $0 + (LoadOutcome.answered(status: $1.key).isSuccess ? $1.value : 0) }
  }

  enum CodingKeys: String, CodingKey {
    case due, started, unfinished
    case notSent = "not_sent"
    case byStatus = "by_status"
    case byFailure = "by_error"
  }
}
