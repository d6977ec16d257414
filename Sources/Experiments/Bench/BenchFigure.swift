import ChainModel

/// One figure of the benchmark beside its target.
///
/// Keys: `bench`, `name`, `value`, `unit`, `low` and `high` (the 95 % confidence interval of a median, where there is
/// one), `target` (as text), `verdict` (`met`, `missed`, `not decided` or, for a figure without a target, `measured`),
/// `note`, and for a point of a curve `curve` and `x` (what was varied, and its value).
package struct BenchFigure: Codable {
  package enum Verdict: String, Codable {
    case met
    case missed
    /// Its confidence interval holds the target, or it could not be measured.
    case undecided = "not decided"
    case measured
  }

  var bench: String
  var name: String
  var value: Double?
  var unit: String
  var low: Double?
  var high: Double?
  var target: String?
  package var verdict: Verdict
  var note: String?
  var curve: String?
  var x: Double?

  /// What the target says of a figure.
  package enum Target {
    case atLeast(Double)
    case atMost(Double)

    var text: String {
      switch self {
      case .atLeast(let bound): "≥ \(FigureText.number(bound))"
      case .atMost(let bound): "≤ \(FigureText.number(bound))"
      }
    }

    func holds(_ value: Double) -> Bool {
      switch self {
      case .atLeast(let bound): value >= bound
      case .atMost(let bound): value <= bound
      }
    }
  }

  /// A figure measured once.
  init(_ bench: String, _ name: String, _ value: Double, _ unit: String, _ target: Target?, note: String? = nil) {
    self.init(bench, name, unit, target, note: note)
    self.value = value
    verdict = target.map { $0.holds(value) ? .met : .missed } ?? .measured
  }

  /// A point of a curve.
  init(_ bench: String, curve: String, x: Int, _ value: Double, _ unit: String) {
    self.init(bench, "\(curve): \(x)", value, unit, nil)
    (self.curve, self.x) = (curve, Double(x))
  }

  /// A median of paired measurements, which its interval must confirm: a target within it is not decided.
  package init(
    _ bench: String, _ name: String, _ sample: PairedSample, _ unit: String, _ target: Target?, note: String? = nil
  ) {
    self.init(bench, name, unit, target, note: note)
    guard let median = sample.median, let interval = sample.interval else {
      verdict = target == nil ? .measured : .undecided
      self.note = "\(sample.values.count) slices that other work did not disturb, expected 5; \(note ?? "")"
      return
    }
    (value, low, high) = (median, interval.lowerBound, interval.upperBound)
    guard let target else { return }
    let sides = [target.holds(interval.lowerBound), target.holds(interval.upperBound)]
    verdict = sides == [true, true] ? .met : sides == [false, false] ? .missed : .undecided
  }

  /// What cannot be measured here.
  package init(_ bench: String, _ name: String, missing why: String, _ target: Target?) {
    self.init(bench, name, "", target, note: why)
    verdict = .undecided
  }

  private init(_ bench: String, _ name: String, _ unit: String, _ target: Target?, note: String?) {
    self.bench = bench
    self.name = name
    self.unit = unit
    self.target = target.map { unit.isEmpty ? $0.text : "\($0.text) \(unit)" }
    self.note = note
    verdict = .measured
  }
}

/// Values of one figure, each from measurements taken side by side.
package struct PairedSample {
  package var values: [Double] = []

  package init(values: [Double] = []) { self.values = values }

  /// Nil for fewer than 5 values: their interval would be their range, and less than 95 % sure.
  package var median: Double? {
    guard values.count >= 5 else { return nil }
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  /// The 95 % confidence interval of the median, by the order statistics of a binomial distribution, which says nothing
  /// of how the values are distributed. Of 5 it is their range (94 %).
  package var interval: ClosedRange<Double>? {
    guard values.count >= 5 else { return nil }
    let sorted = values.sorted()
    let count = Double(sorted.count)
    // 1.96 standard deviations of the number of values below the median.
    let reach = 0.98 * count.squareRoot()
    let low = max(0, Int((count / 2 - reach).rounded(.down)))
    let high = min(sorted.count - 1, Int((count / 2 + reach).rounded(.up)) - 1)
    return sorted[low]...sorted[max(low, high)]
  }
}
