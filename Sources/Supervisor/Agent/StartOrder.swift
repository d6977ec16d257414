import ChainModel
import EventLoop
import Topology

/// What an agent is asked to start: the services that a description places on its host. It comes from the network, and
/// decides about nothing but what the description's own checks allow.
package struct StartOrder: Codable, Hashable, Sendable {
  /// The run's id, the same on all hosts.
  package var run: String
  /// Which of the described hosts this is.
  package var host: String
  /// The text of `services.yaml`.
  package var services: String

  package init(run: String, host: String, services: String) {
    (self.run, self.host, self.services) = (run, host, services)
  }

  /// The programs that come with this one.
  static let programs = Set(Topology.standard.services.map(\.program) + [ServiceConfiguration.played])

  /// What is to run here.
  /// - Throws: when the description is wrong, or names what an agent does not start.
  func topology() throws(LocalRefusal) -> Topology {
    guard RunStore.isID(run) else { throw LocalRefusal(400, "run: found no run's id") }
    var topology: Topology
    do throws(TopologyError) { topology = try Topology.parse(services, file: "services.yaml") } catch {
      throw LocalRefusal(400, error.description)
    }
    guard topology.hosts.contains(where: { $0.name == host }) else {
      throw LocalRefusal(400, "host: found one that the description does not have")
    }
    topology.start(only: host)
    guard !topology.started.isEmpty else { throw LocalRefusal(400, "the description places no service on this host") }
    for service in topology.started where !Self.programs.contains(service.program) {
      throw LocalRefusal(
        400,
        "an agent starts its own build's programs alone: found one that is none of them in \(service.name.rawValue)")
    }
    // The log stands where this host's logs stand; the page is with whoever gives the orders.
    topology.traceLog.directory = TraceLogConfiguration.standard.directory
    topology.traceLog.enabled = true
    topology.dashboard.enabled = false
    return topology
  }
}
