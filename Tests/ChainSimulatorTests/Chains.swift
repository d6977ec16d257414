import ChainModel
import Topology

/// The lab's own chain, with every setting as where a file says nothing.
enum Chains {
  /// What the gateway serves, in the order of the description; each service answers pings as well.
  static let (nested, orchestrated, fanOut, ping) = (0, 1, 2, 3)

  static func topology(_ changes: [(String, String)] = []) throws -> Topology {
    var topology = Topology.standard
    for (index, service) in topology.services.enumerated() {
      var plain = ServiceConfiguration.standard
      (plain.name, plain.program, plain.routes) = (service.name, service.program, service.routes)
      (plain.port, plain.controlPort) = (service.port, service.controlPort)
      topology.services[index] = plain
    }
    for (key, value) in changes { try topology.set(Setting(key, value), source: "--set") }
    return topology
  }
}
