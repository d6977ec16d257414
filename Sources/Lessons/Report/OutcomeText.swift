import ChainModel

extension CheckOutcome {
  /// The median, and the range where there is one.
  package var measuredText: String {
    guard let measured else { return "–" }
    let median = FigureText.value(measured, unit)
    guard runs > 1 else { return median }
    let ends = [least ?? measured, most ?? measured].map { FigureText.value($0, unit) }
    return "\(median) (\(FigureText.range(ends[0], ends[1])), \(runs) runs)"
  }

  package var predictedText: String { predicted.map { FigureText.value($0, unit) } ?? "" }

  /// What the median must lie within.
  package var allowedText: String {
    switch (low, high) {
    case (let low?, let high?): FigureText.range(FigureText.value(low, unit), FigureText.value(high, unit))
    case (let low?, nil): "at least \(FigureText.value(low, unit))"
    case (nil, let high?): "at most \(FigureText.value(high, unit))"
    default: ""
    }
  }

  package var verdictText: String { verdict == .undecided ? "not decided: \(reason ?? "")" : verdict.rawValue }
}

extension LessonOutcome {
  package var verdictText: String {
    let held = checks.count { $0.verdict == .confirmed }
    let word = verdict == .undecided ? "not decided" : verdict.rawValue
    return "\(word), \(held) of \(checks.count) checks hold"
  }
}
