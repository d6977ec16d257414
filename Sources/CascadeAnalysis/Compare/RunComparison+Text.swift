import ChainModel

extension RunComparison {
  /// The comparison for people: the runs, what is doubtful, what was changed, what it changed.
  package func text(width: Int) -> String {
    var lines = a.flatMap { heading("A", $0) } + b.flatMap { heading("B", $0) }
    if !warnings.isEmpty { lines += ["", "WITH CARE"] + warnings.map { "  \($0)" } }
    lines += ["", "WHAT WAS CHANGED"] + settingLines
    lines += ["", "WHAT IT CHANGED"] + rowLines
    lines += [""] + notes
    return lines.map { PlainText.cut($0, to: max(60, width)) }.joined(separator: "\n")
  }

  private func heading(_ side: String, _ run: ComparedRun) -> [String] {
    var lines = ["\(side)  run \(run.runID)"]
    let load = run.load?.terms.map { "\($0.name) \(PlainText.clean($0.value))" }.joined(separator: ", ")
    lines.append("   load: \(load ?? "not known")")
    if let from = run.steadyFrom, let to = run.steadyTo {
      lines.append(
        "   steady from \(moment(from)) to \(moment(to)) of the run, in \(run.slices) slices; its load went from "
          + "\(moment(run.loadFrom)) to \(moment(run.loadTo))")
      lines.append("   \(FigureText.count(run.requests, "request")) ended in it")
    } else {
      lines.append("   no steady part")
    }
    if let blamed = run.mostBlamed {
      lines[lines.count - 1] += "; most blamed: \(blamed.text), \(FigureText.share(blamed.share))"
    }
    return lines
  }

  private func moment(_ time: UInt64) -> String { FigureText.moment(time, decimals: 2) }

  private var settingLines: [String] {
    if settings.isEmpty { return ["  nothing that the runs tell"] }
    let widths = (
      settings.map(\.service.count).max() ?? 0, settings.map(\.setting.count).max() ?? 0
    )
    return settings.map { change in
      "  \(PlainText.pad(change.service, to: widths.0))  \(PlainText.pad(change.setting, to: widths.1))  "
        + "\(change.a ?? "not known") ⇒ \(change.b ?? "not known")"
    }
  }

  private var rowLines: [String] {
    let shown = rows.filter { !$0.isNothing }
    guard !shown.isEmpty else { return ["  nothing to compare"] }
    let cells = shown.map { row in
      (row: row, title: row.key.title, a: side(row.a, row.key), b: side(row.b, row.key), change: words(row))
    }
    let widths = [cells.map(\.title), cells.map(\.a), cells.map(\.b)].map { $0.map(\.count).max() ?? 0 }
    var lines: [String] = []
    var service: String?
    for cell in cells {
      if let name = cell.row.key.service, name != service { lines.append("  \(name)") }
      service = cell.row.key.service
      lines.append(
        "    " + PlainText.pad(cell.title, to: widths[0]) + "  " + PlainText.pad(cell.a, to: widths[1]) + "  "
          + PlainText.pad(cell.b, to: widths[2]) + "  " + cell.change)
    }
    return lines
  }

  private func side(_ side: ComparedSide?, _ key: FigureKey) -> String {
    guard let side else { return "not known" }
    guard let value = side.value else { return key.kind == .onset ? "never" : "none" }
    let text = Self.format(value, key)
    guard side.repetitions > 1, let low = side.low, let high = side.high, low < high else { return text }
    return "\(text) (\(FigureText.range(Self.format(low, key), Self.format(high, key))))"
  }

  /// `more, ×3.10 (+12 ms)`.
  private func words(_ row: ComparedRow) -> String {
    switch row.change {
    case .withinNoise: return row.isSingle ? "the same" : "within noise"
    case .notKnown: return "not known"
    case .added, .removed: return row.change.rawValue + (row.isSingle ? " once" : "")
    case .more, .less:
      let difference = row.difference ?? 0
      return "\(row.change.rawValue)\(row.isSingle ? " once" : "")\(ratio(row)) "
        + "(\(FigureText.change(difference) { Self.format($0, row.key) }))"
    }
  }

  private func ratio(_ row: ComparedRow) -> String {
    guard let ratio = row.ratio, ratio > 0 else { return "" }
    return ratio < 0.1 ? ", ÷\(FigureText.number(1 / ratio))" : ", ×\(FigureText.number(ratio))"
  }

  private static func format(_ value: Double, _ key: FigureKey) -> String {
    switch key.unit {
    case .perSecond: FigureText.rate(value)
    case .nanoseconds: FigureText.seconds(value / 1e9)
    case .share: FigureText.share(value)
    case .count: FigureText.number(value)
    }
  }

  private var notes: [String] {
    let spread =
      switch repetitions {
      case .runs:
        [
          "Value: the median of the runs; in brackets the lowest and highest, less a tenth at each end. Within noise: they overlap."
        ]
      case .slices:
        [
          "In brackets: the lowest and highest slice, less a tenth at each end. Within noise: they overlap.",
          "Slices of one run vary less than runs do: for small differences give 5 runs a side, with --also-a and --also-b.",
        ]
      }
    let once = "Once: one observation a side, so that chance cannot be told from change."
    return spread + (rows.contains { $0.isSingle && $0.change != .withinNoise } ? [once] : [])
  }
}
