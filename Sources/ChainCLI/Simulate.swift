import ArgumentParser
import ChainModel
import ChainSimulator
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
      The log is the one that the services would have written. Of more than some million records, simulate less.
      """)

  @OptionGroup var options: SimulationOptions
  @Option(name: .shortAndLong, help: ArgumentHelp("Write the log there, and make no run.", valueName: "file"))
  var output: String?
  @Option(help: "Simulate with this many seeds, on all processors, and keep no log: means and confidence intervals.")
  var replications: Int?
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
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
      if let output {
        let (result, log) = try plan.record(runID: "simulated")
        try LogArchive.write(log, to: output)
        return report(result, log, place: output)
      }
      let store = try RunStore(root: options.lab.folder)
      let run = try store.createImported(from: "simulation", versions: ["chainlab": Version.text])
      do {
        let (result, log) = try plan.record(runID: run.id)
        try LogArchive.write(log, to: run.savedLogPath)
        report(result, log, place: "run \(run.id)")
      } catch {
        store.discard(run)
        throw error
      }
    }
  }

  private func report(_ result: SimulationResult, _ log: LogSnapshot, place: String) {
    let times = result.times
    if json {
      return Output.result(
        WireJSON.encode(
          Summary(
            place: place, records: log.records.count, events: result.events, sent: result.sent, done: result.done,
            throughput: result.throughput, goodput: result.goodput, mean: times.mean, p99: times.percentile(0.99))))
    }
    Output.result(
      "simulated as \(place): \(FigureText.count(log.records.count)) records, \(FigureText.count(result.events)) events"
    )
    Output.result(
      "  \(FigureText.number(result.throughput)) answers/s, \(FigureText.rate(result.goodput)) of them good; response time "
        + "mean \(FigureText.seconds(times.mean)), p99 \(FigureText.seconds(times.percentile(0.99)))")
  }

  /// Keys: `place`, `records`, `events`, `sent`, `done`, `throughput_per_s`, `goodput_per_s`, `response_time_mean_s`,
  /// `response_time_p99_s`.
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
      case mean = "response_time_mean_s"
      case p99 = "response_time_p99_s"
    }
  }
}
