import ArgumentParser
import Supervisor
import TraceLog
import CascadeAnalysis
import ChainModel

struct Audit: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check that a run's log adds up: its invariants I1 to I4, in exact nanoseconds.",
    discussion: """
      EXAMPLE: chainlab audit
      I1 a thread's states add up to its lifetime; I2 it is in one state at a time; I3 queue wait + service time =
      response time; I4 waits lie within their span, and parents exist. Ends with 1 when one is violated.
      """)

  @OptionGroup var choice: RunChoice
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    try ExitCodes.reporting {
      let audit = LogAudit(try choice.snapshot())
      Output.result(json ? WireJSON.encode(audit) : Array(Self.text(audit).utf8))
      guard audit.isClean else { throw ArgumentParser.ExitCode(Supervisor.ExitCode.failed.rawValue) }
    }
  }

  private static func text(_ audit: LogAudit) -> String {
    let checked = audit.checked
    var lines = [
      "checked \(checked.requests) requests, \(checked.waits) waits, \(checked.spans) spans, \(checked.threads) threads"
    ]
    for invariant in Invariant.allCases {
      let count = audit.counts[invariant] ?? 0
      lines.append(
        "  \(count == 0 ? "holds   " : "BROKEN  ") \(invariant.rawValue)  \(invariant.statement)\(count == 0 ? "" : ": \(count) times")"
      )
    }
    lines += audit.violations.prefix(10).map { "  \($0)" }
    let residual = audit.residual
    if residual.count > 0 {
      lines.append(
        "outside the gateway (connections, kernel queues, the client): mean \(residual.mean / 1000) us, "
          + "at most \(residual.max / 1000) us, over \(residual.count) requests")
    }
    for (gap, count) in audit.incomplete.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      lines.append("not judged: \(count) \(gap.rawValue)")
    }
    lines.append("the log: \(audit.lost.text)")
    return lines.joined(separator: "\n")
  }
}
