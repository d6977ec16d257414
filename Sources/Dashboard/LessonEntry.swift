package import Lessons

/// A lesson for the page, told in steps, with what was measured if it was run here.
///
/// Keys: `name`, `experiment`, `claim`, `source`, `quick` (whether `outcome` is of `--quick`), `story`: `question`,
/// `expect`, `planted`, `fixes`, `costs`; `outcome` (see `LessonOutcome`; absent before the first run).
package struct LessonEntry: Encodable, Sendable {
  private struct Story: Encodable {
    var question: String
    var expect: String
    var planted: String
    var fixes: String
    var costs: String
  }

  private let name: String
  private let experiment: String
  private let claim: String
  private let source: String
  private let quick: Bool
  private let story: Story
  private let outcome: LessonOutcome?

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
    story = Story(
      question: lesson.story.question, expect: lesson.story.expect, planted: lesson.story.planted,
      fixes: lesson.story.fixes, costs: lesson.story.costs)
    self.outcome = outcome
  }
}
