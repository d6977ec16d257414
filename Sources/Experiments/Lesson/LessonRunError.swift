import ChainModel
package import Supervisor

/// Why a lesson cannot be run, or reported.
package enum LessonRunError: Error, CustomStringConvertible {
  case step(String, String)
  case noSuchLesson(String, [String])
  case noResults

  package var exitCode: Supervisor.ExitCode {
    switch self {
    case .step: .failed
    case .noSuchLesson: .usage
    case .noResults: .noSuchRun
    }
  }

  package var description: String {
    switch self {
    case .step(let words, let reason): "the lesson's step '\(words)' did not work: \(reason)"
    case .noSuchLesson(let name, let known):
      Typo.unknown(
        "lesson", name, among: ["all"] + known, expected: "all or one of \(known.joined(separator: ", "))")
    case .noResults: "no lesson has been run here; run one with: \(CommandHint("lesson run cascade-front"))"
    }
  }
}
