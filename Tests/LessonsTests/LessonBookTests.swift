import Lessons
import Testing

struct LessonBookTests {
  private static let text = """
    name: one
    experiment: E0
    claim: A claim.
    source: Nowhere
    story: {question: Q, expect: E, planted: P, look: [cascade], fixes: F, costs: C}
    settings: {all.threads: 4}
    load: {rate: 10, duration: 2s}
    cells:
      - name: a
      - name: b
        settings: {gateway.threads: 8}
        load: {clients: 3}
        quick: false
    checks:
      - {says: x, cell: b, measured: throughput, predicted: load.rate, within: 20 or 10 %}
    """

  @Test func everyLessonIsValid() throws {
    let lessons = try LessonBook.lessons()
    #expect(lessons.count >= 9)
    #expect(Set(lessons.map(\.name)).count == lessons.count)
    for lesson in lessons {
      #expect(Set(lesson.cells.map(\.name)).count == lesson.cells.count)
      #expect(!lesson.checks.isEmpty)
      let cells = Set(lesson.cells.map(\.name))
      for check in lesson.checks {
        let asked = Set(check.measured.names.compactMap(\.cell) + [check.cell]).subtracting(["every"])
        #expect(asked.isSubset(of: cells), "\(lesson.name): \(check.says) asks \(asked)")
        // A check of the quick set must find its cells there.
        let quick = Set(lesson.cells.filter(\.isQuick).map(\.name))
        #expect(!check.isQuick || asked.isSubset(of: quick), "\(lesson.name): \(check.says)")
      }
    }
  }

  @Test func cellsInheritWhatTheyDoNotSay() throws {
    let lesson = try LessonBook.read(Self.text, file: "one.yaml")
    #expect(lesson.cells.map(\.name) == ["a", "b"])
    #expect(lesson.cells[1].settings == ["all.threads": "4", "gateway.threads": "8"])
    #expect(lesson.cells[0].load.rate == 10)
    #expect(lesson.cells[1].load.rate == nil && lesson.cells[1].load.clients == 3)
    #expect(lesson.cells[1].load.duration == .seconds(2))
    #expect(!lesson.cells[1].isQuick)
    guard case .within(_, let amount, let share) = lesson.checks[0].rule else {
      Issue.record("not within")
      return
    }
    #expect(amount == 20 && share == 0.1)
  }

  @Test func anotherTextHasAnotherDigest() throws {
    let one = try LessonBook.read(Self.text, file: "one.yaml")
    let other = try LessonBook.read(Self.text.replacing("rate: 10,", with: "rate: 11,"), file: "one.yaml")
    #expect(one.digest != other.digest)
  }

  /// Else a change of how a lesson is drawn would have all of its runs repeated.
  @Test func howALessonIsDrawnChangesNoDigest() throws {
    let plot = "plot: {says: served, measure: throughput, unit: /s}"
    let one = try LessonBook.read(Self.text, file: "one.yaml")
    let drawn = try LessonBook.read(Self.text.replacing("checks:", with: "\(plot)\nchecks:"), file: "one.yaml")
    #expect(one.digest == drawn.digest)
    #expect(one.plot == nil)
    #expect(drawn.plot?.says == "served" && drawn.plot?.unit == "/s")
    #expect(drawn.plot?.measure == .name("throughput", cell: nil))
  }

  @Test(arguments: [
    ("claim: A claim.", "clam: A claim.", "1:1: claim: found nothing"),
    ("threads: 4}", "threads: [4]}", "6:25: settings.all.threads: found a list"),
    ("rate: 10,", "rate: -1,", "7:14: load.rate: found -1, expected a number (more than 0"),
    ("duration: 2s", "duration: 2", "7:28: load.duration: found 2, expected a duration (such as 2s, at most 24h)"),
    ("threads: 4}", "thread: 4}", "6:24: settings.all.thread: found an unknown key"),
    ("threads: 4}", "threads: 0}", "settings.all.threads: found 0, expected a whole number (1…4096)"),
    ("gateway.threads", "gatway.threads", "did you mean gateway?"),
    ("claim: A claim.", "claim: A claim.\nclam: x", "4:1: clam: found an unknown key"),
    ("duration: 2s", "duration: 2s, drain: 1s", "7:32: load.drain: found an unknown key"),
    ("story: {", "story: 5 #", "5:8: story: found 5, expected a mapping with question, expect"),
    ("cell: b", "cell: c", "15:5: checks.cell: found c, expected one of a, b"),
    ("measured: throughput", "measured: 1 +", "expected an expression: at character 4"),
    ("within: 20 or 10 %", "within: some", "found some, expected a tolerance (such as 10 %"),
    ("quick: false", "quick: no", "found no, expected a flag (true, false)"),
    ("predicted: load.rate, ", "", "checks.predicted: found nothing"),
    (
      "checks:", "plot: {says: a, unit: ms}\nchecks:", "plot.measure: found nothing, expected an expression, or a check"
    ),
    ("checks:", "plot: {measure: a}\nchecks:", "plot.says: found nothing"),
  ]) func whatIsWrongIsNamedWithItsPlace(_ old: String, _ new: String, _ message: String) throws {
    let text = Self.text.replacing(old, with: new)
    try #require(text != Self.text)
    let error = #expect(throws: LessonError.self) { try LessonBook.read(text, file: "one.yaml") }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }
}
