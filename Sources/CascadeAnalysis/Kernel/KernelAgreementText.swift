import ChainModel
import TraceLog

extension KernelAgreement {
  /// The verdict with its limits, a table by service and state, then what does not agree and why.
  package func text(limit: Int) -> String {
    guard total.compared > 0 else { return "nothing to compare: no sample of a thread that the log knows" }
    var lines = [verdict]
    lines.append(
      "states: \(Self.percent(total)) of \(total.compared) samples agree (limit \(Self.limitText)); "
        + "\(samples) samples in \(FigureText.duration(elapsed(from, to)))")
    lines.append(
      peers.compared == 0
        ? "peers: no thread was blocked in a call while verify looked; send some load at the same time"
        : "peers: \(peers.agree) of \(peers.compared) threads blocked in a call waited on a socket of the service that the "
          + "log names (limit: all)")
    lines.append(row(["SERVICE"] + Self.states.map { $0.uppercased() }))
    for (service, tallies) in services.sorted(by: { replicas.rank($0.key.text) < replicas.rank($1.key.text) }) {
      lines.append(row([service.text] + Self.states.map { Self.cell(tallies[$0]) }))
    }
    if moved > 0 {
      lines.append("not compared: \(moved) samples of threads that changed their state within 0.5 ms of the look")
    }
    if unknown > 0 { lines.append("not compared: \(unknown) samples of threads that serve no requests") }
    for (reason, count) in reasonsByCount { lines.append("\(count) × \(reason.text)") }
    lines += disagreements.prefix(limit).map { item in
      "  \(FigureText.moment(item.at, decimals: 9))  \(item.service)  \(item.thread)  log: \(item.log)  kernel: \(item.kernel)"
    }
    if total.compared - total.agree > limit { lines.append("  … see more with --limit, or all with --json") }
    if !lost.isNothing { lines.append("log: \(lost.text)") }
    return lines.joined(separator: "\n")
  }

  private var reasonsByCount: [(reason: Reason, count: Int)] {
    Reason.allCases.compactMap { reason in reasons[reason].map { (reason, $0) } }
      .sorted { $0.count > $1.count }
  }

  /// `PASSED: …` or `FAILED: …`, with what failed, and what most of it looks like.
  package var verdict: String {
    guard !holds else { return "PASSED: the kernel shows what the log says" }
    var failures: [String] = []
    if total.share < Self.requiredShare {
      failures.append("\(Self.percent(total)) of the states agree, at least \(Self.limitText) must")
    }
    if peers.agree < peers.compared {
      let wrong = peers.compared - peers.agree
      failures.append(
        "\(FigureText.count(wrong, "thread")) blocked in a call waited on a socket of another service, none may")
    }
    let most = reasonsByCount.first.map { "; most often: \($0.reason.text)" } ?? ""
    return "FAILED: \(failures.joined(separator: "; "))\(most)"
  }

  private static var limitText: String { FigureText.share(requiredShare) }

  private func row(_ cells: [String]) -> String {
    let widths = [17, 20, 20, 20]
    return zip(cells, widths).map { PlainText.pad($0.0, to: $0.1) }.joined(separator: "  ").trimmed
  }

  private static func cell(_ tally: Tally?) -> String { tally.map { "\(percent($0)) of \($0.compared)" } ?? "-" }

  /// Rounded down: 99.996 % is not everything.
  private static func percent(_ tally: Tally) -> String {
    FigureText.share(tally.compared == 0 ? 1 : Double(tally.agree) / Double(tally.compared), rounding: .down)
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = self
    while text.hasSuffix(" ") { text.removeLast() }
    return text
  }
}
