import ChainModel

extension CheckOutcome {
  /// Stands behind what was measured on a busy host.
  package static let mark = "†"

  /// The median, and the range where there is one; marked if the host was busy.
  package var measuredText: String {
    guard let measured else { return "–" }
    let median = FigureText.value(measured, unit) + (busy == nil ? "" : " \(Self.mark)")
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

  package var verdictText: String {
    guard verdict == .undecided else { return verdict.rawValue + (basis.map { " (\($0))" } ?? "") }
    return busy == nil ? "not decided: \(reason ?? "")" : "not decided: the host was busy"
  }
}

extension LessonOutcome {
  /// What the mark means, and what does not count; empty if there is neither.
  package var remarks: [String] {
    let marked = checks.contains { $0.busy != nil }
    let runs = busy.joined(separator: "; ")
    let meaning =
      "\(CheckOutcome.mark) measured while other programs had the processors, which decides nothing that they can change "
      + "(\(runs)). Run it again on a quiet machine, or over 5 seeds without --quick."
    return (marked ? [meaning] : []) + discarded.map { "Does not count: \($0)." }
  }

  package var verdictText: String {
    let held = checks.count { $0.verdict == .confirmed }
    let word = verdict == .undecided ? "not decided" : verdict.rawValue
    let open = checks.count { $0.verdict == .undecided }
    return "\(word), \(held) of \(checks.count) checks hold" + (open > 0 ? ", \(open) undecided" : "")
  }
}
