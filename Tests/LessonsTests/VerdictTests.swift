import Lessons
import Testing

struct VerdictTests {
  private func lesson(_ check: String) throws -> Lesson {
    try LessonBook.read(
      """
      name: one
      experiment: E0
      claim: A claim.
      source: Nowhere
      story: {question: Q, expect: E, planted: P, look: [cascade], fixes: F, costs: C}
      load: {rate: 10}
      cells: [{name: a}, {name: b}]
      checks: [\(check)]
      """, file: "one.yaml")
  }

  private func result(
    _ lesson: Lesson, _ cell: String, _ seed: Int, _ value: Double, discarded: String? = nil, busy: String? = nil,
    measure: String = "throughput"
  ) -> CellResult {
    CellResult(
      lesson: lesson.name, cell: cell, seed: seed, digest: lesson.digest, quick: false,
      figures: [measure: value, "load.rate": 10], discarded: discarded, busy: busy)
  }

  private static let within = "{says: x, cell: a, measured: throughput, predicted: load.rate, within: 10 %}"

  @Test(arguments: [(9.0, true), (8.9, false), (11, true), (11.1, false)])
  func aPredictionHoldsWithinItsTolerance(_ value: Double, _ holds: Bool) throws {
    let lesson = try lesson(Self.within)
    let outcome = LessonOutcome(lesson, [result(lesson, "a", 1, value)], quick: false)
    #expect(outcome.verdict == (holds ? .confirmed : .refuted))
    #expect(outcome.checks[0].predicted == 10)
    #expect(outcome.checks[0].low == 9 && outcome.checks[0].high == 11)
  }

  @Test func theMedianOfTheSeedsCounts() throws {
    let lesson = try lesson(Self.within)
    let results = [(1, 10.0), (2, 10.5), (3, 30)].map { result(lesson, "a", $0.0, $0.1) }
    let check = LessonOutcome(lesson, results, quick: false).checks[0]
    #expect(check.verdict == .confirmed)
    #expect(check.measured == 10.5 && check.least == 10 && check.most == 30 && check.runs == 3)
  }

  @Test func cellsOfOneSeedAreCompared() throws {
    let lesson = try lesson(
      "{says: x, cell: b, measured: \"throughput / throughput[a]\", at_least: \"1.9\", at_most: \"2.1\"}")
    let results = [(1, 5.0, 10.0), (2, 50, 100)].flatMap {
      [result(lesson, "a", $0.0, $0.1), result(lesson, "b", $0.0, $0.2)]
    }
    let check = LessonOutcome(lesson, results, quick: false).checks[0]
    #expect(check.verdict == .confirmed && check.least == 2 && check.most == 2)
  }

  @Test func whatWasNotMeasuredIsNotDecided() throws {
    let lesson = try lesson(Self.within)
    let nothing = LessonOutcome(lesson, [], quick: false)
    #expect(nothing.verdict == .undecided && nothing.checks[0].reason == "no run counts")
    let busy = LessonOutcome(lesson, [result(lesson, "a", 1, 10, discarded: "busy")], quick: false)
    #expect(busy.verdict == .undecided && busy.discarded == ["a, seed 1: busy"])
    let other = LessonOutcome(lesson, [result(lesson, "b", 1, 10)], quick: false)
    #expect(other.verdict == .undecided && other.checks[0].reason == "no value for throughput")
  }

  // MARK: A busy machine

  private static let busy = "the host's processors were 78 % busy (limit 60 %)"

  /// 64 attempts are 64 attempts, whatever else runs.
  @Test func aCountIsDecidedOnABusyMachine() throws {
    let lesson = try lesson(
      "{says: x, cell: a, measured: per_request(payment-service), predicted: \"attempts(3, 3)\", within: 0.1 %}")
    let measure = "per_request(payment-service)"
    for (value, verdict) in [(64.0, CheckOutcome.Verdict.confirmed), (63, .refuted)] {
      let run = result(lesson, "a", 1, value, busy: Self.busy, measure: measure)
      let check = LessonOutcome(lesson, [run], quick: false).checks[0]
      #expect(check.verdict == verdict && check.measured == value)
      #expect(check.basis == "other programs cannot change it" && check.reason == nil)
    }
  }

  /// Neither withheld nor decided: the value stands there with a mark and the reason.
  @Test func aTimeOnABusyMachineIsShownWithItsReason() throws {
    let lesson = try lesson("{says: x, cell: a, measured: p50_ms, predicted: \"100\", within: 10 %, unit: ms}")
    let run = result(lesson, "a", 1, 101, busy: Self.busy, measure: "p50_ms")
    let outcome = LessonOutcome(lesson, [run], quick: false)
    let check = outcome.checks[0]
    #expect(outcome.verdict == .undecided && check.measured == 101 && check.predicted == 100)
    #expect(check.busy == Self.busy && check.reason == "measured while \(Self.busy)")
    #expect(check.measuredText == "101 ms †" && check.verdictText == "not decided: the host was busy")
    #expect(outcome.busy == ["a, seed 1: \(Self.busy)"] && outcome.discarded.isEmpty)
    #expect(outcome.remarks.count == 1 && outcome.remarks[0].contains("78 % busy"), "\(outcome.remarks)")
  }

  /// Other programs take from what is served: what is enough all the same is enough, what is not is not known.
  @Test(arguments: [(9.5, CheckOutcome.Verdict.confirmed), (8.5, .undecided)])
  func aRateThatIsHighEnoughIsDecided(_ value: Double, _ verdict: CheckOutcome.Verdict) throws {
    let lesson = try lesson("{says: x, cell: a, measured: throughput, at_least: load.rate * 0.9}")
    let check = LessonOutcome(lesson, [result(lesson, "a", 1, value, busy: Self.busy)], quick: false).checks[0]
    #expect(check.verdict == verdict && check.measured == value)
  }

  /// Cells that ran in turns under the same other load are compared pair by pair.
  @Test func pairsThatAllAgreeDecide() throws {
    let lesson = try lesson("{says: x, cell: b, measured: \"p50_ms / p50_ms[a]\", at_least: \"1.3\"}")
    func outcome(_ ratios: [Double]) -> CheckOutcome {
      let runs = ratios.enumerated().flatMap { seed, ratio in
        [("a", 10.0), ("b", 10 * ratio)].map { cell, value in
          result(lesson, cell, seed + 1, value, busy: Self.busy, measure: "p50_ms")
        }
      }
      return LessonOutcome(lesson, runs, quick: false).checks[0]
    }
    #expect(outcome([1.5, 1.6, 1.4, 2, 1.9]).verdict == .confirmed)
    #expect(outcome([1.1, 1.2, 1, 0.9, 1.1]).verdict == .refuted)
    #expect(outcome([1.5, 1.6, 1.4, 2, 1.2]).verdict == .undecided)
    #expect(outcome([1.5, 1.6, 1.4, 2]).verdict == .undecided)
  }

  @Test func quietRunsDecideAlone() throws {
    let lesson = try lesson(Self.within)
    let runs = [result(lesson, "a", 1, 3, busy: Self.busy), result(lesson, "a", 2, 10)]
    let check = LessonOutcome(lesson, runs, quick: false).checks[0]
    #expect(check.verdict == .confirmed && check.measured == 10 && check.runs == 1 && check.busy == nil)
  }

  /// Onsets: a pool that never fills has none, and need not have one where none is predicted.
  @Test(
    arguments: [
      ([1: (5.0, 6.0), 2: (nil, nil)], 1.0), ([1: (5, 6), 2: (5, nil)], 0.5), ([1: (5, 9), 2: (nil, 9)], 0),
      ([1: (nil, nil), 2: (nil, nil)], nil),
    ] as [([Int: (Double?, Double?)], Double?)])
  func cellsWithoutTheMeasureOnBothSidesDoNotCount(_ onsets: [Int: (Double?, Double?)], _ share: Double?) throws {
    let check =
      "{says: x, cell: every, of_cells: 80 %, measured: onset, predicted: simulated, within: 2, may_lack: true}"
    let lesson = try lesson(check)
    let results = zip(["a", "b"], onsets.sorted { $0.key < $1.key }).map { cell, values in
      var result = result(lesson, cell, 1, 0)
      result.figures["onset"] = values.value.0
      result.figures["simulated"] = values.value.1
      return result
    }
    let outcome = LessonOutcome(lesson, results, quick: false).checks[0]
    #expect(outcome.measured == share)
    #expect((outcome.reason == "no cell has a value to compare") == (share == nil))
    // Without that word a missing value leaves it undecided.
    let strict = try self.lesson(check.replacing(", may_lack: true", with: ""))
    let others = results.map { result in
      var result = result
      result.digest = strict.digest
      return result
    }
    let isMissing = onsets.values.contains { $0.0 == nil || $0.1 == nil }
    #expect((LessonOutcome(strict, others, quick: false).verdict == .undecided) == isMissing)
  }

  @Test func resultsOfAnotherTextDoNotCount() throws {
    let lesson = try lesson(Self.within)
    var old = result(lesson, "a", 1, 10)
    old.digest = "another"
    #expect(LessonOutcome(lesson, [old], quick: false).verdict == .undecided)
    #expect(LessonOutcome(lesson, [result(lesson, "a", 1, 10)], quick: true).verdict == .undecided)
  }
}
