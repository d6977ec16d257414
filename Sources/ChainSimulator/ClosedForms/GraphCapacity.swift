import ChainModel
import Topology

/// The most requests that a system of any graph can serve if it serves them all, without a simulation:
/// `min_i T_i / Σ_r v_r h_r`, and processors over work.
///
/// `v_r` is how often one request of the load asks for route `r`, `h_r` how long one answer of it holds a thread while
/// nobody waits: its own time, and that of everything that it calls, for whom a blocking service waits with its thread
/// (Little 1961, for the threads of each service). Beyond it some are refused or wait for ever; those of other kinds, that
/// come through, may be more.
package struct GraphCapacity: Hashable, Sendable {
  /// By service, requests of the load per second; infinite where no thread waits.
  package private(set) var byThreads: [Double]
  /// Nil where processors are not limited, or nothing needs one.
  package private(set) var byCores: Double?
  /// Whose processors are scarcest: a service's own, or nil, those that are shared.
  package private(set) var scarcestCores: Int?
  /// Seconds that one request of the load takes while nobody waits, on average over the entries.
  package private(set) var unloadedTime = 0.0
  /// Requests at all services for one of the load.
  package private(set) var visits = 0.0

  private struct Times {
    var response = 0.0
    /// Of a thread of the service itself, of the pool that waits.
    var held = 0.0
    var cpu = 0.0
  }

  /// - Parameter plan: one that is valid: its routes call each other in no circle.
  package init(_ plan: SimulationPlan) {
    let program = Program(plan)
    let owners = Self.owners(plan)
    let order = Self.order(program)
    var times = Array(repeating: Times(), count: program.routeNames.count)
    for route in order.reversed() where owners[route] < plan.system.services.count {
      times[route] = Self.times(route, plan.system, owners[route], program, times)
    }
    var visits = Array(repeating: 0.0, count: program.routeNames.count)
    let total = plan.load.entries.reduce(0) { $0 + $1.weight }
    for entry in plan.load.entries { visits[program.firstRoutes[entry.service] + entry.route] += entry.weight / total }
    for route in order where visits[route] > 0 {
      for callee in Self.callees(route, program) { visits[callee] += visits[route] }
    }
    var held = Array(repeating: 0.0, count: plan.system.services.count)
    var cpu = held
    for (route, count) in visits.enumerated() where count > 0 {
      held[owners[route]] += count * times[route].held
      cpu[owners[route]] += count * times[route].cpu
      self.visits += count
    }
    byThreads = zip(plan.system.services, held).map { service, time in
      let threads = service.model.threads(service.threads, loops: service.loops) * service.replicas
      return time > 0 ? Double(threads) / time : .infinity
    }
    setCores(plan.system, cpu)
    unloadedTime = 2 * plan.system.hop.seconds
    for entry in plan.load.entries {
      unloadedTime += entry.weight / total * times[program.firstRoutes[entry.service] + entry.route].response
    }
  }

  /// By service, `cpu` seconds of a processor for one request of the load.
  private mutating func setCores(_ system: SimulatedSystem, _ cpu: [Double]) {
    var shared = 0.0
    var bounds: [(service: Int?, rate: Double)] = []
    for (place, service) in system.services.enumerated() where cpu[place] > 0 {
      if let own = service.cores {
        bounds.append((place, Double(own * service.replicas) / cpu[place]))
      } else {
        shared += cpu[place]
      }
    }
    if let cores = system.cores, shared > 0 { bounds.append((nil, Double(cores) / shared)) }
    let least = bounds.min { $0.rate < $1.rate }
    (byCores, scarcestCores) = (least?.rate, least?.service)
  }

  /// Requests of the load per second.
  package var value: Double { min(byThreads.min() ?? .infinity, byCores ?? .infinity) }

  /// The service whose threads are scarcest; nil where processors are scarcer, or no thread waits.
  package var bottleneck: Int? {
    guard let least = byThreads.min(), least.isFinite, least <= byCores ?? .infinity else { return nil }
    return byThreads.firstIndex(of: least)
  }

  private static func owners(_ plan: SimulationPlan) -> [Int] {
    plan.system.services.enumerated().flatMap { index, service in service.routes.map { _ in index } }
      + plan.load.entries.map { _ in plan.system.services.count }
  }

  private static func callees(_ route: Int, _ program: Program) -> [Int] {
    program.calls(of: route)
  }

  /// Callers before callees (Kahn 1962).
  private static func order(_ program: Program) -> [Int] {
    var callers = Array(repeating: 0, count: program.routeNames.count)
    for route in callers.indices { for callee in callees(route, program) { callers[callee] += 1 } }
    var order = callers.indices.filter { callers[$0] == 0 }
    var next = 0
    while next < order.count {
      for callee in callees(order[next], program) {
        callers[callee] -= 1
        if callers[callee] == 0 { order.append(callee) }
      }
      next += 1
    }
    return order
  }

  private static func times(
    _ route: Int, _ system: SimulatedSystem, _ owner: Int, _ program: Program, _ known: [Times]
  ) -> Times {
    let service = system.services[owner]
    let number = route - program.firstRoutes[owner]
    var (times, waited) = (Times(), service.latency.mean)
    for step in service.routes[number].steps {
      var longest = 0.0
      for part in step.parts {
        switch part {
        case .cpu(let time): times.cpu += time.mean
        case .remote(let time): longest = max(longest, time.mean)
        case .store(let time, _, _):
          times.cpu += time.mean
          // A hired thread does it.
          if service.model.hiresThreads { times.held += time.mean }
        case .call(let callee, let calleeRoute):
          let response = known[program.firstRoutes[callee] + calleeRoute].response
          longest = max(longest, response + 2 * system.hop.seconds)
        case .all: break
        }
      }
      waited += longest
    }
    times.response = times.cpu + waited
    if service.model.holdsThread {
      times.held = times.response
    } else if service.model.hiresThreads {
      // The configured latency is waited for by a timer; the rest by hired threads.
      times.held += waited - service.latency.mean
    }
    return times
  }
}
