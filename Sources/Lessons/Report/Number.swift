/// Measured values as people read them.
package enum Number {
  /// Three digits, no more.
  package static func text(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    let size = abs(value)
    let digits = size >= 100 || value == value.rounded() ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
    let factor = [1.0, 10, 100, 1000][digits]
    let scaled = (value * factor).rounded() / factor
    return digits == 0 ? "\(Int(scaled))" : "\(scaled == 0 ? 0 : scaled)"
  }
}

extension CheckOutcome {
  /// The median, and the range where there is one.
  package var measuredText: String {
    guard let measured else { return "–" }
    let range =
      runs > 1 ? " (\(Number.text(least ?? measured)) to \(Number.text(most ?? measured)), \(runs) runs)" : ""
    return "\(Number.text(measured)) \(unit)".trimmed + range
  }

  package var predictedText: String { predicted.map { "\(Number.text($0)) \(unit)".trimmed } ?? "" }

  /// What the median must lie within.
  package var allowedText: String {
    switch (low, high) {
    case (let low?, let high?): "\(Number.text(low)) to \(Number.text(high))"
    case (let low?, nil): "at least \(Number.text(low))"
    case (nil, let high?): "at most \(Number.text(high))"
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

extension String {
  fileprivate var trimmed: String { hasSuffix(" ") ? String(dropLast()) : self }
}
