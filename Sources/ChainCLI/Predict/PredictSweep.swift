import ChainModel
import ChainSimulator
import Experiments
import Lessons
import Supervisor
import Topology

/// `predict --sweep`: one simulation for each value.
struct PredictSweep {
  let axis: SweepAxis
  let options: SimulationOptions
  let costs: StepCostTable
  /// Where the page goes, if one is wanted.
  let page: String?

  func run(json: Bool) async throws {
    let sweep = Sweep(axis, try await points())
    if let page {
      let words = SweepPage(sweep: sweep, load: try load(try options.topology()).arrival, options: options)
      try OutputFile.write(Array(words.page.html.utf8), to: page)
      if OutputFile.isStandard(page) { return Output.note(Self.text(sweep)) }
    }
    guard !json else { return Output.result(WireJSON.encode(sweep)) }
    Output.result(Self.text(sweep))
    if let page { Output.note("plots: \(page)") }
  }

  /// The load, without what is varied of it.
  private func load(_ topology: Topology) throws -> SimulatedLoad { try varied.load(try options.entries(topology)) }

  /// What is varied stands in its place in each of the plans.
  private var varied: SimulationOptions {
    var options = options
    switch axis.subject {
    case .rate: options.rate = 1
    case .closed: options.closed = 1
    case .setting: break
    }
    return options
  }

  private func points() async throws -> [SweepPoint] {
    let plans = try plans()
    let results = try await SimulationBatch.run(plans) { done in
      if done % 8 == 0 || done == plans.count { Output.note("\(done)/\(plans.count) simulated") }
    }
    return try zip(axis.values, zip(plans, results)).map { value, run in
      guard let result = run.1 else {
        throw SimulationError.invalid(
          what: "\(axis.subject.name)=\(value)", found: "more requests in flight than a run keeps",
          expected: "a lower rate, or lower queue_limit and in_flight_limit")
      }
      return SweepPoint(value, run.0, result)
    }
  }

  private func plans() throws -> [SimulationPlan] {
    let configured = try options.topology()
    let load = try load(configured)
    return try axis.values.map { value in
      var load = load
      let changed = try axis.applied(value, to: configured, load.arrival)
      load.arrival = changed.arrival
      let system = try options.simulated(changed.topology)
      return SimulationPlan(system, load, changes: try options.faults(system))
    }
  }

  private static func text(_ sweep: Sweep) -> String {
    let knee = sweep.knee?.value
    let table = TextTable(
      sweep.points, columns: columns(sweep) + [TableColumn("") { $0.value == knee ? "← knee" : "" }])
    return "\(table.text)\n\n\(sweep.kneeText)"
  }

  static func columns(_ sweep: Sweep) -> [TableColumn<SweepPoint>] {
    let measures: [Objective.Measure] = [.throughput, .goodput, .mean, .p50, .p99]
    return [TableColumn(sweep.subject) { $0.value }]
      + measures.map { measure in TableColumn(measure.rawValue.uppercased()) { measure.text($0.figures[measure]) } } + [
        TableColumn("SATURATED FIRST") { $0.saturatedFirst ?? "-" }, TableColumn("LIMITED BY") { $0.binding.name },
      ]
  }
}
