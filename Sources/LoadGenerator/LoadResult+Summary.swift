import ChainModel

extension LoadResult {
  /// The result for people: several lines of at most 80 characters as a rule, without colours.
  package func summary() -> String {
    ([title, ""] + counts + [""] + times + notes).joined(separator: "\n")
  }

  private var title: String {
    let load =
      if let rate = plan.rate, let spacing = plan.spacing {
        "open loop, \(FigureText.number(rate)) requests/s (\(spacing.rawValue), seed \(plan.seed))"
      } else {
        "closed loop, \(FigureText.count(plan.clients ?? 0, "client"))"
      }
    let warmUp = plan.warmUpSeconds > 0 ? " after \(FigureText.seconds(plan.warmUpSeconds)) of warm-up" : ""
    let connections = plan.newConnections ? ", a connection per request" : ""
    let target = plan.kinds.map { "\($0.method) \($0.endpoint(in: plan.target).text)\($0.path)" }.joined(
      separator: ", ")
    return "\(load), \(FigureText.seconds(measuredSeconds))\(warmUp)\(connections)\n\(target)"
  }

  private var counts: [String] {
    var lines = ["verdict     \(verdict)"]
    lines.append("outcomes    \(outcomes.isEmpty ? "none" : outcomes)")
    if let offered = rates.offered {
      let notSent = measured.notSent > 0 ? ", \(FigureText.count(measured.notSent)) of them not sent" : ""
      lines.append(
        "rate        \(FigureText.rate(offered)) asked (\(FigureText.count(measured.due)) due\(notSent)), "
          + "\(FigureText.rate(rates.started)) sent, \(FigureText.rate(rates.answered ?? rates.ended)) answered")
    }
    if let reason { lines.append("not reached \(reason)") }
    if let sentLate {
      let figures = [("p50", sentLate.p50), ("p99", sentLate.p99), ("max", sentLate.max)]
      lines.append("sent late   " + figures.map { "\($0) \(FigureText.value($1, "ms"))" }.joined(separator: ", "))
    }
    lines.append("achieved    \(FigureText.rate(rates.successful)) good, \(FigureText.rate(rates.ended)) ended")
    if measured.unfinished > 0 { lines.append("unfinished  \(FigureText.count(measured.unfinished))") }
    lines.append("connections \(FigureText.count(connections))")
    return lines
  }

  /// Why the rate was not reached.
  private var reason: String? {
    switch rateMissed {
    case .generatorLate: "the generator was late: this machine was too busy, or stopped it; ask for less"
    case .connectionsBounded:
      "connections are bounded: as many requests were unanswered as this process may have"
    case .serverSlow: "the server was slow: requests came faster than answers"
    case .requestsFailed: "requests failed: \(FigureText.count(measured.failed)) of them got no answer"
    case nil: nil
    }
  }

  /// `200: 9,120  503: 2,900  timeout: 3`.
  var outcomes: String {
    let statuses = measured.byStatus.sorted { $0.key < $1.key }.map { "\($0.key): \(FigureText.count($0.value))" }
    let failures = measured.byFailure.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { "\($0.key.rawValue): \(FigureText.count($0.value))" }
    return (statuses + failures).joined(separator: "  ")
  }

  private var times: [String] {
    var rows = [("good, since due", latency.successful.corrected)]
    rows.append(("good, since sent", latency.successful.uncorrected))
    if measured.ended > measured.successful {
      rows.append(("all, since due", latency.all.corrected))
      rows.append(("all, since sent", latency.all.uncorrected))
    }
    let cells = rows.compactMap { name, summary in summary.map { Self.cells(name, $0) } }
    guard !cells.isEmpty else { return ["no request ended"] }
    let table = [["response time", "count", "p50", "p90", "p95", "p99", "p99.9", "max"]] + cells
    let widths = table[0].indices.map { column in table.map { $0[column].count }.max() ?? 0 }
    return table.map { row in
      let numbers = zip(row, widths).dropFirst().map { String(repeating: " ", count: 2 + $1 - $0.count) + $0 }
      return PlainText.pad(row[0], to: widths[0]) + numbers.joined()
    }
  }

  private static func cells(_ name: String, _ summary: LatencySummary) -> [String] {
    let values = [summary.p50, summary.p90, summary.p95, summary.p99, summary.p999, summary.max]
    return [name, FigureText.count(summary.count)] + values.map { FigureText.value($0, "ms") }
  }

  private var notes: [String] {
    var notes: [String] = []
    if plan.clients != nil {
      notes.append("The clients of a closed loop stop asking while they wait, which hides stalls;")
      notes.append("use an open loop (--rate) to see what users see.")
    }
    if wasCancelled { notes.append("The load was interrupted.") }
    return notes.isEmpty ? [] : [""] + notes
  }
}
