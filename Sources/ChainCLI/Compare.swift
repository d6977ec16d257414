import ArgumentParser
import CascadeAnalysis
import ChainModel
import Experiments
import FoundationEssentials
import LoadGenerator
import Supervisor
import Topology
import TraceExport
import TraceLog

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What got slow or broke between a quiet window and a bad one, and what changed between two runs.",
    discussion: """
      EXAMPLES:
        chainlab compare quiet incident
        chainlab compare quiet1 incident --also-a quiet2 --also-a quiet3
        chainlab compare 2026-01-31T10-00 2026-01-31T10-05
      First the verdict: which service, or which link between two, added the time to the critical path of requests; where \
      errors began; where work went missing. Its noise is that of the quiet window, split against itself: several quiet \
      windows say it better. Then, of runs of this lab, the figures: of each run the last load, the part of it in which the \
      requests in flight were steady, in slices, whose spread is the noise. To see the noise between runs, give at least 5 \
      runs a side. A run may also be a trace file.
      """)

  @OptionGroup var lab: Lab
  @Argument(
    help: ArgumentHelp(
      "The run to compare with: the beginning of its id, its name, latest, or a file.", valueName: "run-a"))
  var runA: String
  @Argument(help: ArgumentHelp("The run that is compared with it.", valueName: "run-b")) var runB: String
  @Option(help: ArgumentHelp("Another run like A; may be given several times.", valueName: "run")) var alsoA: [String] =
    []
  @Option(help: ArgumentHelp("Another run like B; may be given several times.", valueName: "run")) var alsoB: [String] =
    []
  @Option(
    help: ArgumentHelp(
      "A table of processor use by service or pod and time, as CSV; may be given several times.", valueName: "file"))
  var cpu: [String] = []
  @Option(
    help: ArgumentHelp(
      "A table of log lines by service or pod and time, as CSV; may be given several times.", valueName: "file"))
  var logs: [String] = []
  @Option(help: "Slices of each run's steady part, at least 5.") var slices = 10
  @Flag(help: "Print JSON; its keys are documented in RunComparison.swift and IncidentVerdict.swift.") var json = false

  func validate() throws {
    guard (CompareOptions.leastRepetitions...1000).contains(slices) else {
      throw ValidationError("--slices: found \(slices), expected \(CompareOptions.leastRepetitions) to 1000")
    }
  }

  func run() throws {
    try ExitCodes.reporting {
      let store = try RunStore(root: lab.folder)
      let a = try ([runA] + alsoA).map { try ComparedSource($0, store) }
      let b = try ([runB] + alsoB).map { try ComparedSource($0, store) }
      let result = try ComparedSource.compare(
        a, b, evidence: try EvidenceTable.read(cpu: cpu, logs: logs), slices: slices)
      if json { return Output.result(WireJSON.encode(result)) }
      Output.result(result.verdict.text(width: Output.width))
      if let comparison = result.comparison { Output.result("\n" + comparison.text(width: Output.width)) }
    }
  }
}
