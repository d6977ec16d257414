/// A check with what was measured. Keys: `says`, `cell`, `unit`, `verdict`, `measured` (median), `least`, `most`, `runs`,
/// `predicted` (or the bounds, in words: `expected`), `low`, `high` (what the measured value must lie between), `reason` (why
/// it is not decided), `busy` (how busy the host was with other programs when `measured` was measured; absent: not very),
/// `basis` (why it is decided all the same).
package struct CheckOutcome: Codable, Sendable {
  package enum Verdict: String, Codable, Sendable {
    case confirmed
    case refuted
    case undecided
  }

  package var says: String
  package var cell: String
  package var unit: String
  package var verdict: Verdict
  package var measured: Double?
  package var least: Double?
  package var most: Double?
  package var runs: Int
  package var predicted: Double?
  package var low: Double?
  package var high: Double?
  package var reason: String?
  package var busy: String?
  package var basis: String?
}

/// A lesson with all its checks. Keys: `name`, `experiment`, `claim`, `verdict`, `checks`, `discarded`, `busy`.
package struct LessonOutcome: Codable, Sendable {
  package var name: String
  package var experiment: String
  package var claim: String
  package var verdict: CheckOutcome.Verdict
  package var checks: [CheckOutcome]
  /// Runs that do not count, each with its reason.
  package var discarded: [String]
  /// Runs during which other programs had the processors, each with how much.
  package var busy: [String]

  /// - Parameters:
  ///   - lesson: with its checks.
  ///   - results: of its cells; those of another text of the lesson do not count.
  ///   - quick: only the checks that `--quick` has cells for.
  package init(_ lesson: Lesson, _ results: [CellResult], quick: Bool) {
    name = lesson.name
    experiment = lesson.experiment
    claim = lesson.claim
    discarded = lesson.own(results, quick: quick).compactMap { result in
      result.discarded.map { "\(result.cell), seed \(result.seed): \($0)" }
    }
    busy = lesson.own(results, quick: quick).compactMap { result in
      result.busy.map { "\(result.cell), seed \(result.seed): \($0)" }
    }
    let evaluation = Evaluation(lesson, results, quick: quick)
    checks = lesson.checks.filter { !quick || $0.isQuick }.map { evaluation.outcome($0) }
    let verdicts = checks.map(\.verdict)
    verdict = verdicts.contains(.refuted) ? .refuted : verdicts.contains(.undecided) ? .undecided : .confirmed
  }
}

extension Lesson {
  /// Those of its present text.
  func own(_ results: [CellResult], quick: Bool) -> [CellResult] {
    results.filter { $0.lesson == name && $0.digest == digest && $0.quick == quick }
  }
}
