import ArgumentParser
import ChainModel
import ChainSimulator
import Experiments
import Supervisor
import Topology
import TraceLog

struct Simulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Simulate a chain, and keep it as a run that every instrument reads.",
    discussion: """
      EXAMPLES:
        chainlab simulate --rate 60 --duration 20s --fault 'payment-service latency=1s' --fault-at 5s
        chainlab simulate --topology mesh:40 --rate 200 --duration 10s
        chainlab simulate --topology topology.yaml --rate 200 --poisson --replications 10
        chainlab cascade
      It writes the log that the services would have written, and says before how large that will be. A run that is \
      interrupted, or that outgrows --max-size, is not kept.
      """)

  @OptionGroup var options: SimulationOptions
  @Option(name: .shortAndLong, help: ArgumentHelp("Write the log there, and make no run.", valueName: "file"))
  var output: String?
  @Option(help: "Simulate with this many seeds, on all processors, and keep no log: means and confidence intervals.")
  var replications: Int?
  @Option(help: ArgumentHelp("Make no log larger than this: 1MiB to 63GiB.", valueName: "size")) var maxSize = "4GiB"
  @Option(help: ArgumentHelp("A name to find the run by, besides its id.", valueName: "name")) var name: String?
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    try RunName.check(name)
    try options.requireLoad()
    guard let replications else { return }
    guard (1...10_000).contains(replications) else {
      throw ValidationError("--replications: found \(replications), expected 1 to 10000")
    }
    guard output == nil else {
      throw ValidationError("-o: found with --replications, which keep no log; expected one of them")
    }
  }

  func run() async throws {
    try await ExitCodes.reporting {
      let plan = try options.systemPlan() ?? options.plan(options.topology())
      if let replications {
        return try await ReplicatedSimulation.report(plan, count: replications, json: json)
      }
      let size = try LogSize(maxSize)
      try size.announce(plan, in: output.map(Self.folder(of:)) ?? options.lab.folder)
      Interruption.watch()
      if let output {
        var outcome: (result: SimulationResult, records: Int)?
        try OutputFile.place(output) {
          outcome = try SimulatedLogFile(path: $0, plan: plan, size: size).record(runID: "simulated")
        }
        guard let outcome else { return }
        return report(
          outcome.result, outcome.records, place: output, isStandard: OutputFile.isStandard(output))
      }
      let store = try RunStore(root: options.lab.folder)
      let run = try store.createImported(from: RunRecord.simulation, named: name, versions: ["chainlab": Version.text])
      do {
        let file = try SimulatedLogFile(path: run.savedLogPath, plan: plan, size: size)
        let (result, records) = try file.record(runID: run.id)
        report(result, records, place: "run \(run.id)")
      } catch {
        store.discard(run)
        throw error
      }
    }
  }

  private static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
  }

  /// Where standard output has the log, the report goes to standard error.
  private func report(_ result: SimulationResult, _ records: Int, place: String, isStandard: Bool = false) {
    let times = result.times
    let summary = Summary(
      place: place, records: records, events: result.events, sent: result.sent, done: result.done,
      throughput: result.throughput, goodput: result.goodput, mean: times.mean * 1000,
      p99: times.percentile(0.99) * 1000)
    let answers = "\(FigureText.number(result.throughput)) answers/s, \(FigureText.rate(result.goodput)) of them good"
    let text = """
      simulated as \(place): \(FigureText.count(records)) records, \(FigureText.count(result.events)) events
        \(answers); response time mean \(FigureText.seconds(times.mean)), p99 \(FigureText.seconds(times.percentile(0.99)))
      """
    guard !isStandard else { return Output.note(text) }
    Output.result(json ? WireJSON.encode(summary) : Array(text.utf8))
  }

  /// Keys: `place`, `records`, `events`, `sent`, `done`, `throughput_per_s`, `goodput_per_s`, `mean_ms`,
  /// `p99_ms` (response times).
  private struct Summary: Encodable {
    var place: String
    var records: Int
    var events: Int
    var sent: Int
    var done: Int
    var throughput: Double
    var goodput: Double
    var mean: Double
    var p99: Double

    enum CodingKeys: String, CodingKey {
      case place, records, events, sent, done
      case throughput = "throughput_per_s"
      case goodput = "goodput_per_s"
      case mean = "mean_ms"
      case p99 = "p99_ms"
    }
  }
}
