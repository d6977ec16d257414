import ChainModel
import Supervisor
import Topology

/// A system of 3 to 12 services. Clients ask the first; each of the others is called by one before it, a leaf now and then
/// by two; half of the services with several callees ask them at the same time.
enum DrawnGraph {
  private static let path = "GET /"

  static func topology(_ dice: inout Dice) -> Topology {
    let callees = edges(&dice)
    let ports = FreePorts.take(2 * callees.count)
    let services = callees.indices.map { index in
      var service = ServiceConfiguration.standard
      service.name = ServiceName("svc-\(index + 1)")
      service.program = ServiceConfiguration.played
      (service.port, service.controlPort) = (ports[2 * index], ports[2 * index + 1])
      // A caller waits longer than its callees do: those come after it.
      service.timeout = .seconds(20 - index)
      service.routes = [ServiceRoute(path, steps(callees[index], &dice))]
      return service
    }
    var topology = Topology(services: services, entries: [Topology.Entry(service: 0)])
    topology.dashboard.enabled = false
    return topology
  }

  /// Of each service, whom it calls.
  private static func edges(_ dice: inout Dice) -> [[Int]] {
    var callees: [[Int]] = Array(repeating: [], count: dice.roll(3...12))
    for service in callees.indices.dropFirst() { callees[dice.roll(0...service - 1)].append(service) }
    for leaf in callees.indices.dropFirst() where callees[leaf].isEmpty && dice.roll(1...4) == 1 {
      let second = dice.roll(0...leaf - 1)
      if !callees[second].contains(leaf) { callees[second].append(leaf) }
    }
    return callees
  }

  private static func steps(_ callees: [Int], _ dice: inout Dice) -> [Step] {
    let work = Step.cpu(.latency(.fixed(.microseconds(200))))
    let calls = callees.map { Step.call(service: $0, route: 0) }
    if calls.isEmpty {
      return [work, .store(.latency(.fixed(.microseconds(500))), label: "rows by key", isFile: false)]
    }
    return [work] + (calls.count > 1 && dice.roll(1...2) == 1 ? [.all(calls)] : calls)
  }
}
