import ArgumentParser
import CascadeAnalysis
import ChainModel
import TraceLog

struct Cascade: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What blocked what, how it spread, why, what it cost, and what would help.",
    discussion: """
      EXAMPLE: chainlab cascade --from 5s --to 20s
      It reads the log alone: the run in progress, a finished one, or one that crashed. Times count from the run's start.
      """)

  @OptionGroup var choice: RunChoice
  @Option(help: ArgumentHelp("Begin so long after the run's start.", valueName: "duration")) var from: String?
  @Option(help: ArgumentHelp("End so long after the run's start.", valueName: "duration")) var to: String?
  @Option(help: ArgumentHelp("Bridge gaps in a saturation that are shorter.", valueName: "duration")) var gap = "50ms"
  @Option(help: ArgumentHelp("Leave out saturations that are shorter.", valueName: "duration")) var shortest = "20ms"
  @Flag(help: "Print JSON; its keys are documented in CascadeReport.swift.") var json = false

  func validate() throws {
    for (name, text) in [("from", from), ("to", to), ("gap", gap), ("shortest", shortest)] {
      guard let text, DurationText.parse(text) == nil else { continue }
      throw ValidationError("--\(name): found '\(text)', expected a duration like 250ms or 10s")
    }
  }

  func run() throws {
    try ExitCodes.reporting {
      let scan = try choice.reader().scan()
      let report = CascadeReport(scan, options: options(from: scan.overview.createdAt))
      // Traces of other systems tell of requests, and of nothing that a cascade is made of.
      if report.requests == 0, let spans = RequestReport(try choice.snapshot()) {
        return Output.result(json ? WireJSON.encode(spans) : Array(spans.text(width: Output.width).utf8))
      }
      if json { return Output.result(WireJSON.encode(report)) }
      Output.result(report.text(width: Output.width))
    }
  }

  private func options(from origin: UInt64) -> CascadeOptions {
    func time(_ text: String?) -> UInt64? {
      text.flatMap { DurationText.parse($0) }.map { origin &+ $0.nanoseconds }
    }
    func length(_ text: String) -> UInt64 { DurationText.parse(text)?.nanoseconds ?? 0 }
    return CascadeOptions(
      from: time(from) ?? 0, to: time(to) ?? .max, gap: length(gap), shortest: length(shortest))
  }
}
