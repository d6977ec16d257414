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
    // Runs on a quiet machine decide alone, where there are any.
    let seeds = Set(results.map(\.seed)).sorted()
    let quiet = seeds.filter { busy(check, $0) == nil }
    let (outcome, holds) = outcome(check, quiet.isEmpty ? seeds : quiet)
    let reason = quiet.isEmpty ? seeds.compactMap { busy(check, $0) }.first : nil
    guard let reason, outcome.measured != nil else { return outcome }
    return marked(outcome, reason, check.basis(holds, isPaired: check.isPaired))
  }

  /// How busy the machine was in one of the runs that a check looks at; nil if it was not.
  private func busy(_ check: Lesson.Check, _ seed: Int) -> String? {
    results.first { result in
      result.seed == seed && result.busy != nil && (check.cell == Self.every || check.cells.contains(result.cell))
    }?.busy
  }

  /// What was measured while other programs had the processors is shown, and decided only where that changes nothing.
  private func marked(_ outcome: CheckOutcome, _ busy: String, _ basis: String?) -> CheckOutcome {
    var outcome = outcome
    outcome.busy = busy
    outcome.basis = basis
    if basis == nil {
      outcome.verdict = .undecided
      outcome.reason = "measured while \(busy)"
    }
    return outcome
  }

  /// - Returns: the outcome of these runs, and whether each of them holds the check.
  private func outcome(_ check: Lesson.Check, _ seeds: [Int]) -> (CheckOutcome, holds: [Bool]) {
    var outcome = CheckOutcome(says: check.says, cell: check.cell, unit: check.unit, verdict: .undecided, runs: 0)
    var measured: [Double] = []
    var bounds: [(predicted: Double?, low: Double, high: Double)] = []
    for seed in seeds {
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
      return (outcome, [])
    }
    outcome.runs = measured.count
    outcome.measured = Self.median(measured)
    (outcome.least, outcome.most) = (measured.min(), measured.max())
    let predicted = bounds.compactMap(\.predicted)
    outcome.predicted = predicted.isEmpty ? nil : Self.median(predicted)
    let (low, high) = (Self.median(bounds.map(\.low)), Self.median(bounds.map(\.high)))
    (outcome.low, outcome.high) = (Self.finite(low), Self.finite(high))
    let middle = Self.median(measured)
    outcome.verdict = middle >= low && middle <= high ? .confirmed : .refuted
    outcome.reason = nil
    return (outcome, zip(measured, bounds).map { $0 >= $1.low && $0 <= $1.high })
  }

  /// The share of cells in which a check holds.
  private func share(_ check: Lesson.Check, _ seed: Int) throws(ExpressionError) -> Double {
    var (held, counted) = (0, 0)
    for result in results where result.seed == seed {
      guard let holds = try holds(check, result.cell, seed) else { continue }
      counted += 1
      if holds { held += 1 }
    }
    guard counted > 0 || !check.mayLack else { throw ExpressionError("no cell has a value to compare") }
    return Double(held) / Double(max(1, counted))
  }

  /// Whether one cell holds a check; nil when it has nothing to do with it.
  private func holds(_ check: Lesson.Check, _ cell: String, _ seed: Int) throws(ExpressionError) -> Bool? {
    do throws(ExpressionError) {
      let value = try check.measured.value { self.value($0, $1 ?? cell, seed) }
      let bound = try bounds(check, cell, seed)
      return value >= bound.low && value <= bound.high
    } catch {
      guard check.mayLack else { throw error }
      let isMeasured = (try? check.measured.value { self.value($0, $1 ?? cell, seed) }) != nil
      let isPredicted = (try? bounds(check, cell, seed)) != nil
      return isMeasured || isPredicted ? false : nil
    }
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
