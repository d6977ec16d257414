import ChainModel

/// What each of the 256 mixes of IO models serves, as a square: rows for the gateway and user-service, columns for
/// order-service and payment-service. Darker is more, and the number stands in the cell.
struct MatrixPlot {
  let runs: [CellResult]

  private static let size = 40.0

  func write(to markup: inout Markup) {
    var measured: [String: [Double]] = [:]
    for run in runs where run.discarded == nil {
      if let value = run.figures["throughput"] { measured[run.cell, default: []].append(value) }
    }
    let values = measured.mapValues(Evaluation.median)
    guard let most = values.values.max(), most > 0 else { return }
    let pairs = "BANC".flatMap { first in "BANC".map { String([first, $0]) } }
    let width = Self.size * 17
    let words =
      "From \(FigureText.number(values.values.min() ?? 0)) to \(FigureText.number(most)); each number stands in its cell."
    markup.picture("Requests served per second by each mix of IO models", words, width: width, height: width) {
      markup in
      for (index, pair) in pairs.enumerated() {
        let place = Self.size * (Double(index) + 1)
        markup.element("text", pair, [("x", "\(place + 10)"), ("y", "26")])
        markup.element("text", pair, [("x", "10"), ("y", "\(place + 24)")])
        for (column, other) in pairs.enumerated() {
          guard let value = values[pair + other] else { continue }
          draw(value / most, value, x: Self.size * (Double(column) + 1), y: place, &markup)
        }
      }
    }
    markup.element(
      "p",
      "Rows: gateway and user-service; columns: order-service and payment-service. "
        + IOModel.allCases.map { "\($0.traits.letter) \($0.rawValue)" }.joined(separator: ", ") + ".",
      [("class", "soft")])
    steps(&markup)
  }

  private func draw(_ share: Double, _ value: Double, x: Double, y: Double, _ markup: inout Markup) {
    let box = [("x", "\(x)"), ("y", "\(y)"), ("width", "\(Self.size)"), ("height", "\(Self.size)")]
    let opacity = "\((share * share * 90).rounded() / 100)"
    markup.single("rect", box + [("class", "cell"), ("fill", "#2c8a3e"), ("fill-opacity", opacity)])
    markup.element("text", FigureText.number(value.rounded()), [("x", "\(x + 6)"), ("y", "\(y + 24)")])
  }

  private func steps(_ markup: inout Markup) {
    LessonReport.table(
      ["services converted", "at best", "served"],
      Mixes.steps(runs).map { step in
        let names = step.services.isEmpty ? "none" : step.services.joined(separator: ", ")
        return ["\(step.converted)", names, FigureText.rate(step.throughput)].map { ($0, nil) }
      }, &markup)
  }
}
