import ChainModel

/// One handler as it is written in each style, side by side, with what each costs.
struct StylesSection {
  let styles: [CodeShape]
  let runs: [CellResult]

  func write(to markup: inout Markup) {
    guard !styles.isEmpty else { return }
    markup.element("section", [("id", "styles")]) { markup in
      markup.element("h2", "The same request, written in each style")
      markup.element(
        "p",
        "The gateway asks for the user, then for the user's orders, then for their payments. async and nonblocking-async "
          + "run the same code: what differs is who waits.")
      LessonReport.table(
        [
          "style", "lines", "deepest nesting", "errors passed on by hand", "completions",
          "processor time of the gateway",
        ],
        styles.map { row($0) }, &markup)
      markup.element("div", [("class", "styles")]) { markup in
        for (names, code) in CodeShape.distinct(styles) {
          markup.element("div") { markup in
            markup.element("h3", names)
            markup.element("pre", code)
          }
        }
      }
    }
  }

  private func row(_ style: CodeShape) -> [(text: String, link: String?)] {
    let figures = runs.filter { $0.lesson == "callback-hell" && $0.discarded == nil && style.style == $0.cell }
      .compactMap { $0.figures["cpu_us(gateway)"] }
    let cost = figures.isEmpty ? "not measured" : "\(FigureText.value(Evaluation.median(figures), "µs")) a request"
    return [
      style.style, "\(style.lines)", "\(style.nesting)", "\(style.errorHandOffs)", "\(style.completions)", cost,
    ].map { ($0, nil) }
  }
}
