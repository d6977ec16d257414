import ArgumentParser
import ChainModel
import ChainSimulator
import Experiments
import Topology

struct Predict: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Predict what the chain will do under a load.",
    discussion: """
      EXAMPLES:
        chainlab predict --closed 32
        chainlab predict --rate 50 --poisson --set payment-service.latency=1s --set order-service.threads=16
        chainlab predict --rate 100 --fault 'payment-service stall=2s' --fault-at 10s --json
        chainlab predict --check --run latest
        chainlab predict --calibrate
        chainlab predict --rate 50 --set payment-service.latency=1s --sweep order-service.threads=1..64 -o sweep.html
        chainlab predict --set payment-service.latency=100ms --objective 'p99<300ms at 60/s' --verify
        chainlab predict --topology mesh:1000 --rate 500 --set '@leaves.io_model=nonblocking'
        chainlab predict --topology mine.yaml --sweep rate=10..400 --steps 20
      It simulates services.yaml and names the method behind each figure. What a request costs a processor is assumed \
      until --calibrate has measured it; figures near the limit of the processors are the least certain. --check simulates \
      each load of a recorded run with the faults, pools and IO models in its log, says what it cannot repeat, and prints \
      the error of each figure.
      """)

  @OptionGroup var options: SimulationOptions
  @OptionGroup var modes: PredictModes
  @OptionGroup var advice: AdviceOptions
  @Flag(help: "Print JSON; its keys are documented in ChainPrediction.swift and PredictionCheck.swift.") var json =
    false

  func validate() throws {
    if modes.check || modes.calibrate { return }
    try advice.validate(with: options)
  }

  func run() async throws {
    try await ExitCodes.reporting {
      if modes.calibrate || modes.check { return try await modes.run(options, json: json) }
      if try await advice.run(options, costs: try options.costs(), json: json) { return }
      if let plan = try options.systemPlan() { return try SystemPrediction.report(plan, json: json) }
      let topology = try options.topology()
      let prediction = try ChainPrediction(topology, try options.plan(topology), costs: try options.costs())
      if json { return Output.result(WireJSON.encode(prediction)) }
      Output.result(Self.text(prediction))
    }
  }

  static func text(_ prediction: ChainPrediction) -> String {
    let figures = TextTable(
      prediction.figures,
      columns: [
        TableColumn("FIGURE") { $0.name }, TableColumn("VALUE") { FigureText.value($0.value, $0.unit) },
        TableColumn("METHOD") { $0.method.rawValue },
      ])
    let services = TextTable(
      prediction.services,
      columns: [
        TableColumn("SERVICE") { $0.service }, TableColumn("THREADS") { "\($0.threads)" },
        TableColumn("BUSY") { FigureText.number($0.held) }, TableColumn("QUEUED") { FigureText.number($0.queued) },
        TableColumn("IN FLIGHT") { FigureText.number($0.inFlight) },
        TableColumn("RESPONSE") { FigureText.seconds($0.responseTime) },
        TableColumn("SATURATED AT") { $0.onset.map { FigureText.seconds($0) } ?? "–" },
        TableColumn("REFUSED") { FigureText.count($0.dropped) },
      ])
    let outcomes = prediction.outcomes.sorted { $0.value > $1.value }.map { "\(FigureText.count($0.value)) \($0.key)" }
    return "\(figures.text)\n\n\(services.text)\n\nrequests: \(outcomes.joined(separator: ", "))\n"
      + "what steps cost a processor: \(prediction.costs ?? "as the topology says")"
  }
}
