import ChainModel
import Topology

extension ChainPrediction {
  /// What a system of any graph will do: a simulation, and the bound on its capacity; for a chain of blocking services,
  /// each of which calls the next, also the closed forms of that.
  /// - Parameter plan: of it. A bound is given only where nothing changes while the run goes on.
  /// - Throws: when it cannot be simulated.
  package init(system plan: SimulationPlan) throws(SimulationError) {
    self.init(try plan.run())
    guard plan.changes.isEmpty else { return }
    let capacity = GraphCapacity(plan)
    if let chain = NestedChain(plan) {
      let timeout = plan.system.services.compactMap { $0.timeout?.seconds }.min() ?? .infinity
      figures += Self.closedForms(chain, plan.load, timeout: timeout)
    } else if capacity.value.isFinite {
      figures.append(Figure(name: "capacity for the whole mix", value: capacity.value, unit: "/s", method: .bound))
    }
    if let place = capacity.bottleneck {
      limit = "threads of \(plan.system.services[place].name)"
    } else if let place = capacity.scarcestCores {
      let service = plan.system.services[place]
      limit = "the \(FigureText.count((service.cores ?? 0) * service.replicas, "processor")) of \(service.name)"
    } else if capacity.byCores != nil {
      limit = "the \(plan.system.cores ?? 0) processors"
    }
  }
}

extension NestedChain {
  /// The chain that a plan's only kind of request goes through; nil if its system is no chain of blocking services, each
  /// of one instance and with at most one call.
  package init?(_ plan: SimulationPlan) {
    guard plan.load.entries.count == 1, let entry = plan.load.entries.first, plan.system.hop == .zero else {
      return nil
    }
    var place: (service: Int, route: Int)? = (entry.service, entry.route)
    var (threads, own, work): ([Int], [Double], [Double]) = ([], [], [])
    var seen: Set<Int> = []
    while let (index, route) = place {
      let service = plan.system.services[index]
      guard service.model.holdsThread, !service.model.blocksLoops, service.replicas == 1, service.cores == nil,
        seen.insert(index).inserted
      else { return nil }
      place = nil
      var (cpu, waited) = (0.0, service.latency.mean)
      for step in service.routes[route].steps {
        switch step {
        case .cpu(let time), .store(let time, _, _): cpu += time.mean
        case .remote(let time): waited += time.mean
        case .call(let callee, let route):
          guard place == nil else { return nil }
          place = (callee, route)
        case .all: return nil
        }
      }
      threads.append(service.threads)
      own.append(cpu + waited)
      work.append(cpu)
    }
    self.init(
      threads: threads, ownTimes: own, cpuTimes: work, frontQueue: plan.system.services[entry.service].queueLimit,
      cores: plan.system.cores)
  }
}
