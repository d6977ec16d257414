import ArgumentParser
import ChainModel
import Experiments
import Lessons
import Supervisor

struct BenchVerb: AsyncParsableCommand {
  private static var benches: [any Bench.Type] { Benchmarks.all }

  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure what the lab costs, each figure beside its target, on chains of its own.",
    discussion: """
      EXAMPLES:
        chainlab bench                 all of it, a quarter of an hour on two cores
        chainlab bench throughput --json
        chainlab bench scale -o scale.html
      PARTS:
      \(benches.map { "  \($0.name)\t\($0.says)" }.joined(separator: "\n"))
      Contestants take turns in slices of a second, all of them warm, and what is compared are ratios within a round, with \
      the 95 % confidence interval of their median. A round in which other work used more than a fifth of a processor does \
      not count. Where the interval holds the target, nothing is decided. The load comes from wrk, if it is installed, and \
      once more from chainlab's own generator. Exits with 1 if a target is missed.
      """)

  @OptionGroup var lab: Lab
  @Argument(help: ArgumentHelp("The parts to run; by default all.", valueName: "part")) var parts: [String] = []
  @Option(help: "How often contestants take turns.") var rounds = 12
  @Option(name: .shortAndLong, help: ArgumentHelp("Write a page with plots, too.", valueName: "file.html"))
  var output: String?
  @Flag(help: "Print JSON; its keys are documented in BenchFigure.swift.") var json = false

  func validate() throws {
    let names = Self.benches.map { $0.name }
    for part in parts where !names.contains(part) {
      throw ValidationError(Typo.unknown("part", part, among: names))
    }
    guard (5...1000).contains(rounds) else { throw ValidationError("--rounds: found \(rounds), expected 5 to 1000") }
  }

  func run() async throws {
    try await ExitCodes.reporting {
      Interruption.watch()
      let context = BenchContext(rounds: rounds, peerSources: "\(lab.folder)/Benchmarks/peers", root: lab.folder)
      var report = BenchReport(figures: [])
      for bench in Self.benches where parts.isEmpty || parts.contains(bench.name) {
        if Interruption.hasCome { break }
        context.note("\(bench.name): \(bench.says)")
        do {
          report.figures += try await bench.init().run(context)
        } catch {
          // The other parts are measured all the same.
          report.figures.append(BenchFigure(bench.name, "all of it", missing: "\(error)", nil))
        }
      }
      if let output {
        try OutputFile.write(Array(BenchPage(report: report).page.html.utf8), to: output)
        context.note("plots: \(output)")
      }
      if output.map(OutputFile.isStandard) == true {
        Output.note(report.text)
      } else {
        Output.result(json ? WireJSON.encode(report) : Array(report.text.utf8))
      }
      guard !report.figures.contains(where: { $0.verdict == .missed }) else {
        throw ArgumentParser.ExitCode(Supervisor.ExitCode.failed.rawValue)
      }
    }
  }
}
