import ChainModel
import TraceLog

extension KernelAgreement {
  /// The verdict, a table by service and state, then what does not agree and why.
  package func text(limit: Int) -> String {
    guard total.compared > 0 else { return "nothing to compare: no sample of a thread that the log knows" }
    var lines = [
      "log and kernel agree on \(Self.percent(total)) of \(total.compared) samples "
        + "(\(FigureText.duration(elapsed(from, to))), \(samples) taken)",
      peers.compared == 0
        ? "no thread was blocked in a call: send some load while it looks"
        : "the peer of a thread blocked in a call: \(peers.agree) of \(peers.compared) on a socket of the service that the log names",
    ]
    lines.append(row(["SERVICE"] + Self.states.map { $0.uppercased() }))
    for (service, tallies) in services.sorted(by: { $0.key < $1.key }) {
      lines.append(row([service.text] + Self.states.map { Self.cell(tallies[$0]) }))
    }
    if moved > 0 {
      lines.append("not compared: \(moved) samples of threads that changed their state within 0.5 ms of the look")
    }
    if unknown > 0 { lines.append("not compared: \(unknown) samples of threads that serve no requests") }
    for reason in Reason.allCases {
      reasons[reason].map { lines.append("\($0) × \(reason.text)") }
    }
    lines += disagreements.prefix(limit).map { item in
      "  \(FigureText.moment(item.at, decimals: 9))  \(item.service)  \(item.thread)  log: \(item.log)  kernel: \(item.kernel)"
    }
    if total.compared - total.agree > limit { lines.append("  … see them with --limit, or all with --json") }
    if !lost.isNothing { lines.append("log: \(lost.text)") }
    return lines.joined(separator: "\n")
  }

  private func row(_ cells: [String]) -> String {
    let widths = [17, 20, 20, 20]
    return zip(cells, widths).map { PlainText.pad($0.0, to: $0.1) }.joined(separator: "  ").trimmed
  }

  private static func cell(_ tally: Tally?) -> String { tally.map { "\(percent($0)) of \($0.compared)" } ?? "-" }

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
