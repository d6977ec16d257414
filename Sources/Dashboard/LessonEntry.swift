import ChainModel
package import Lessons

/// A lesson for the page, told in steps, with what was measured if it was run here.
///
/// Keys: `name`, `experiment`, `claim`, `source`, `quick` (whether `outcome` is of `--quick`), `quick_ns` (how long the runs
/// of `--quick` take together), `story`: `question`,
/// `expect`, `planted`, `fixes`, `costs`; `runs` (those of `--quick`: each `name`, `settings` by key, `load` in words, `script`
/// as command lines), `checks` (each `says`, `unit`); `outcome` (see `LessonOutcome`; absent before the first run).
package struct LessonEntry: Encodable, Sendable {
  private struct Story: Encodable {
    var question: String
    var expect: String
    var planted: String
    var fixes: String
    var costs: String
  }

  private struct Run: Encodable {
    var name: String
    var settings: [String: String]
    var load: String
    var script: [String]

    init(_ cell: Lesson.Cell) {
      name = cell.name
      settings = cell.settings
      load =
        cell.load.rate.map { "\(FigureText.number($0))/s" } ?? cell.load.clients.map { FigureText.count($0, "client") }
        ?? ""
      script = cell.script.map { $0.words.joined(separator: " ") }
    }
  }

  private struct Check: Encodable {
    var says: String
    var unit: String
  }

  private let name: String
  private let experiment: String
  private let claim: String
  private let source: String
  private let quick: Bool
  private let quickLength: UInt64
  private let story: Story
  private let runs: [Run]
  private let checks: [Check]
  private let outcome: LessonOutcome?

  private enum CodingKeys: String, CodingKey {
    case name, experiment, claim, source, quick, story, runs, checks, outcome
    case quickLength = "quick_ns"
  }

  /// To launch a chain, to drain and to read.
  private static let around = Duration.seconds(1.5)

  /// - Parameters:
  ///   - lesson: what it claims.
  ///   - outcome: what was measured; nil if nothing was.
  ///   - isQuick: whether in quick runs.
  package init(_ lesson: Lesson, outcome: LessonOutcome?, isQuick: Bool) {
    name = lesson.name
    experiment = lesson.experiment
    claim = lesson.claim
    source = lesson.source
    quick = isQuick
    quickLength = lesson.cells.filter(\.isQuick).reduce(0) { sum, cell in
      sum + (cell.load.warmUp + (cell.load.quickDuration ?? cell.load.duration) + Self.around).nanoseconds
    }
    story = Story(
      question: lesson.story.question, expect: lesson.story.expect, planted: lesson.story.planted,
      fixes: lesson.story.fixes, costs: lesson.story.costs)
    runs = lesson.cells.filter(\.isQuick).map { Run($0) }
    checks = lesson.checks.filter(\.isQuick).map { Check(says: $0.says, unit: $0.unit) }
    self.outcome = outcome
  }
}
