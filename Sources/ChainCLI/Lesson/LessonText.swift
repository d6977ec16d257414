import ChainModel
import Lessons

/// A lesson and its outcome, for the terminal.
struct LessonText {
  private let lesson: Lesson

  init(_ lesson: Lesson) { self.lesson = lesson }

  func title(width: Int) -> String {
    let head = "\(lesson.experiment) \(lesson.name)"
    return "\(head)\n\(String(repeating: "─", count: head.count))\n\(Self.wrapped(lesson.claim, width: width))"
  }

  func part(_ title: String, _ text: String, width: Int) -> String {
    "\n\(title.uppercased())\n\(Self.wrapped(text, width: width, indent: 2))"
  }

  /// What will be done, before it is done.
  func plan(width: Int) -> String {
    let story = lesson.story
    let cells = lesson.cells.map { "  \($0.name): \(Self.describe($0))" }
    let checks = lesson.checks.map { "  \($0.says)" }
    return [
      title(width: width), "Source: \(lesson.source)", part("What you would expect", story.expect, width: width),
      part("What is planted", story.planted, width: width), "\nCELLS", cells.joined(separator: "\n"), "\nCHECKS",
      checks.joined(separator: "\n"), part("What fixes it", story.fixes, width: width),
      part("What that costs", story.costs, width: width),
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
  static func results(_ outcome: LessonOutcome) -> String {
    var table = TextTable(["CHECK", "MEASURED", "PREDICTED", "ALLOWED", "VERDICT"])
    for check in outcome.checks {
      table.add([
        check.says, check.measuredText, check.predictedText, check.allowedText, check.verdictText,
      ])
    }
    let discarded = outcome.discarded.map { "does not count: \($0)" }
    return ([table.text, "\n\(outcome.experiment) \(outcome.name): \(outcome.verdictText)"] + discarded).joined(
      separator: "\n")
  }

  /// What converting one service after the other gains at best.
  static func steps(_ steps: [Mixes.Step]) -> String {
    var table = TextTable(["CONVERTED", "AT BEST", "SERVED"])
    for step in steps {
      table.add([
        "\(step.converted)", step.services.isEmpty ? "none" : step.services.joined(separator: ", "),
        FigureText.rate(step.throughput),
      ])
    }
    return table.text
  }

  /// All lessons, a line each.
  static func summary(_ outcomes: [LessonOutcome]) -> String {
    var table = TextTable(["", "LESSON", "VERDICT"])
    for outcome in outcomes { table.add([outcome.experiment, outcome.name, outcome.verdictText]) }
    return table.text
  }

  static func wrapped(_ text: String, width: Int, indent: Int = 0) -> String {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = margin
    for word in text.split(whereSeparator: \.isWhitespace) {
      if line.count > indent, line.count + 1 + word.count > width {
        lines.append(line)
        line = margin
      }
      line += (line.count > indent ? " " : "") + word
    }
    return (lines + [line]).joined(separator: "\n")
  }
}
