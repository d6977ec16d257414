import Foundation
import FoundationXML
import Lessons
import Testing

struct LessonReportTests {
  private static let hostile = "</p><script>alert('x')</script> & \"quoted\"\u{7}"

  private func lesson(_ claim: String = "A claim.") throws -> Lesson {
    let text = claim.replacing("\"", with: "\\\"").replacing("\u{7}", with: "\\a")
    return try LessonBook.read(
      """
      name: one
      experiment: E0
      claim: "\(text)"
      source: Nowhere
      story: {question: Q, expect: E, planted: P, look: [], fixes: F, costs: C}
      load: {rate: 10}
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
    for part in html.split(separator: "=\"").dropFirst() {
      let number = part.prefix { $0 != "\"" }
      #expect(number != "nan" && number != "inf" && number != "-inf")
    }
  }

  @Test func tablesForOtherProgramsKeepEachField() throws {
    let csv = report(try lesson(), [["a": 10, "b": 4]]).csv
    let lines = csv.split(separator: "\r\n")
    #expect(lines.count == 4)
    #expect(lines[1].hasPrefix("E0,one,\"first, with a comma\",one,ms,10.0,10.0,10.0,1,10.0,9.0,11.0,confirmed"))
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
