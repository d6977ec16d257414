package import ChainModel
package import Topology

/// Any service that has no code of its own: its description says what it does.
package enum PlayedService {
  /// The routes of a described service, ready to serve.
  /// - Throws: `store` when its folder cannot be written.
  package static func routes(
    of name: ServiceName, in topology: Topology, folder: ServiceFolder
  ) throws(CallError) -> [Route] {
    let store = try PlayedStore(folder)
    let service = topology[name]
    let addresses = topology.services.map { RouteAddress.all(of: $0) }
    let routes = zip(service.routes, RouteAddress.all(of: service)).sorted { $0.1.precedes($1.1) }
    return routes.map { route, address in
      var number: UInt64 = 0
      let steps = route.steps.map { step in
        Maker(topology: topology, addresses: addresses, store: store).step(
          step, seed: FNV1a.hash("\(topology.seed.value) \(name.rawValue) \(route.name)".utf8), &number)
      }
      return Route(
        address.method, address.template, PlayedRoute(route, steps: steps, store: store, of: name), name: route.name)
    }
  }

  private struct Maker {
    let topology: Topology
    /// By service and route.
    let addresses: [[RouteAddress]]
    let store: PlayedStore

    func step(_ step: Step, seed: UInt64, _ number: inout UInt64) -> PlayedStep {
      number += 1
      switch step {
      case .cpu(let time): return .cpu(PlayedTime(time ?? .latency(.zero), seed: seed &+ number))
      case .remote(let time): return .remote(PlayedTime(time, seed: seed &+ number), label: "remote \(time.text)")
      case .store(let time, let label, let isFile):
        let time = PlayedTime(time ?? .latency(.zero), seed: seed &+ number)
        return .store(isFile ? .file : .database, time, label: label, store)
      case .call(let service, let route):
        let address = addresses[service][route]
        return .call(
          CallRequest(topology.services[service].name, address.path(), method: address.method))
      case .all(let steps): return .all(steps.map { self.step($0, seed: seed, &number) })
      }
    }
  }
}
