import ChainModel

/// Values beside one another on one scale, a row for each: the bar is the median, the line the range over the runs, the
/// mark what was predicted.
struct BarPlot {
  struct Bar {
    var label: String
    /// Nil if it was not measured.
    var median: Double?
    var least: Double?
    var most: Double?
    var predicted: Double?
  }

  var says: String
  var unit: String
  var bars: [Bar]

  private static let row = 24.0
  private static let top = 28.0
  private static let left = 230.0
  private static let width = 360.0

  private var values: [Double] { bars.flatMap { [$0.median, $0.least, $0.most, $0.predicted].compactMap { $0 } } }
  private var axisTitle: String { unit.isEmpty ? says : "\(says) (\(unit))" }

  func write(to markup: inout Markup) {
    let axis = Axis(values)
    let bottom = Self.top + Self.row * Double(bars.count)
    let words = bars.map { "\($0.label): \(Self.text($0))" }.joined(separator: "; ")
    markup.picture(axisTitle, words, width: 760, height: bottom + 58) { markup in
      markup.element("text", axisTitle, [("class", "head"), ("x", "8"), ("y", "16")])
      for tick in axis.ticks {
        let x = Self.place(tick, axis)
        markup.rectangle("grid", x: x, y: Self.top, width: 1, height: bottom - Self.top)
        markup.element(
          "text", FigureText.number(tick),
          [("text-anchor", "middle"), ("x", Markup.coordinate(x)), ("y", Markup.coordinate(bottom + 16))])
      }
      for (index, bar) in bars.enumerated() {
        Self.draw(bar, axis, y: Self.top + Self.row * Double(index), &markup)
      }
      let legend = "bar: median measured; thin line: range over the runs; upright mark: predicted"
      markup.element("text", legend, [("class", "legend"), ("x", "8"), ("y", Markup.coordinate(bottom + 44))])
    }
  }

  private static func draw(_ bar: Bar, _ axis: Axis, y: Double, _ markup: inout Markup) {
    let baseline = Markup.coordinate(y + row / 2 + 4)
    markup.element(
      "text", Markup.shortened(bar.label, to: 34),
      [("text-anchor", "end"), ("x", Markup.coordinate(left - 8)), ("y", baseline)])
    if let median = bar.median, median.isFinite {
      let (zero, end) = (place(0, axis), place(median, axis))
      markup.rectangle("bar", x: min(zero, end), y: y + 5, width: abs(end - zero), height: row - 10)
    }
    if let least = bar.least, let most = bar.most, least < most {
      let (from, to) = (place(least, axis), place(most, axis))
      markup.rectangle("range", x: from, y: y + row / 2 - 1, width: max(1, to - from), height: 2)
    }
    if let predicted = bar.predicted, predicted.isFinite {
      markup.rectangle("predicted", x: place(predicted, axis) - 1, y: y + 2, width: 3, height: row - 4)
    }
    markup.element("text", text(bar), [("x", Markup.coordinate(left + width + 14)), ("y", baseline)])
  }

  private static func place(_ value: Double, _ axis: Axis) -> Double { left + axis.share(value) * width }

  private static func text(_ bar: Bar) -> String {
    let predicted = bar.predicted.map { "predicted \(FigureText.number($0))" }
    let measured = bar.median.map { FigureText.number($0) } ?? "not measured"
    return ([measured] + [predicted].compactMap { $0 }).joined(separator: ", ")
  }
}

extension BarPlot {
  /// What the lesson wants drawn.
  /// - Returns: nil if it wants nothing, or if nothing of it was measured.
  init?(_ lesson: Lesson, _ outcome: LessonOutcome, _ results: [CellResult], quick: Bool) {
    guard let plot = lesson.plot else { return nil }
    (says, unit) = (plot.says, plot.unit)
    guard let measure = plot.measure else {
      bars = outcome.checks.filter { $0.unit == plot.unit && $0.predicted != nil }.map { check in
        Bar(
          label: check.says, median: check.measured, least: check.least, most: check.most, predicted: check.predicted)
      }
      if bars.isEmpty { return nil }
      return
    }
    let evaluation = Evaluation(lesson, results, quick: quick)
    bars = lesson.cells.filter { !quick || $0.isQuick }.map { cell in
      let values = evaluation.values(measure, cell: cell.name)
      let check = lesson.checks.first { $0.cell == cell.name && $0.measured == measure }
      let predicted = outcome.checks.first { $0.cell == cell.name && $0.says == check?.says }?.predicted
      return Bar(
        label: cell.name, median: values.isEmpty ? nil : Evaluation.median(values), least: values.min(),
        most: values.max(), predicted: predicted)
    }
    if bars.allSatisfy({ $0.median == nil }) { return nil }
  }
}
