import ChainModel
import Topology

/// A system's steps as a flat list, one after another route by route, so that nothing is looked up by name in a run.
struct Program {
  enum Kind: UInt8 {
    case cpu
    case remote
    case store
    case call
    /// Begins parts, whose steps stand behind the route's own.
    case all
    case end
  }

  struct Instruction {
    var kind: Kind
    /// Of a call: the callee.
    var service = 0
    /// Of a call: the callee's route, among all.
    var route = 0
    /// Of a call: which of the caller's gates.
    var gate = 0
    /// Of `all`: the first step of each part.
    var parts: [Int] = []
    var sampler = Sampler(.zero)
    var isFile = false
    /// Text in the log.
    var label = ""
    var name: UInt32 = 0
  }

  var steps: [Instruction] = []
  /// By route among all: its first step.
  private(set) var starts: [Int] = []
  private(set) var routeNames: [String] = []
  /// By service, the clients last: its first route among all.
  private(set) var firstRoutes: [Int] = []
  /// By service, the clients last: whom it calls.
  private(set) var callees: [[Int]] = []
  /// By service.
  private(set) var bases: [Sampler] = []

  init(_ plan: SimulationPlan) {
    var route = 0
    for service in plan.system.services {
      firstRoutes.append(route)
      route += service.routes.count
      bases.append(Sampler(service.latency))
    }
    firstRoutes.append(route)
    for service in plan.system.services {
      var callees: [Int] = []
      for route in service.routes { add(route.name, route.steps, &callees, plan.system) }
      self.callees.append(callees)
    }
    var callees: [Int] = []
    for entry in plan.load.entries {
      let name = plan.system.services[entry.service].routes[entry.route].name
      add(name, [.call(service: entry.service, route: entry.route)], &callees, plan.system)
    }
    self.callees.append(callees)
  }

  private mutating func add(
    _ name: String, _ route: [Step], _ callees: inout [Int], _ system: SimulatedSystem
  ) {
    starts.append(steps.count)
    routeNames.append(name)
    let first = steps.count
    for step in route { steps.append(compiled(step, &callees, system)) }
    steps.append(Instruction(kind: .end))
    for (place, step) in route.enumerated() {
      guard case .all(let parts) = step else { continue }
      for part in parts {
        steps[first + place].parts.append(steps.count)
        steps += [compiled(part, &callees, system), Instruction(kind: .end)]
      }
    }
  }

  private func compiled(_ step: Step, _ callees: inout [Int], _ system: SimulatedSystem) -> Instruction {
    switch step {
    case .cpu(let time): return Instruction(kind: .cpu, sampler: Sampler(time ?? .zero))
    case .remote(let time): return Instruction(kind: .remote, sampler: Sampler(time), label: "remote system")
    case .store(let time, let label, let isFile):
      return Instruction(kind: .store, sampler: Sampler(time ?? .zero), isFile: isFile, label: label)
    case .call(let service, let route):
      if !callees.contains(service) { callees.append(service) }
      let gate = callees.firstIndex(of: service) ?? 0
      return Instruction(
        kind: .call, service: service, route: firstRoutes[service] + route, gate: gate,
        label: system.services[service].name)
    case .all(let parts): return Instruction(kind: .all, label: "\(parts.count) at the same time")
    }
  }

  /// The routes that requests of this one call, by number among all; as often as they call them.
  func calls(of route: Int) -> [Int] {
    let end = route + 1 < starts.count ? starts[route + 1] : steps.count
    return steps[starts[route]..<end].filter { $0.kind == .call }.map(\.route)
  }
}
