import ChainModel

/// Measured against allowed, a row for each check, as a picture: the band is what is allowed, the mark is the prediction,
/// the dot the median, the line the range over the runs. Each row has a scale of its own, from 0 to the largest value.
package struct CheckPlot {
  private let checks: [CheckOutcome]

  /// - Parameter checks: those that were not measured are left out.
  package init(checks: [CheckOutcome]) { self.checks = checks }

  private static let row = 26.0
  private static let top = 24.0
  private static let left = 8.0
  private static let width = 220.0

  package func write(to markup: inout Markup) {
    let drawn = checks.filter { $0.measured?.isFinite == true }
    guard !drawn.isEmpty else { return }
    let bottom = Self.top + Self.row * Double(drawn.count)
    let title = "Measured values within what is allowed"
    let words = drawn.map { "\($0.says): \($0.measuredText), allowed \($0.allowedText)" }.joined(separator: "; ")
    markup.picture(title, words, width: 760, height: bottom + 24) { markup in
      markup.element("text", title, [("class", "head"), ("x", "8"), ("y", "16")])
      for (index, check) in drawn.enumerated() { Self.draw(check, y: Self.top + Self.row * Double(index), &markup) }
      let legend =
        "dot: median measured (ringed if refuted); thin line: range over the runs; upright mark: predicted; "
        + "band: allowed; each row from 0"
      markup.element("text", legend, [("class", "legend"), ("x", "8"), ("y", Markup.coordinate(bottom + 14))])
    }
  }

  private static func draw(_ check: CheckOutcome, y: Double, _ markup: inout Markup) {
    let values = [check.measured, check.least, check.most, check.low, check.high, check.predicted].compactMap { $0 }
    // Room beyond the largest, so that what is allowed without an end is seen to go on.
    let axis = Axis(values.map { $0 * 1.15 })
    func place(_ value: Double) -> Double { left + axis.share(value) * width }
    let (low, high) = (place(check.low ?? -.infinity), place(check.high ?? .infinity))
    let middle = y + row / 2
    markup.rectangle("band", x: low, y: y + 5, width: max(2, high - low), height: row - 10)
    if let predicted = check.predicted {
      markup.rectangle("predicted", x: place(predicted) - 1, y: y + 2, width: 2, height: row - 4)
    }
    if let least = check.least, let most = check.most, check.runs > 1 {
      markup.rectangle("range", x: place(least), y: middle - 1, width: max(1, place(most) - place(least)), height: 2)
    }
    let mark = check.verdict == .refuted ? "dot refuted" : "dot"
    let x = Markup.coordinate(place(check.measured ?? 0))
    markup.single("circle", [("class", mark), ("cx", x), ("cy", Markup.coordinate(middle)), ("r", "4.5")])
    let measured = FigureText.value(check.measured ?? 0, check.unit)
    markup.element(
      "text", Markup.shortened("\(measured): \(check.says)", to: 74),
      [("x", Markup.coordinate(left + width + 14)), ("y", Markup.coordinate(middle + 4))])
  }
}
