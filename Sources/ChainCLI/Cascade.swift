import ArgumentParser
import CascadeAnalysis
import ChainModel
import TraceLog

struct Cascade: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What blocked what, how it spread, why, what it cost, and what would help.",
    discussion: """
      EXAMPLE: chainlab cascade --from 5s --to 20s
      It needs nothing but the log, so it works on a running chain, a finished one, and one that crashed. Times count from \
      the run's start.
      """)

  @OptionGroup var choice: RunChoice
  @Option(help: ArgumentHelp("Begin this long after the run's start.", valueName: "duration")) var from: String?
  @Option(help: ArgumentHelp("End this long after the run's start.", valueName: "duration")) var to: String?
  @Option(help: ArgumentHelp("Ignore gaps in a saturation shorter than this.", valueName: "duration")) var gap =
    "\(SaturationRule.standard.gap / 1_000_000)ms"
  @Option(help: ArgumentHelp("Ignore saturations shorter than this.", valueName: "duration")) var shortest =
    "\(SaturationRule.standard.shortest / 1_000_000)ms"
  @Flag(help: "Print JSON; its keys are documented in CascadeReport.swift.") var json = false

  func validate() throws {
    for (name, text) in [("gap", gap), ("shortest", shortest)] where DurationText.parse(text) == nil {
      throw ValidationError("--\(name): found '\(text)', expected \(DurationText.expected)")
    }
  }

  func run() throws {
    try ExitCodes.reporting {
      let window = try RunWindow(from: from, to: to)
      let scan = try choice.reader().scan()
      let (start, end) = try window.range(in: scan)
      let report = CascadeReport(
        scan,
        options: CascadeOptions(
          from: start, to: end, rule: SaturationRule(gap: Self.length(gap), shortest: Self.length(shortest))))
      // Traces of other systems tell of requests, and of nothing that a cascade is made of.
      if report.requests == 0, let spans = RequestReport(try choice.snapshot()) {
        return Output.result(json ? WireJSON.encode(spans) : Array(spans.text(width: Output.width).utf8))
      }
      if json { return Output.result(WireJSON.encode(report)) }
      let told = [report.from, report.to].map { FigureText.moment($0, decimals: 2) }
      Output.result(try choice.title(told.joined(separator: " to ")))
      Output.result(report.text(width: Output.width))
    }
  }

  private static func length(_ text: String) -> UInt64 { DurationText.parse(text)?.nanoseconds ?? 0 }
}
