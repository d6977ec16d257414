import ChainModel

extension LoadResult {
  /// The result for people: several lines, without colours.
  package func summary() -> String {
    ([title, ""] + counts + [""] + latencies + notes).joined(separator: "\n")
  }

  private var title: String {
    let load =
      if let rate = plan.rate, let spacing = plan.spacing {
        "open loop, \(rate.text(1)) requests/s (\(spacing.rawValue), seed \(plan.seed))"
      } else {
        "closed loop, \(plan.clients ?? 0) clients"
      }
    let warmUp = plan.warmUpSeconds > 0 ? " after \(plan.warmUpSeconds.text(1)) s of warm-up" : ""
    let connections = plan.newConnections ? ", a connection per request" : ""
    let target = "GET \(plan.host):\(plan.port)\(plan.paths.joined(separator: ", "))"
    return "\(load), \(measuredSeconds.text(1)) s\(warmUp)\(connections)\n\(target)"
  }

  private var counts: [String] {
    var lines: [String] = []
    if let offered = rates.offered {
      lines.append("offered     \(offered.text(1))/s (\(measured.due) due, \(measured.notSent) of them not sent)")
    }
    lines.append("achieved    \(rates.successful.text(1))/s successful, \(rates.ended.text(1))/s ended")
    let statuses = measured.byStatus.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    let failures = measured.byFailure.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { "\($0.key.rawValue): \($0.value)" }
    let outcomes = (statuses + failures).joined(separator: "  ")
    lines.append("outcomes    \(outcomes.isEmpty ? "none" : outcomes)")
    lines.append("unfinished  \(measured.unfinished)")
    lines.append("connections \(connections)")
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
    return [Self.row("latency in ms", ["count", "p50", "p90", "p95", "p99", "p99.9", "max"])] + present
  }

  private static func row(_ name: String, _ summary: LatencySummary) -> String {
    let values = [summary.p50, summary.p90, summary.p95, summary.p99, summary.p999, summary.max]
    return row(name, ["\(summary.count)"] + values.map { $0.text($0 < 100 ? 2 : 0) })
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
