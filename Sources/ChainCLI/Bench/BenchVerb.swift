import ArgumentParser
import ChainModel
import FoundationEssentials
import KernelView
import Lessons
import Supervisor

/// One part of the benchmark.
protocol Bench {
  static var name: String { get }
  /// In one line.
  static var says: String { get }

  init()

  /// - Returns: its figures, in the order of the report.
  func run(_ bench: BenchContext) async throws -> [BenchFigure]
}

/// What the parts are told.
struct BenchContext {
  /// How often contestants take turns.
  var rounds: Int
  /// `Benchmarks/peers`.
  var peerSources: String
  /// The folder with `services.yaml`.
  var root: String

  func note(_ text: String) { Output.note("bench: \(text)") }
}

struct BenchVerb: AsyncParsableCommand {
  static var benches: [any Bench.Type] {
    [
      ThroughputBench.self, TracingBench.self, InFlightBench.self, ThreadBench.self, SwitchBench.self, StartBench.self,
      LogBench.self, SimulatorBench.self, ScaleBench.self,
    ]
  }

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

/// Keys: `machine` (see `Machine.text`), `figures` (see `BenchFigure`).
struct BenchReport: Codable {
  var machine = Machine.text
  var figures: [BenchFigure]

  static let head = ["PART", "FIGURE", "VALUE", "95 % INTERVAL", "TARGET", "VERDICT"]

  var rows: [[String]] {
    figures.map { figure in
      let value = figure.value.map { FigureText.value($0, figure.unit) } ?? "–"
      let interval = figure.low.flatMap { low in
        figure.high.map { FigureText.range(FigureText.value(low, figure.unit), FigureText.value($0, figure.unit)) }
      }
      return [figure.bench, figure.name, value, interval ?? "", figure.target ?? "", figure.verdict.rawValue]
    }
  }

  var text: String {
    var table = TextTable(Self.head)
    for row in rows { table.add(row) }
    let notes = figures.compactMap { figure in figure.note.map { "\(figure.name): \($0)" } }
    return ([table.text, "", machine] + notes).joined(separator: "\n")
  }
}
