import ChainModel
package import Topology

/// What the steps of the real services cost a processor. The program cannot know it: it differs from machine to machine.
package struct StepCosts: Hashable, Sendable {
  /// To read, route and answer one request.
  package var request: Duration
  /// To send one call, and read its answer.
  package var call: Duration
  /// For one query, and for one line of the ledger.
  package var query: Duration
  package var file: Duration

  package init(request: Duration, call: Duration, query: Duration, file: Duration) {
    self.request = request
    self.call = call
    self.query = query
    self.file = file
  }

  /// Of two shared cores, where the chain does about 600 requests a second.
  package static let usual = StepCosts(
    request: .microseconds(400), call: .microseconds(300), query: .microseconds(60), file: .microseconds(40))
}

extension SimulatedSystem {
  /// A described system.
  /// - Parameters:
  ///   - topology: as read. A step whose time is not known takes none: `Topology.parse` refuses those.
  ///   - cores: in place of the description's.
  ///   - costs: what steps cost beside what the description says: of services that run for real, what it takes to read a
  ///     request, to make a call, and to do what a service's own code does. Nil for a description that stands for itself.
  package init(_ topology: Topology, cores: Int? = nil, costs: StepCostTable? = nil) {
    let services = zip(topology.services, topology.widths).map { service, width in
      let table = costs ?? .usual
      let maker = StepMaker(service, table[service.model], isReal: costs != nil || !service.isPlayed)
      let callees =
        service.callPolicy == .plain ? [] : topology.callees(of: service.name).map { topology.index(of: $0) }
      return SimulatedService(
        service.name.rawValue, model: ServingModel(service.model), threads: service.threads,
        queueLimit: service.queueLimit, overflow: service.overflow, backlog: service.backlog, loops: service.loops,
        cores: service.cores, storeThreads: service.storeThreads, store: service.store,
        inFlightLimit: service.inFlightLimit,
        replicas: service.replicas, timeout: service.timeout, latency: .latency(service.latency),
        routes: maker.routes,
        rules: Dictionary(uniqueKeysWithValues: callees.compactMap { $0 }.map { ($0, service.callPolicy) }),
        width: width)
    }
    // Cancelling is the system's in the simulation: it stops only if no service goes on for callers that have left.
    self.init(
      services: services, cores: cores ?? topology.cores, hop: topology.hop,
      cancels: topology.services.allSatisfy { $0.onLeave == .cancel })
  }
}

/// A described route's steps with what they cost.
private struct StepMaker {
  let service: ServiceConfiguration
  let costs: StepCosts
  /// Whether requests and calls themselves cost anything. Not in a system that is a description alone.
  let isReal: Bool

  init(_ service: ServiceConfiguration, _ costs: StepCosts, isReal: Bool) {
    (self.service, self.costs, self.isReal) = (service, costs, isReal && service.url == nil)
  }

  /// Every service of the lab answers pings.
  var routes: [ServiceRoute] {
    let routes = service.routes.map { ServiceRoute($0.name, head + $0.steps.flatMap(steps)) }
    return routes.contains { $0.name == Topology.ping } ? routes : routes + [ServiceRoute(Topology.ping, head)]
  }

  private var head: [Step] { isReal ? [.cpu(.fixed(costs.request))] : [] }

  private func steps(_ step: Step) -> [Step] {
    switch step {
    case .cpu, .remote: [step]
    case .store(let time, let label, let isFile):
      [.store(time ?? .fixed(isFile ? costs.file : costs.query), label: label, isFile: isFile)]
    case .call: calling(1) + [step]
    case .all(let parts):
      calling(parts.count { if case .call = $0 { true } else { false } }) + [.all(parts.compactMap { steps($0).last })]
    }
  }

  private func calling(_ count: Int) -> [Step] {
    isReal && count > 0 ? [.cpu(.fixed(costs.call * count))] : []
  }
}

extension SimulatedLoad.Entry {
  /// What clients ask for, as a description says it.
  package init(_ entry: Topology.Entry) {
    self.init(service: entry.service, route: entry.route, weight: entry.weight)
  }
}

extension Topology {
  /// A generated system, as a file would describe it.
  /// - Parameters:
  ///   - generated: a chain, tree or mesh.
  ///   - settings: of every service.
  package init(_ generated: GeneratedSystem, settings: ServiceConfiguration) {
    let services = generated.system.services.map { service in
      var configuration = settings
      configuration.name = ServiceName(service.name)
      configuration.routes = service.routes
      configuration.program = ServiceConfiguration.played
      return configuration
    }
    self.init(
      services: services,
      entries: generated.entries.map { Entry(service: $0.service, route: $0.route, weight: $0.weight) },
      cores: generated.cores)
    setPorts()
  }
}
