import ChainModel
import Topology

/// How the services of a system stand to each other, for drawing it.
///
/// Keys: `layers` (services by how many calls deep they are, those that clients ask first; one that no request comes to is
/// in the last), `calls` (each `caller` and `callee`).
struct SystemMap: Encodable, Hashable, Sendable {
  struct Call: Encodable, Hashable, Sendable {
    var caller: String
    var callee: String
  }

  var layers: [[String]]
  var calls: [Call]

  init(_ topology: Topology) {
    let depths = topology.depths
    let last = (depths.max() ?? 0) + 1
    var layers = Array(repeating: [String](), count: last)
    for (service, depth) in zip(topology.services, depths) {
      layers[(depth == 0 ? last : depth) - 1].append(service.name.rawValue)
    }
    self.layers = layers.filter { !$0.isEmpty }
    calls = topology.services.flatMap { service in
      topology.callees(of: service.name).map { Call(caller: service.name.rawValue, callee: $0.rawValue) }
    }
  }
}
