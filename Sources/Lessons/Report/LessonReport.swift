import ChainModel

/// All lessons with what was measured, as one page, as a table for other programs, or as JSON.
///
/// Keys: `machine`, `version`, `written_at`, `quick`, `lessons` (each `LessonOutcome`), `runs` (each `CellResult`).
package struct LessonReport: Encodable, Sendable {
  package var machine: String
  package var version: String
  package var writtenAt: String
  package var quick: Bool
  package var outcomes: [LessonOutcome]
  package var runs: [CellResult]
  private let lessons: [Lesson]
  /// Of the callback-hell part.
  private let styles: [CodeShape]

  /// - Parameters:
  ///   - lessons: those that were run.
  ///   - results: all runs of them that are kept.
  ///   - isQuick: which runs count.
  ///   - machine: processors, memory and kernel, in words.
  ///   - version: of the program.
  ///   - writtenAt: when the report is made.
  ///   - styles: one handler as it is written in each style.
  package init(
    _ lessons: [Lesson], _ results: [CellResult], isQuick: Bool, machine: String, version: String, writtenAt: String,
    styles: [CodeShape]
  ) {
    self.lessons = lessons
    self.machine = machine
    self.version = version
    self.writtenAt = writtenAt
    self.styles = styles
    quick = isQuick
    runs = results.filter { $0.quick == isQuick }
    outcomes = lessons.map { LessonOutcome($0, results, quick: isQuick) }
  }

  private enum CodingKeys: String, CodingKey {
    case machine, version, quick, runs
    case outcomes = "lessons"
    case writtenAt = "written_at"
  }

  // MARK: The page

  /// Complete in itself: no other file, no script.
  package var html: String {
    var markup = Markup()
    markup.raw("<!doctype html>")
    markup.element("html", [("lang", "en")]) { markup in
      markup.element("head") { markup in
        markup.raw("<meta charset=\"utf-8\"/>")
        markup.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>")
        markup.element("title", "chainlab: claims, predicted and measured")
        markup.raw("<style>\(ReportStyle.css)</style>")
      }
      markup.element("body") { body(&$0) }
    }
    return markup.text
  }

  private func body(_ markup: inout Markup) {
    markup.element("h1", "Blocked threads: what theory predicts, and what this machine measured")
    markup.element(
      "p",
      "Four services call one another over HTTP, each in one of four IO models. Each claim below was made an experiment: "
        + "what it predicts stands beside what these services did. A value is the median over the runs, with its range."
    )
    markup.element("p", "chainlab \(version); \(machine); \(writtenAt).", [("class", "soft")])
    markup.element("p", counted, [("class", "soft")])
    summary(&markup)
    for (lesson, outcome) in zip(lessons, outcomes) { section(lesson, outcome, &markup) }
    StylesSection(styles: styles, runs: runs).write(to: &markup)
    HonestySection(outcomes: outcomes).write(to: &markup)
  }

  /// How many runs this page is made of, and how many of them do not count.
  private var counted: String {
    let kind = quick ? "quick runs, one for each cell" : "full runs"
    let discarded = runs.filter { $0.discarded != nil }
    let busy = runs.filter { $0.discarded == nil && $0.busy != nil }
    let parts = [(discarded, "do not count"), (busy, "were made on a busy host")].filter { !$0.0.isEmpty }.map {
      "\(FigureText.count($0.0.count)) of them \($0.1), each with its reason under its claim ("
        + Set($0.0.map(\.lesson)).sorted().joined(separator: ", ") + ")"
    }
    let rest = parts.isEmpty ? "all of them count" : parts.joined(separator: "; ")
    return "\(FigureText.count(runs.count)) \(kind), of \(lessons.count) claims; \(rest)."
  }

  private func summary(_ markup: inout Markup) {
    markup.element("h2", "In short")
    Self.table(
      ["", "claim", "verdict"],
      zip(lessons, outcomes).map { lesson, outcome in
        [(outcome.experiment, nil), (lesson.claim, "#\(lesson.name)"), (outcome.verdictText, nil)]
      }, &markup)
  }

  private func section(_ lesson: Lesson, _ outcome: LessonOutcome, _ markup: inout Markup) {
    markup.element("section", [("id", lesson.name)]) { markup in
      markup.element("h2", "\(lesson.experiment) \(lesson.name): \(outcome.verdictText)")
      markup.element("p", lesson.claim, [("class", "claim")])
      markup.element("p", "Source: \(lesson.source)", [("class", "soft")])
      markup.element("p", "\(lesson.story.question) \(lesson.story.expect)")
      markup.element("p", "Set up: \(lesson.story.planted)")
      Self.table(
        ["check", "measured", "predicted", "allowed", "verdict"],
        outcome.checks.map { check in
          [check.says, check.measuredText, check.predictedText, check.allowedText, check.verdictText].map { ($0, nil) }
        }, &markup)
      BarPlot(lesson, outcome, runs, quick: quick)?.write(to: &markup)
      CheckPlot(checks: outcome.checks).write(to: &markup)
      if lesson.isMatrix { MatrixPlot(runs: runs.filter { $0.lesson == lesson.name }).write(to: &markup) }
      for remark in outcome.remarks { markup.element("p", remark, [("class", "soft")]) }
      markup.element("p", "What fixes it: \(lesson.story.fixes) What it costs: \(lesson.story.costs)")
      let option = quick ? " --quick" : ""
      markup.element("p") { $0.element("code", "bin/chainlab lesson run \(lesson.name)\(option) --again") }
    }
  }

  /// Rows of texts, each with where it leads to, if anywhere.
  static func table(_ head: [String], _ rows: [[(text: String, link: String?)]], _ markup: inout Markup) {
    markup.element("div", [("class", "scroll")]) { markup in
      markup.element("table") { markup in
        markup.element("tr") { markup in for text in head { markup.element("th", text, [("scope", "col")]) } }
        for row in rows {
          markup.element("tr") { markup in
            for cell in row {
              guard let link = cell.link else {
                markup.element("td", cell.text)
                continue
              }
              markup.element("td") { $0.element("a", cell.text, [("href", link)]) }
            }
          }
        }
      }
    }
  }
}
