import ChainModel
package import Lessons

/// A lesson and its outcome, for the terminal.
package struct LessonText {
  private let lesson: Lesson

  package init(_ lesson: Lesson) { self.lesson = lesson }

  package func title(width: Int) -> String {
    let head = "\(lesson.experiment) \(lesson.name)"
    return "\(head)\n\(String(repeating: "─", count: head.count))\n\(Self.wrapped(lesson.claim, width: width))"
  }

  package func part(_ title: String, _ text: String, width: Int) -> String {
    "\n\(title.uppercased())\n\(Self.wrapped(text, width: width, indent: 2))"
  }

  /// What will be done, before it is done.
  package func plan(width: Int) -> String {
    let story = lesson.story
    let cells = lesson.cells.map { "  \($0.name): \(Self.describe($0))" }
    let checks = lesson.checks.map { "  \($0.says)" }
    return [
      title(width: width), "Source: \(lesson.source)", part("What you would expect", story.expect, width: width),
      part("Set it up", story.planted, width: width), "\nCELLS", cells.joined(separator: "\n"), "\nCHECKS",
      checks.joined(separator: "\n"), part("What fixes it", story.fixes, width: width),
      part("What it costs", story.costs, width: width),
    ].joined(separator: "\n")
  }

  private static func describe(_ cell: Lesson.Cell) -> String {
    let load =
      cell.load.clients.map { "\($0) clients" } ?? "\(FigureText.number(cell.load.rate ?? 0)) requests a second"
    let settings = cell.settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    let script = cell.script.map { "at \(FigureText.duration($0.at)): \($0.words.joined(separator: " "))" }
    return ([load + " for \(FigureText.duration(cell.load.duration))"] + settings + script).joined(separator: "; ")
  }

  /// Measured beside predicted, a line for each check.
  package static func results(_ outcome: LessonOutcome) -> String {
    let table = TextTable(
      outcome.checks,
      columns: [
        TableColumn("CHECK") { $0.says }, TableColumn("MEASURED") { $0.measuredText },
        TableColumn("PREDICTED") { $0.predictedText }, TableColumn("ALLOWED") { $0.allowedText },
        TableColumn("VERDICT") { $0.verdictText },
      ])
    let verdict = "\n\(outcome.experiment) \(outcome.name): \(outcome.verdictText)"
    return ([table.text, verdict] + outcome.remarks).joined(separator: "\n")
  }

  /// What converting one service after the other gains at best.
  package static func steps(_ steps: [Mixes.Step]) -> String {
    TextTable(
      steps,
      columns: [
        TableColumn("CONVERTED") { "\($0.converted)" },
        TableColumn("AT BEST") { $0.services.isEmpty ? "none" : $0.services.joined(separator: ", ") },
        TableColumn("SERVED") { FigureText.rate($0.throughput) },
      ]
    ).text
  }

  /// All lessons, a line each.
  package static func summary(_ outcomes: [LessonOutcome]) -> String {
    TextTable(
      outcomes,
      columns: [
        TableColumn("") { $0.experiment }, TableColumn("LESSON") { $0.name }, TableColumn("VERDICT") { $0.verdictText },
      ]
    ).text
  }

  package static func wrapped(_ text: String, width: Int, indent: Int = 0) -> String {
    let margin = String(repeating: " ", count: indent)
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return PlainText.wrap(words, to: width - indent).map { margin + $0 }.joined(separator: "\n")
  }
}
