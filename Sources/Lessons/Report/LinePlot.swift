import ChainModel

/// Lines over the values of something that was varied, one under another in the legend, each also told by its dashes.
/// The values stand at equal distances, as they come.
package struct LinePlot: Sendable {
  package struct Line: Sendable {
    package var name: String
    /// One for each label; nil or not finite: a gap.
    package var values: [Double?]

    package init(name: String, values: [Double?]) {
      self.name = name
      self.values = values
    }
  }

  package var title: String
  package var unit: String
  /// What was varied, and its values.
  package var subject: String
  package var labels: [String]
  package var lines: [Line]
  /// One of the labels, by index, with what is to be said of it.
  package var mark: (index: Int, text: String)?

  package init(
    title: String, unit: String, subject: String, labels: [String], lines: [Line],
    mark: (index: Int, text: String)? = nil
  ) {
    self.title = title
    self.unit = unit
    self.subject = subject
    self.labels = labels
    self.lines = lines
    self.mark = mark
  }

  private static let left = 64.0
  private static let top = 40.0
  private static let width = 660.0
  private static let height = 200.0
  private static let legendRow = 18.0
  /// More would touch one another.
  private static let mostTicks = 10

  func write(to markup: inout Markup) {
    guard !labels.isEmpty, !lines.isEmpty else { return }
    let axis = Axis(lines.flatMap(\.values).compactMap { $0 })
    let head = unit.isEmpty ? title : "\(title) (\(unit))"
    let bottom = Self.top + Self.height
    let full = bottom + 48 + Self.legendRow * Double(lines.count)
    markup.picture(head, words, width: 760, height: full) { markup in
      markup.element("text", head, [("class", "head"), ("x", "8"), ("y", "16")])
      grid(axis, &markup)
      drawMark(&markup)
      for (index, line) in lines.enumerated() { draw(line, "line line\(index % 4)", axis, &markup) }
      markup.element(
        "text", subject,
        [("class", "legend"), ("text-anchor", "end"), ("x", "\(Self.left + Self.width)"), ("y", "\(bottom + 34)")])
      for (index, line) in lines.enumerated() {
        let y = bottom + 44 + Self.legendRow * Double(index)
        stroke("line line\(index % 4)", [(Self.left, y), (Self.left + 40, y)], &markup)
        markup.element(
          "text", Markup.shortened(line.name, to: 60),
          [("x", "\(Self.left + 48)"), ("y", Markup.coordinate(y + 4))])
      }
    }
  }

  /// For those who do not see the lines: where each begins, ends, and is largest.
  private var words: String {
    let lines = lines.map { line in
      let known = zip(labels, line.values).compactMap { label, value in
        value.flatMap { $0.isFinite ? (label: label, value: $0) : nil }
      }
      guard let first = known.first, let last = known.last, let most = known.max(by: { $0.value < $1.value }) else {
        return "\(line.name): no value"
      }
      return
        "\(line.name): \(FigureText.number(first.value)) at \(first.label), \(FigureText.number(last.value)) at \(last.label), "
        + "most \(FigureText.number(most.value)) at \(most.label)"
    }
    return (lines + [mark?.text].compactMap { $0 }).joined(separator: "; ")
  }

  private func grid(_ axis: Axis, _ markup: inout Markup) {
    for tick in axis.ticks {
      let y = Self.y(tick, axis)
      markup.rectangle("grid", x: Self.left, y: y, width: Self.width, height: 1)
      markup.element(
        "text", FigureText.number(tick),
        [("text-anchor", "end"), ("x", "\(Self.left - 6)"), ("y", Markup.coordinate(y + 4))])
    }
    let every = max(1, (labels.count + Self.mostTicks - 1) / Self.mostTicks)
    for index in labels.indices where index % every == 0 {
      markup.element(
        "text", Markup.shortened(labels[index], to: 18),
        [
          ("text-anchor", "middle"), ("x", Markup.coordinate(x(index))),
          ("y", "\(Self.top + Self.height + 18)"),
        ])
    }
  }

  private func drawMark(_ markup: inout Markup) {
    guard let mark, labels.indices.contains(mark.index) else { return }
    let place = x(mark.index)
    markup.rectangle("predicted", x: place - 1, y: Self.top, width: 2, height: Self.height)
    let isRight = place > Self.left + Self.width / 2
    markup.element(
      "text", Markup.shortened(mark.text, to: 40),
      [
        ("text-anchor", isRight ? "end" : "start"), ("x", Markup.coordinate(place + (isRight ? -6 : 6))),
        ("y", "\(Self.top - 2)"),
      ])
  }

  private func draw(_ line: Line, _ kind: String, _ axis: Axis, _ markup: inout Markup) {
    var piece: [(x: Double, y: Double)] = []
    for (index, value) in line.values.prefix(labels.count).enumerated() {
      if let value, value.isFinite {
        piece.append((x(index), Self.y(value, axis)))
      } else {
        stroke(kind, piece, &markup)
        piece = []
      }
    }
    stroke(kind, piece, &markup)
  }

  /// A single point gets a line of no length, which round ends make a dot.
  private func stroke(_ kind: String, _ points: [(x: Double, y: Double)], _ markup: inout Markup) {
    guard let first = points.first else { return }
    let all = points.count == 1 ? [first, first] : points
    let text = all.map { "\(Markup.coordinate($0.x)),\(Markup.coordinate($0.y))" }.joined(separator: " ")
    markup.single("polyline", [("class", kind), ("points", text)])
  }

  private func x(_ index: Int) -> Double {
    guard labels.count > 1 else { return Self.left + Self.width / 2 }
    return Self.left + 10 + (Self.width - 20) * Double(index) / Double(labels.count - 1)
  }

  private static func y(_ value: Double, _ axis: Axis) -> Double { top + height * (1 - axis.share(value)) }
}
