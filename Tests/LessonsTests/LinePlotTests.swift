import Foundation
import FoundationXML
import Lessons
import Testing

/// A page of plots: well-formed, within its drawing, readable without the drawing.
@Suite struct LinePlotTests {
  private func page(_ values: [Double?], labels: [String] = ["1", "2", "3"], name: String = "goodput") -> String {
    PlotPage(
      title: "What \(name) does", words: ["First.", "Second."], notes: ["Small."],
      plots: [
        LinePlot(
          title: "Answers", unit: "/s", subject: "threads", labels: labels,
          lines: [.init(name: name, values: values), .init(name: "other", values: [1, 2, 3])],
          mark: (index: 1, text: "knee at 2"))
      ], head: ["a", "b"], rows: [["1", "2"]]
    ).html
  }

  private func isWellFormed(_ html: String) -> Bool {
    XMLParser(data: Data(html.replacing("<!doctype html>", with: "").utf8)).parse()
  }

  @Test func aPageIsCompleteInItself() {
    let html = page([10, 20.5, 30])
    #expect(isWellFormed(html))
    #expect(!html.contains("<script") && !html.contains("http") && html.contains("prefers-color-scheme: dark"))
    #expect(html.contains("goodput: 10 at 1, 30 at 3, most 30 at 3") && html.contains("knee at 2"))
    #expect(html.matches(of: /<polyline/).count == 4, "two lines, and two in the legend")
  }

  @Test(arguments: [0, -5, 1e300, .infinity, .nan, 1e-300, .greatestFiniteMagnitude])
  func anyValueCanBeDrawn(_ value: Double) throws {
    let html = page([value, nil, 1])
    #expect(isWellFormed(html))
    var drawn = 0
    for match in html.matches(of: /points="([^"]*)"/) {
      for pair in match.1.split(separator: " ") {
        for number in pair.split(separator: ",") {
          drawn += 1
          #expect((0...760).contains(try #require(Double(number))), "\(pair)")
        }
      }
    }
    #expect(drawn > 10)
  }

  @Test func aGapIsNotBridged() {
    #expect(page([1, nil, 3]).matches(of: /<polyline/).count == 5)
  }

  @Test func noTextBecomesMarkup() {
    let html = page([1, 2, 3], labels: ["<b>", "&", "\""], name: "<script>alert(1)</script>")
    #expect(isWellFormed(html) && !html.contains("<script>") && !html.contains("<b>"))
  }
}
