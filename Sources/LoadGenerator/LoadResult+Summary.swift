import ChainModel

extension LoadResult {
  /// The result for people: several lines, without colours.
  package func summary() -> String {
    ([title, ""] + counts + [""] + latencies + notes).joined(separator: "\n")
  }

  private var title: String {
    let load =
      if let rate = plan.rate, let spacing = plan.spacing {
        "open loop, \(FigureText.number(rate)) requests/s (\(spacing.rawValue), seed \(plan.seed))"
      } else {
        "closed loop, \(plan.clients ?? 0) clients"
      }
    let warmUp = plan.warmUpSeconds > 0 ? " after \(FigureText.seconds(plan.warmUpSeconds)) of warm-up" : ""
    let connections = plan.newConnections ? ", a connection per request" : ""
    let target = "GET \(plan.host):\(plan.port)\(plan.paths.joined(separator: ", "))"
    return "\(load), \(FigureText.seconds(measuredSeconds))\(warmUp)\(connections)\n\(target)"
  }

  private var counts: [String] {
    var lines: [String] = []
    if let offered = rates.offered {
      lines.append(
        "offered     \(FigureText.rate(offered)) (\(FigureText.count(measured.due)) due, \(FigureText.count(measured.notSent)) of them not sent)"
      )
    }
    lines.append("achieved    \(FigureText.rate(rates.successful)) successful, \(FigureText.rate(rates.ended)) ended")
    let statuses = measured.byStatus.sorted { $0.key < $1.key }.map { "\($0.key): \(FigureText.count($0.value))" }
    let failures = measured.byFailure.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { "\($0.key.rawValue): \(FigureText.count($0.value))" }
    let outcomes = (statuses + failures).joined(separator: "  ")
    lines.append("outcomes    \(outcomes.isEmpty ? "none" : outcomes)")
    lines.append("unfinished  \(FigureText.count(measured.unfinished))")
    lines.append("connections \(FigureText.count(connections))")
    return lines
  }

  private var latencies: [String] {
    var rows = [("successful, from due time", latency.successful.corrected)]
    rows.append(("successful, from send time", latency.successful.uncorrected))
    if measured.ended > measured.successful {
      rows.append(("all, from due time", latency.all.corrected))
      rows.append(("all, from send time", latency.all.uncorrected))
    }
    let present = rows.compactMap { name, summary in summary.map { Self.row(name, $0) } }
    guard !present.isEmpty else { return ["no request ended"] }
    return [Self.row("response time", ["count", "p50", "p90", "p95", "p99", "p99.9", "max"])] + present
  }

  private static func row(_ name: String, _ summary: LatencySummary) -> String {
    let values = [summary.p50, summary.p90, summary.p95, summary.p99, summary.p999, summary.max]
    return row(name, [FigureText.count(summary.count)] + values.map { FigureText.value($0, "ms") })
  }

  private static func row(_ name: String, _ cells: [String]) -> String {
    func padding(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(1, width - text.count)) }
    return name + padding(name, 26) + cells.map { padding($0, 9) + $0 }.joined()
  }

  private var notes: [String] {
    var notes: [String] = []
    if plan.clients != nil {
      notes.append("A closed loop's clients stop asking while they wait, so these latencies hide stalls;")
      notes.append("take the open loop (a rate) to see what users see.")
    }
    if wasCancelled { notes.append("The run was cancelled.") }
    return notes.isEmpty ? [] : [""] + notes
  }
}
