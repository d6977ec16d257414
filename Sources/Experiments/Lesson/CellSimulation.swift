import ChainModel
import ChainSimulator
import KernelView
import Lessons
import Topology
import TraceLog

/// What the simulator says of a cell, without having seen it run: `simulated.throughput` (successful answers per second),
/// `simulated.mean_ms`, `simulated.p50_ms`, `simulated.p99_ms`, and `simulated.onset_ms(S)`, as `onset_ms(S)` is measured;
/// `simulated.calibrated` is 1 if steps cost what was measured on this machine, and 0 if that was assumed.
struct CellSimulation {
  let cell: Lesson.Cell
  let topology: Topology
  let duration: Duration
  let seed: Int
  var costs = StepCostTable.usual

  /// - Returns: nothing for what the simulator cannot do: other paths, and steps that are no faults.
  func figures() -> [String: Double] {
    guard let entry = topology.entry(path: cell.load.path), cell.load.path != "/ping", cell.pings == nil,
      cell.script.allSatisfy({ $0.words.first == "fault" }), !cell.load.newConnections
    else { return [:] }
    let system = SimulatedSystem(topology, cores: Machine.processors, costs: costs)
    let plan = try? SimulationPlan(system, load(entry), changes: faults(system))
    guard let (result, log) = try? plan?.record(runID: cell.name) else { return [:] }
    var figures = ["simulated.throughput": result.goodput]
    figures["simulated.calibrated"] = costs.origin == .assumed ? 0 : 1
    let times = result.times
    if times.count > 0 {
      figures["simulated.mean_ms"] = times.mean * 1000
      figures["simulated.p50_ms"] = times.percentile(0.5) * 1000
      figures["simulated.p99_ms"] = times.percentile(0.99) * 1000
    }
    // As it is measured: by the same rules, of the log that the services would have written.
    let from = log.createdAt + cell.load.warmUp.nanoseconds
    var measures = CellMeasures(
      processes: log.processes, strings: log.strings, window: from...from + duration.nanoseconds)
    for record in log.records { measures.apply(record) }
    for (name, value) in measures.figures(until: log.takenAt) where name.hasPrefix("onset_ms(") {
      figures["simulated.\(name)"] = value
    }
    return figures
  }

  private func load(_ entry: Topology.Entry) -> SimulatedLoad {
    var rules = CallPolicy()
    rules.timeout = cell.load.timeout
    let arrival: SimulatedLoad.Arrival =
      cell.load.clients.map { .closed(clients: $0, think: .zero) }
      ?? .open(rate: cell.load.rate ?? 1, cell.load.isPoisson ? .poisson : .fixed)
    return SimulatedLoad(
      arrival, entries: [SimulatedLoad.Entry(entry)], warmUp: cell.load.warmUp, duration: duration,
      drain: cell.load.timeout, rules: rules, seed: UInt64(seed))
  }

  private func faults(_ system: SimulatedSystem) throws -> [ScriptedChange] {
    try cell.script.compactMap { step in
      guard step.words.count >= 3, let service = system.index(of: step.words[1]) else { return nil }
      return ScriptedChange(
        at: step.at, service: service, .fault(try ChainModel.Fault.parse(words: Array(step.words.dropFirst(2)))))
    }
  }
}
