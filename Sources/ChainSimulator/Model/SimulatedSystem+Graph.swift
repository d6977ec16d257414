import ChainModel
package import Topology

extension SimulatedSystem {
  /// The system that a file describes. A step whose time is not known takes none: `ServiceGraph.parse` refuses those.
  /// - Parameters:
  ///   - graph: as read.
  ///   - cores: in place of the file's.
  package init(_ graph: ServiceGraph, cores: Int? = nil) {
    let services = graph.services.map { service in
      let settings = service.settings
      let routes = service.routes.map { SimulatedRoute($0.name, $0.steps.map(SimulatedStep.init)) }
      let callees = settings.callPolicy == .plain ? [] : service.callees
      return SimulatedService(
        service.name, model: ServingModel(settings.model), threads: settings.threads, queueLimit: settings.queueLimit,
        overflow: settings.overflow, backlog: settings.backlog, loops: settings.loops,
        storeThreads: settings.storeThreads, store: settings.store, inFlightLimit: settings.inFlightLimit,
        replicas: settings.replicas,
        timeout: settings.timeout, latency: .latency(settings.latency), routes: routes,
        rules: Dictionary(uniqueKeysWithValues: callees.map { ($0, settings.callPolicy) }))
    }
    self.init(services: services, cores: cores ?? graph.cores, hop: graph.hop, cancels: graph.onLeave == .cancel)
  }
}

extension SimulatedLoad.Entry {
  /// What clients ask for, as a file says it.
  package init(_ entry: ServiceGraph.Entry) {
    self.init(service: entry.service, route: entry.route, weight: entry.weight)
  }
}

extension ServiceGraph {
  /// A generated system, as a file would describe it.
  /// - Parameters:
  ///   - generated: a chain, tree or mesh.
  ///   - settings: of every service.
  package init(_ generated: GeneratedSystem, settings: ServiceConfiguration) {
    let services = generated.system.services.map { service in
      Service(
        service.name, settings: settings, routes: service.routes.map { Route($0.name, $0.steps.map(Step.init)) })
    }
    self.init(
      services: services,
      entries: generated.entries.map { Entry(service: $0.service, route: $0.route, weight: $0.weight) },
      cores: generated.cores)
  }
}

extension ServiceGraph.Service {
  /// By index, each once.
  fileprivate var callees: [Int] {
    var callees: [Int] = []
    for route in routes {
      for case .call(let service, _) in route.steps where !callees.contains(service) { callees.append(service) }
    }
    return callees
  }
}

extension SimulatedStep {
  fileprivate init(_ step: ServiceGraph.Step) {
    switch step {
    case .cpu(let time): self = .cpu(time.map(ServiceTime.init) ?? .zero)
    case .remote(let time): self = .remote(ServiceTime(time))
    case .store(let time, let label, let isFile): self = .store(ServiceTime(time), label: label, isFile: isFile)
    case .call(let service, let route): self = .call(service, route: route)
    }
  }
}

extension ServiceGraph.Step {
  fileprivate init(_ step: SimulatedStep) {
    switch step {
    case .cpu(let time): self = .cpu(StepTime(time))
    case .remote(let time): self = .remote(StepTime(time))
    case .store(let time, let label, let isFile): self = .store(StepTime(time), label: label, isFile: isFile)
    case .call(let service, let route): self = .call(service: service, route: route)
    }
  }
}

extension ServiceTime {
  fileprivate init(_ time: StepTime) {
    switch time {
    case .latency(let latency): self = .latency(latency)
    case .exponential(let mean): self = .exponential(mean: mean)
    }
  }
}

extension StepTime {
  fileprivate init(_ time: ServiceTime) {
    switch time {
    case .latency(let latency): self = .latency(latency)
    case .exponential(let mean): self = .exponential(mean: mean)
    }
  }
}
