import Foundation
import FoundationXML
import Lessons
import Testing

struct LessonReportTests {
  private static let hostile = "</p><script>alert('x')</script> & \"quoted\"\u{7}"

  private func lesson(
    _ claim: String = "A claim.", plot: String = "plot: {says: drawn, measure: a, unit: ms}"
  ) throws -> Lesson {
    let text = claim.replacing("\"", with: "\\\"").replacing("\u{7}", with: "\\a")
    return try LessonBook.read(
      """
      name: one
      experiment: E0
      claim: "\(text)"
      source: Nowhere
      story: {question: Q, expect: E, planted: P, look: [], fixes: F, costs: C}
      load: {rate: 10}
      cells: [{name: one}, {name: two}]
      \(plot)
      checks:
        - {says: "first, with a comma", measured: a, predicted: "10", within: 10 %, unit: ms}
        - {says: second, measured: b, at_least: "5"}
        - {says: third, measured: nothing, at_most: "5"}
      """, file: "one.yaml")
  }

  private func report(_ lesson: Lesson, _ figures: [[String: Double]], discarded: String? = nil) -> LessonReport {
    let results = figures.enumerated().map { seed, figures in
      CellResult(
        lesson: "one", cell: "one", seed: seed + 1, digest: lesson.digest, quick: true, figures: figures,
        discarded: discarded)
    }
    return LessonReport(
      [lesson], results, isQuick: true, machine: Self.hostile, version: "1", writtenAt: "now",
      styles: [CodeShape(style: "blocking", code: "if a < b && c > d { \"x\" }")])
  }

  /// It is XML too, so that a parser can tell whether each tag is closed.
  private func isWellFormed(_ html: String) -> Bool {
    let parser = XMLParser(data: Data(html.replacing("<!doctype html>", with: "").utf8))
    return parser.parse()
  }

  @Test func thePageSaysWhatWasMeasured() throws {
    let html = report(try lesson(), [["a": 10.5, "b": 4]]).html
    for text in ["10.5 ms", "9 to 11", "confirmed", "refuted", "not decided: no value for nothing", "at least 5"] {
      #expect(html.contains(text), "\(text)")
    }
    #expect(html.contains("bin/chainlab lesson run one --quick --again"))
    #expect(isWellFormed(html))
  }

  @Test func noTextBecomesMarkup() throws {
    let html = report(try lesson(Self.hostile), [["a": 1, "b": 2]], discarded: Self.hostile).html
    #expect(!html.contains("<script"))
    #expect(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;quoted&quot;"))
    #expect(!html.contains("\u{7}"))
    #expect(!html.contains("http://") && !html.contains("https://"))
    #expect(isWellFormed(html))
  }

  @Test(arguments: [0, -5, 1e300, -1e300, .infinity, .nan, 1e-300, .greatestFiniteMagnitude])
  func anyValueCanBeDrawn(_ value: Double) throws {
    let html = report(try lesson(), [["a": value, "b": value], ["a": 1, "b": 1]]).html
    #expect(isWellFormed(html))
    let drawn = try coordinates(html)
    #expect(drawn.count > 40)
    for (name, value) in drawn { #expect((0...760).contains(value), "\(name) is \(value)") }
  }

  /// Of all that is drawn, each with the attribute's name.
  private func coordinates(_ html: String) throws -> [(name: String, value: Double)] {
    try html.matches(of: /\s(x|y|cx|cy|width|height)="([^"]*)"/).map { match in
      (String(match.1), try #require(Double(match.2), "\(match.0)"))
    }
  }

  @Test func cellsStandBesideOneAnotherOnOneScale() throws {
    let lesson = try lesson()
    let results = [("one", 1, 10.0), ("one", 2, 30), ("one", 3, 20), ("two", 1, 5)].map { cell, seed, value in
      CellResult(
        lesson: "one", cell: cell, seed: seed, digest: lesson.digest, quick: false, figures: ["a": value, "b": 1])
    }
    let page = LessonReport([lesson], results, isQuick: false, machine: "", version: "", writtenAt: "", styles: [])
    #expect(page.html.contains("<title>drawn (ms)</title>"))
    #expect(page.html.contains("<desc>one: 20, predicted 10; two: 5</desc>"))
    #expect(isWellFormed(page.html))
    // 20 is four times 5, and the range of the first goes from half of its bar to one and a half.
    let bars = try widths("bar", page.html)
    try #require(bars.count == 2)
    #expect(abs(bars[0] / bars[1] - 4) < 0.02)
    #expect(abs(try #require(try widths("range", page.html).first) / bars[0] - 1) < 0.02)
  }

  private func widths(_ kind: String, _ html: String) throws -> [Double] {
    try html.matches(of: /<rect class="([a-z]+)"[^>]*width="([^"]*)"/).filter { $0.1 == kind }.map { match in
      try #require(Double(match.2))
    }
  }

  @Test func whatWasNotMeasuredHasNoBar() throws {
    let page = report(try lesson(), [["a": 10, "b": 4]]).html
    #expect(page.contains("<desc>one: 10, predicted 10; two: not measured</desc>"))
    #expect(try widths("bar", page).count == 1)
    let nothing = report(try lesson(), [["b": 4]]).html
    #expect(!nothing.contains("<title>drawn"))
    #expect(isWellFormed(nothing))
  }

  /// A drawing does not wrap its texts: what is longer would be cut by its edge.
  @Test func longTextsFitIntoADrawing() throws {
    let long = String(repeating: "long ", count: 40)
    let text = String(repeating: "a", count: 74)
    var outcome = try #require(LessonOutcome(lesson(), [], quick: true).checks.first)
    outcome.says = long
    outcome.measured = 5
    var markup = Markup()
    CheckPlot(checks: [outcome]).write(to: &markup)
    let drawn = markup.text.matches(of: /<text [^>]*>([^<]*)</).map { String($0.1) }.filter { $0.contains("long") }
    #expect(drawn.count == 1 && drawn[0].count == 74 && drawn[0].hasSuffix("…"), "\(drawn)")
    #expect(Markup.shortened(text, to: 74) == text)
  }

  @Test func withoutAMeasureTheChecksAreTheBars() throws {
    let page = report(try lesson(plot: "plot: {says: drawn, unit: ms}"), [["a": 12, "b": 4]]).html
    #expect(page.contains("<desc>first, with a comma: 12, predicted 10</desc>"))
  }

  @Test(
    arguments: [
      [], [0], [-3], [-1e308, 1e308], [.nan, .infinity], [.leastNonzeroMagnitude], [0.05, 0.3], [78, 637],
      [99.9, 100.1],
    ] as [[Double]])
  func anAxisHasRoomForItsValuesAndFewTicks(_ values: [Double]) {
    let axis = Axis(values)
    #expect((2...13).contains(axis.ticks.count), "\(axis.ticks)")
    #expect(axis.ticks.allSatisfy(\.isFinite) && axis.ticks.contains(0))
    for value in values + [0] { #expect((0...1).contains(axis.share(value)), "\(value)") }
    #expect(axis.ticks.map(axis.share).max() == 1 && axis.ticks.map(axis.share).min() == 0)
  }

  @Test func thePageSaysWhatDoesNotCount() throws {
    #expect(
      report(try lesson(), [["a": 10, "b": 4]]).html.contains("1 quick runs, one for each cell, of 1 claims; all of"))
    let none = report(try lesson(), [["a": 10, "b": 4]], discarded: "the host was busy").html
    #expect(none.contains("1 of them do not count, each with its reason under its claim (one)"))
    #expect(none.contains("Does not count: one, seed 1: the host was busy."))
  }

  @Test func honestyIsToldFromTheData() throws {
    let without = report(try lesson(), [["a": 10, "b": 4]]).html
    #expect(without.contains("Not measured here: bin/chainlab lesson run no-win"))
    #expect(without.contains("E0 one: second"))
    let lesson = try #require(try LessonBook.lessons().first { $0.name == "no-win" })
    let results = [("blocking", 150.0), ("nonblocking-async", 149)].map { cell, value in
      CellResult(
        lesson: lesson.name, cell: cell, seed: 1, digest: lesson.digest, quick: true, figures: ["throughput": value])
    }
    let page = LessonReport([lesson], results, isQuick: true, machine: "", version: "", writtenAt: "", styles: []).html
    #expect(page.contains("<li>throughput, against blocking: 0.993 times, confirmed</li>"))
    #expect(page.contains("Nothing, in these runs."))
  }

  @Test func tablesForOtherProgramsKeepEachField() throws {
    let csv = report(try lesson(), [["a": 10, "b": 4]]).csv
    let lines = csv.split(separator: "\r\n")
    #expect(lines.count == 4)
    #expect(lines[1].hasPrefix("E0,one,\"first, with a comma\",one,ms,10.0,10.0,10.0,1,10.0,9.0,11.0,confirmed"))
  }

  @Test func eachFigureOfEachRunHasALine() throws {
    let csv = report(try lesson(), [["a": 10, "b": 4]], discarded: "busy, it said").figuresCSV
    #expect(
      csv
        == "lesson,cell,seed,discarded,figure,value\r\none,one,1,\"busy, it said\",a,10.0\r\none,one,1,\"busy, it said\",b,4.0\r\n"
    )
  }

  @Test(arguments: [
    ("plain", "plain"), ("a,b", "\"a,b\""), ("a\nb", "\"a\nb\""), ("a\rb", "\"a\rb\""), ("a\r\nb", "\"a\r\nb\""),
    ("say \"a\"", "\"say \"\"a\"\"\""), ("\"\u{301}", "\"\"\"\u{301}\""), ("", ""),
  ]) func fieldsAreQuotedWhereTheyMustBe(_ field: String, _ quoted: String) {
    #expect(Array(LessonReport.quoted(field).utf8) == Array(quoted.utf8))
  }

  @Test func theMatrixShowsEachMix() throws {
    let lesson = try #require(try LessonBook.lessons().first { $0.isMatrix })
    #expect(lesson.cells.count == 256)
    #expect(lesson.cells.first?.settings["gateway.io_model"] == "blocking")
    #expect(lesson.cells.last?.settings["payment-service.io_model"] == "nonblocking-async")
    let results = lesson.cells.enumerated().map { number, cell in
      CellResult(
        lesson: lesson.name, cell: cell.name, seed: 1, digest: lesson.digest, quick: false,
        figures: ["throughput": Double(number), "chain_ceiling": Double(number), "load.rate": 200])
    }
    let page = LessonReport(
      [lesson], results, isQuick: false, machine: "", version: "", writtenAt: "", styles: []
    ).html
    #expect(page.ranges(of: "class=\"cell\"").count == 256)
    #expect(isWellFormed(page))
    let steps = Mixes.steps(results)
    #expect(steps.map(\.converted) == [0, 1, 2, 3, 4])
    #expect(steps[1].mix == "CBBB" && steps[1].services == ["gateway"])
    #expect(steps[4].throughput == 255)
    let check = LessonOutcome(lesson, results, quick: false).checks[0]
    #expect(check.measured == 1 && check.verdict == .confirmed)
  }
}
