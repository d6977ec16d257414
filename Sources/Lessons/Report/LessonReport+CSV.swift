/// For other programs (RFC 4180).
extension LessonReport {
  /// A line for each check.
  package var csv: String {
    let head = [
      "experiment", "lesson", "check", "cell", "unit", "measured", "least", "most", "runs", "predicted", "low", "high",
      "verdict",
    ]
    let rows = outcomes.flatMap { outcome in
      outcome.checks.map { check in
        let numbers = [check.measured, check.least, check.most].map { $0.map { "\($0)" } ?? "" }
        let rest = [check.predicted, check.low, check.high].map { $0.map { "\($0)" } ?? "" }
        return [outcome.experiment, outcome.name, check.says, check.cell, check.unit] + numbers + ["\(check.runs)"]
          + rest + [check.verdict.rawValue]
      }
    }
    return Self.table([head] + rows)
  }

  /// A line for each figure of each run, also of those that do not count: these have a reason in `discarded`.
  package var figuresCSV: String {
    let head = ["lesson", "cell", "seed", "discarded", "figure", "value"]
    let rows = runs.flatMap { run in
      run.figures.sorted { $0.key < $1.key }.map { figure, value in
        [run.lesson, run.cell, "\(run.seed)", run.discarded ?? "", figure, "\(value)"]
      }
    }
    return Self.table([head] + rows)
  }

  private static func table(_ rows: [[String]]) -> String {
    rows.map { $0.map(quoted).joined(separator: ",") + "\r\n" }.joined()
  }

  /// By scalars: as characters, a line's end of two scalars is not one of one.
  package static func quoted(_ field: String) -> String {
    guard field.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return field }
    var text = "\""
    for scalar in field.unicodeScalars {
      if scalar == "\"" { text += "\"" }
      text.unicodeScalars.append(scalar)
    }
    return text + "\""
  }
}
