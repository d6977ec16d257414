/// A page of plots with their figures as a table, in the report's style: complete in itself, no script.
package struct PlotPage: Sendable {
  package var title: String
  /// What it is about, in sentences; the first one stands out.
  package var words: [String]
  /// How it was made: small print.
  package var notes: [String]
  package var plots: [LinePlot]
  package var head: [String]
  package var rows: [[String]]

  package init(
    title: String, words: [String], notes: [String], plots: [LinePlot], head: [String], rows: [[String]]
  ) {
    self.title = title
    self.words = words
    self.notes = notes
    self.plots = plots
    self.head = head
    self.rows = rows
  }

  /// Colours that differ in lightness too, and dashes, so that lines are told apart without colours.
  private static let css = """
    :root { --line0: #0b57b0; --line1: #b3001e; --line2: #1f7a33; --line3: #6b4fa0; }
    @media (prefers-color-scheme: dark) { :root { --line0: #7db4ff; --line1: #ff7b86; --line2: #7fd491; --line3: #c3a8ff; } }
    .line { fill: none; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    .line0 { stroke: var(--line0); } .line1 { stroke: var(--line1); stroke-dasharray: 8 4; }
    .line2 { stroke: var(--line2); stroke-dasharray: 2 4; } .line3 { stroke: var(--line3); stroke-dasharray: 10 4 2 4; }
    """

  package var html: String {
    var markup = Markup()
    markup.raw("<!doctype html>")
    markup.element("html", [("lang", "en")]) { markup in
      markup.element("head") { markup in
        markup.raw("<meta charset=\"utf-8\"/>")
        markup.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>")
        markup.element("title", title)
        markup.raw("<style>\(ReportStyle.css)\n\(Self.css)</style>")
      }
      markup.element("body") { body(&$0) }
    }
    return markup.text
  }

  private func body(_ markup: inout Markup) {
    markup.element("h1", title)
    for (index, text) in words.enumerated() { markup.element("p", text, index == 0 ? [("class", "claim")] : []) }
    for plot in plots { plot.write(to: &markup) }
    markup.element("h2", "The figures")
    LessonReport.table(head, rows.map { $0.map { (text: $0, link: nil) } }, &markup)
    for text in notes { markup.element("p", text, [("class", "soft")]) }
  }
}
