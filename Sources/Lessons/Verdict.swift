/// What one run of a cell has shown. Kept as JSON, so that a lesson goes on where it was ended.
///
/// Keys: `lesson`, `cell`, `seed`, `digest` (of the lesson's text), `quick`, `figures` (by name: see `CellMeasures` and
/// `CellTrial`), `discarded` (why the run does not count), `run` (its folder).
package struct CellResult: Codable, Sendable {
  package var lesson: String
  package var cell: String
  package var seed: Int
  package var digest: String
  package var quick: Bool
  package var figures: [String: Double]
  package var discarded: String?
  package var run: String?

  package init(
    lesson: String, cell: String, seed: Int, digest: String, quick: Bool, figures: [String: Double],
    discarded: String? = nil, run: String? = nil
  ) {
    self.lesson = lesson
    self.cell = cell
    self.seed = seed
    self.digest = digest
    self.quick = quick
    self.figures = figures
    self.discarded = discarded
    self.run = run
  }
}

/// A check with what was measured. Keys: `says`, `cell`, `unit`, `verdict`, `measured` (median), `least`, `most`, `runs`,
/// `predicted` (or the bounds, in words: `expected`), `low`, `high` (what the measured value must lie between), `reason` (why it is not decided).
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
}

/// A lesson with all its checks. Keys: `name`, `experiment`, `claim`, `verdict`, `checks`, `discarded`.
package struct LessonOutcome: Codable, Sendable {
  package var name: String
  package var experiment: String
  package var claim: String
  package var verdict: CheckOutcome.Verdict
  package var checks: [CheckOutcome]
  /// Runs that do not count, each with its reason.
  package var discarded: [String]

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

/// Evaluates checks over the runs of a lesson: those of one seed belong together.
struct Evaluation {
  static let every = "every"

  private let lesson: Lesson
  private let results: [CellResult]

  /// - Parameters:
  ///   - lesson: whose checks they are.
  ///   - results: of its cells; those of another text of the lesson, and those that were discarded, do not count.
  ///   - quick: which of them.
  init(_ lesson: Lesson, _ results: [CellResult], quick: Bool) {
    self.lesson = lesson
    self.results = lesson.own(results, quick: quick).filter { $0.discarded == nil }
  }

  /// A measure of one cell in each run in which it has a finite value.
  func values(_ measure: Expression, cell: String) -> [Double] {
    Set(results.map(\.seed)).sorted().compactMap { seed in
      let value = try? measure.value { self.value($0, $1 ?? cell, seed) }
      return value.flatMap(Self.finite)
    }
  }

  func outcome(_ check: Lesson.Check) -> CheckOutcome {
    var outcome = CheckOutcome(says: check.says, cell: check.cell, unit: check.unit, verdict: .undecided, runs: 0)
    var measured: [Double] = []
    var bounds: [(predicted: Double?, low: Double, high: Double)] = []
    for seed in Set(results.map(\.seed)).sorted() {
      do throws(ExpressionError) {
        if check.cell == Self.every {
          measured.append(try share(check, seed))
          bounds.append((nil, check.leastShare, 1))
          continue
        }
        let value = try check.measured.value { self.value($0, $1 ?? check.cell, seed) }
        let bound = try self.bounds(check, check.cell, seed)
        guard value.isFinite, bound.low <= bound.high else { throw ExpressionError("no finite value") }
        measured.append(value)
        bounds.append(bound)
      } catch {
        outcome.reason = error.description
      }
    }
    guard !measured.isEmpty else {
      outcome.reason = outcome.reason ?? "no run counts"
      return outcome
    }
    outcome.runs = measured.count
    outcome.measured = Self.median(measured)
    (outcome.least, outcome.most) = (measured.min(), measured.max())
    let predicted = bounds.compactMap(\.predicted)
    outcome.predicted = predicted.isEmpty ? nil : Self.median(predicted)
    outcome.low = Self.finite(Self.median(bounds.map(\.low)))
    outcome.high = Self.finite(Self.median(bounds.map(\.high)))
    let middle = Self.median(measured)
    outcome.verdict =
      middle >= Self.median(bounds.map(\.low)) && middle <= Self.median(bounds.map(\.high)) ? .confirmed : .refuted
    outcome.reason = nil
    return outcome
  }

  /// The share of cells in which a check holds.
  private func share(_ check: Lesson.Check, _ seed: Int) throws(ExpressionError) -> Double {
    let cells = results.filter { $0.seed == seed }.map(\.cell)
    var held = 0
    for cell in cells {
      let value = try check.measured.value { self.value($0, $1 ?? cell, seed) }
      let bound = try bounds(check, cell, seed)
      if value >= bound.low, value <= bound.high { held += 1 }
    }
    return Double(held) / Double(max(1, cells.count))
  }

  private func bounds(_ check: Lesson.Check, _ cell: String, _ seed: Int) throws(ExpressionError) -> (
    predicted: Double?, low: Double, high: Double
  ) {
    func number(_ expression: Expression) throws(ExpressionError) -> Double {
      try expression.value { self.value($0, $1 ?? cell, seed) }
    }
    switch check.rule {
    case .within(let expression, let amount, let share):
      let predicted = try number(expression)
      let slack = max(amount, abs(predicted) * share)
      return (predicted, predicted - slack, predicted + slack)
    case .between(let low, let high): return (nil, try number(low), try number(high))
    case .atLeast(let low): return (nil, try number(low), .infinity)
    case .atMost(let high): return (nil, -.infinity, try number(high))
    }
  }

  /// A measure of a run, or a setting of its cell.
  private func value(_ name: String, _ cell: String, _ seed: Int) -> Double? {
    results.first { $0.cell == cell && $0.seed == seed }?.figures[name]
  }

  private static func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
