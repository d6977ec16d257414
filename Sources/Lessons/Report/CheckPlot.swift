/// Measured against allowed, a row for each check, as a picture: the band is what is allowed, the mark is the prediction,
/// the dot the median, the line the range over the runs. Each row has a scale of its own, from 0 to the largest value.
struct CheckPlot {
  let checks: [CheckOutcome]

  private static let row = 26.0
  private static let left = 8.0
  private static let width = 300.0

  func write(to markup: inout Markup) {
    let drawn = checks.filter { $0.measured?.isFinite == true }
    guard !drawn.isEmpty else { return }
    let height = Self.row * Double(drawn.count) + 8
    let attributes = [
      ("viewBox", "0 0 760 \(height)"), ("role", "img"), ("class", "plot"),
      ("aria-label", "Measured values within what is allowed; the table says the same"),
    ]
    markup.element("svg", attributes) { markup in
      for (index, check) in drawn.enumerated() { Self.draw(check, y: Self.row * Double(index) + 4, &markup) }
    }
  }

  private static func draw(_ check: CheckOutcome, y: Double, _ markup: inout Markup) {
    let values = [check.measured, check.least, check.most, check.low, check.high, check.predicted].compactMap { $0 }
      .filter(\.isFinite)
    let most = max(values.max() ?? 1, 0) * 1.15
    let least = min(values.min() ?? 0, 0) * 1.15
    let span = most - least > 0 ? most - least : 1
    func place(_ value: Double) -> Double { left + (min(max(value, least), most) - least) / span * width }
    let (low, high) = (place(check.low ?? least), place(check.high ?? most))
    let middle = y + row / 2
    bar("band", x: low, y: y + 5, width: max(2, high - low), height: row - 10, &markup)
    if let predicted = check.predicted {
      bar("predicted", x: place(predicted) - 1, y: y + 2, width: 2, height: row - 4, &markup)
    }
    if let least = check.least, let most = check.most, check.runs > 1 {
      bar("range", x: place(least), y: middle - 1, width: max(1, place(most) - place(least)), height: 2, &markup)
    }
    let mark = check.verdict == .refuted ? "dot refuted" : "dot"
    markup.single(
      "circle", [("class", mark), ("cx", text(place(check.measured ?? 0))), ("cy", text(middle)), ("r", "4.5")])
    let words = "\(Number.text(check.measured ?? 0)) \(check.unit): \(check.says)"
    markup.element("text", words, [("x", text(left + width + 14)), ("y", text(middle + 4))])
  }

  private static func bar(
    _ kind: String, x: Double, y: Double, width: Double, height: Double, _ markup: inout Markup
  ) {
    markup.single(
      "rect",
      [("class", kind), ("x", text(x)), ("y", text(y)), ("width", text(width)), ("height", text(height))])
  }

  /// A coordinate; one decimal is finer than any screen.
  private static func text(_ value: Double) -> String {
    value.isFinite ? "\((value * 10).rounded() / 10)" : "0"
  }
}
