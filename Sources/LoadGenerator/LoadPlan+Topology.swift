import ChainModel
package import Topology

extension LoadPlan.Kind {
  /// What clients ask for, as a description's entries say. A placeholder for a user's name stays one.
  package static func entries(of topology: Topology) -> [LoadPlan.Kind] {
    topology.entries.map { entry in
      let service = topology.services[entry.service]
      let addresses = RouteAddress.all(of: service)
      // The last is the ping that every service answers.
      let address = addresses.indices.contains(entry.route) ? addresses[entry.route] : RouteAddress(Topology.ping)
      return LoadPlan.Kind(
        method: address.method, path: address.path { "{\($0)}" == LoadPlan.placeholder ? LoadPlan.placeholder : nil },
        weight: entry.weight, at: service.endpoint == topology.front.endpoint ? nil : service.endpoint)
    }
  }
}
