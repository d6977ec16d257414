import ChainModel
import TraceLog

extension CascadeReport {
  /// The report for people, in the order: what happened, the order, why, what it cost, what would help.
  package func text(width: Int) -> String {
    var lines = ["WHAT HAPPENED", "  \(summary)"]
    lines += section("THE ORDER", orderLines)
    lines += section("WHY", whyLines)
    lines += section("WHAT IT COST", costLines)
    lines += section("WHAT WOULD HELP", helpLines)
    if !incomplete.isEmpty { lines.append("Incomplete: \(incomplete.joined(separator: "; "))") }
    let wide = max(40, width)
    return lines.flatMap { Self.wrap($0, to: wide) }.joined(separator: "\n")
  }

  private func section(_ title: String, _ lines: [String]) -> [String] {
    lines.isEmpty ? [] : [title] + lines.map { "  \($0)" }
  }

  // MARK: The order

  private var orderLines: [String] {
    let told = saturations.filter { !$0.isElsewhere }
    guard !told.isEmpty else { return loopLines }
    var lines = [told.map(arrow).joined(separator: " → ")]
    lines += edges.map(\.text)
    let linked = Set(edges.flatMap { [$0.caller, $0.callee] })
    lines += told.filter { told.count > 1 && !linked.contains($0.service) }.map {
      "\($0.service) was saturated independently of the others"
    }
    lines += told.compactMap { full in full.prediction?.text(full.service) }
    if !recovery.isEmpty { lines.append("recovered in this order: \(recovery.joined(separator: " → "))") }
    let open = told.filter(\.isOpen).map(\.service)
    if !open.isEmpty { lines.append("still saturated at the end: \(open.joined(separator: ", "))") }
    return lines + elsewhereLine + loopLines
  }

  /// `payment-service saturated 4/4 at +0.07 s`; times count from the window's first moment.
  private func arrow(_ full: Saturation) -> String {
    let moment = FigureText.moment(elapsed(from, full.onset), decimals: 2)
    guard full.service == saturations.first?.service else {
      return "\(full.service) \(isFromBefore(full) ? "before the window" : moment)"
    }
    return "\(full.service) saturated \(full.threads)/\(full.threads) "
      + (isFromBefore(full) ? "before the window" : "at \(moment)")
  }

  private var elsewhereLine: [String] {
    let parts = saturations.filter { $0.intervalsElsewhere > 0 }.map {
      "\($0.service) \(FigureText.count($0.intervalsElsewhere, "time"))"
    }
    return parts.isEmpty ? [] : ["also saturated at other times: \(parts.joined(separator: ", "))"]
  }

  private var loopLines: [String] {
    loops.filter { $0.isSaturated && !$0.isOnlyLate }.map { loop in
      "\(loop.loop): busy for up to \(FigureText.share(loop.peakUtilisation)) of a second; stood still "
        + "\(FigureText.count(loop.stalls, "time")), \(FigureText.duration(loop.stalled)) in all, "
        + "\(FigureText.duration(loop.longest)) at most"
    }
  }

  // MARK: Why

  private var whyLines: [String] {
    let unit = verdict.unit == .threads ? "blocked thread-seconds" : "waiting request-seconds"
    let total = FigureText.number(Double(verdict.total) / 1e9)
    var lines: [String] = []
    switch verdict.kind {
    case .rootCause: lines.append("root cause: \(verdict.top?.text ?? "")")
    case .noSingleRootCause: lines.append("no single root cause")
    case .notEnoughData:
      return ["not enough data to name a cause: \(total) \(unit), \(FigureText.count(verdict.requests, "request"))"]
    case .nothingSaturated: lines.append("there is no incident to explain; what requests waited for most:")
    }
    if let basis = verdict.basis {
      lines[0] += " (while \(basis) was saturated, \(FigureText.duration(verdict.duration)))"
    }
    for (place, cause) in verdict.causes.prefix(verdict.kind == .noSingleRootCause ? 5 : 2).enumerated() {
      let label = place == 1 && verdict.kind == .rootCause ? "runner-up: " : ""
      lines.append("\(label)\(cause.text): \(FigureText.share(cause.share)) of \(total) \(unit)")
    }
    if let held = heldLine { lines.append(held) }
    if !verdict.chain.isEmpty { lines.append(verdict.chain.joined(separator: " → ")) }
    return lines
  }

  /// `12.4 of the 13 other threads were held by payment-service db write on average`.
  private var heldLine: String? {
    guard verdict.kind == .rootCause, verdict.unit == .threads, let amplification, window > 0 else { return nil }
    let held = services.reduce(0.0) { $0 + $1.heldByRoot }
    return "\(FigureText.number(held)) of the \(amplification.ceiling) other threads were held by "
      + "\(amplification.root) on average"
  }

  // MARK: What it cost

  private var costLines: [String] {
    var lines = [row("service", "model", "threads", "blocked", "mostly on", "queued", "waiting", "good", "not good")]
    for cost in services {
      let causes = cost.blocked.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }.prefix(2)
      lines.append(
        row(
          cost.service, cost.model?.rawValue ?? "", FigureText.number(cost.meanThreads), seconds(cost.blockedTotal),
          causes.map { "\($0.key.name) \(seconds($0.value))" }.joined(separator: " "), seconds(cost.queued),
          seconds(cost.waitingTotal), "\(cost.outcomes[.ok] ?? 0)", RequestOutcome.text(cost.outcomes)))
    }
    lines.append("blocked is in thread-seconds, queued and waiting in request-seconds: do not add them up")
    if let amplification {
      let unit = amplification.unit == .threads ? "thread" : "request"
      let value = FigureText.number(amplification.value)
      let most = amplification.unit == .threads ? ", \(amplification.ceiling) at most" : ""
      lines.append(
        "amplification \(value): each second of \(amplification.root) cost its callers \(value) \(unit)-seconds "
          + "(\(amplification.depth) if nothing queues\(most))")
      lines += captureLine(amplification)
    }
    lines += bystanders.prefix(5).map { route in
      let waiting = route.waiting > 0 ? ", \(route.waiting) of them still waiting" : ""
      return "bystander \(route.route) at \(route.service): \(route.waitText) "
        + "(\(FigureText.count(route.requests, "request"))\(waiting))"
    }
    return lines
  }

  private func captureLine(_ amplification: Amplification) -> [String] {
    let parts = services.filter { $0.heldByRoot > 0 && amplification.unit == .threads }.map {
      "\($0.service) \(FigureText.number($0.heldByRoot))/\(FigureText.number($0.meanThreads))"
    }
    return parts.isEmpty ? [] : ["held on average: \(parts.joined(separator: ", "))"]
  }

  private func seconds(_ nanoseconds: UInt64) -> String { FigureText.number(Double(nanoseconds) / 1e9) }

  private func row(_ cells: String...) -> String {
    let widths = [16, 18, 8, 9, 24, 9, 9, 7, 8]
    var line = zip(cells, widths).map { PlainText.pad($0.0, to: $0.1) }.joined(separator: " ")
    while line.hasSuffix(" ") { line.removeLast() }
    return line
  }

  // MARK: What would help

  private var helpLines: [String] {
    let needed = findings.contains { $0.severity != .note } ? [] : ["nothing needs mending"]
    return needed
      + findings.map { finding in
        "[\(finding.severity.rawValue)] \(finding.text)" + (finding.look.map { " See: \($0)" } ?? "")
      }
  }

  /// Breaks a line at spaces; what follows is indented by two more.
  private static func wrap(_ line: String, to width: Int) -> [String] {
    guard line.count > width else { return [line] }
    let indent = String(line.prefix { $0 == " " })
    var lines: [String] = []
    var current = indent
    for word in line.dropFirst(indent.count).split(separator: " ", omittingEmptySubsequences: false) {
      if current.count + word.count + 1 > width, current.count > indent.count + 2 {
        lines.append(current)
        current = indent + "  " + word
      } else {
        current += (current.count <= indent.count && lines.isEmpty ? "" : " ") + word
      }
    }
    return lines + [current]
  }
}
