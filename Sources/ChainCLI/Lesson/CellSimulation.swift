import ChainModel
import ChainSimulator
import Lessons
import Topology

/// What the simulator says of a cell, without having seen it run: `simulated.throughput` (successful answers per second),
/// `simulated.mean_ms`, `simulated.p50_ms`, `simulated.p99_ms`, and `simulated.onset_ms(S)` after the script's first fault.
struct CellSimulation {
  let cell: Lesson.Cell
  let topology: Topology
  let duration: Duration
  let seed: Int

  /// - Returns: nothing for what the simulator cannot do: other paths, and steps that are no faults.
  func figures() -> [String: Double] {
    guard
      let route = ["/users": SimulatedSystem.nested, "/orchestrated": SimulatedSystem.orchestrated].first(where: {
        cell.load.path.hasPrefix($0.key)
      })?.value, cell.pings == nil, cell.script.allSatisfy({ $0.words.first == "fault" }), !cell.load.newConnections
    else { return [:] }
    let system = SimulatedSystem(topology, cores: 2)
    guard let result = try? SimulationPlan(system, load(route), changes: try faults(system)).run() else { return [:] }
    var figures = ["simulated.throughput": result.goodput]
    if let times = result.routes.first?.times, times.count > 0 {
      figures["simulated.mean_ms"] = times.mean * 1000
      figures["simulated.p50_ms"] = times.percentile(0.5) * 1000
      figures["simulated.p99_ms"] = times.percentile(0.99) * 1000
    }
    guard let fault = cell.script.map(\.at).min() else { return figures }
    for service in result.services where service.replica <= 1 {
      guard let full = service.saturations.first(where: { $0.onset >= fault.seconds }) else { continue }
      figures["simulated.onset_ms(\(service.name))"] = (full.onset - fault.seconds) * 1000
    }
    return figures
  }

  private func load(_ route: Int) -> SimulatedLoad {
    var rules = CallPolicy()
    rules.timeout = cell.load.timeout
    let arrival: SimulatedLoad.Arrival =
      cell.load.clients.map { .closed(clients: $0, think: .zero) }
      ?? .open(rate: cell.load.rate ?? 1, cell.load.isPoisson ? .poisson : .fixed)
    return SimulatedLoad(
      arrival, entries: [SimulatedLoad.Entry(service: 0, route: route)], warmUp: cell.load.warmUp, duration: duration,
      rules: rules, seed: UInt64(seed))
  }

  private func faults(_ system: SimulatedSystem) throws -> [ScriptedChange] {
    try cell.script.compactMap { step in
      guard step.words.count >= 3, let service = system.index(of: step.words[1]) else { return nil }
      return ScriptedChange(
        at: step.at, service: service, .fault(try ChainModel.Fault.parse(words: Array(step.words.dropFirst(2)))))
    }
  }
}
