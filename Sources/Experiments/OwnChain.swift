import ChainModel
import Supervisor
import Topology

/// A chain of the program's own, for a trial that nobody else is to disturb: the lab's, on ports that are free now, without
/// a page, and else as `services.yaml` is where it says nothing.
enum OwnChain {
  /// - Parameters:
  ///   - settings: such as `order-service.threads`, or `all.threads`, which counts where nothing is said of one.
  ///   - source: who says so, for errors.
  /// - Returns: the chain.
  /// - Throws: `TopologyError` for a setting that there is not.
  static func topology(_ settings: [String: String], source: String) throws -> Topology {
    var topology = topology()
    let sorted = settings.sorted {
      ($0.key.hasPrefix("all.") ? 0 : 1, $0.key) < ($1.key.hasPrefix("all.") ? 0 : 1, $1.key)
    }
    for (path, value) in sorted { try topology.set(Setting(path, value), source: source) }
    return topology
  }

  static func topology() -> Topology {
    var topology = Topology.standard
    let ports = FreePorts.take(2 * topology.services.count)
    for index in topology.services.indices {
      var service = ServiceConfiguration.standard
      let known = topology.services[index]
      (service.name, service.program, service.routes) = (known.name, known.program, known.routes)
      (service.port, service.controlPort) = (ports[2 * index], ports[2 * index + 1])
      // A caller waits longer than its callee does.
      service.timeout = known.timeout
      topology.services[index] = service
    }
    topology.dashboard.enabled = false
    return topology
  }
}
