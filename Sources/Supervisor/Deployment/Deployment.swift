import ChainModel
package import Topology

/// A described system in containers or pods: one for each host, in which an agent starts the host's services, and one more,
/// the lab, which gives the agents their orders, copies their logs and serves the page.
///
/// Services that name no host get one each, called like them. Hosts call each other by name; each listens on all its
/// container's addresses.
package struct Deployment: Hashable, Sendable {
  /// One container or pod.
  package struct Host: Hashable, Sendable {
    package var configuration: HostConfiguration
    package var services: [ServiceConfiguration]
    /// Ports of services that clients ask.
    package var entryPorts: [Int] = []
    /// Ports of services that others call.
    package var calls: [Call] = []

    package var name: String { configuration.name }

    /// What its services listen on, in their order.
    var ports: [Int] { services.map(\.port) }
  }

  /// Who calls a port, other than services of the same host.
  package struct Call: Hashable, Sendable {
    package var port: Int
    /// By name, each once.
    package var callers: [String]

    package init(port: Int, callers: [String]) { (self.port, self.callers) = (port, callers) }
  }

  /// What the lab is told, and passes on to the agents.
  package private(set) var topology: Topology
  /// In the order of their services.
  package let hosts: [Host]
  package let image: String
  /// What whoever deploys it should know, each a sentence.
  package let notes: [String]

  /// - Parameters:
  ///   - described: a system without unknown values.
  ///   - image: the container image with chainlab in it.
  ///   - file: the name to use in errors.
  /// - Throws: `unfit`, with everything that cannot be deployed.
  package init(_ described: Topology, image: String, file: String) throws(DeploymentError) {
    var placing = Placing(described)
    placing.place()
    placing.check()
    guard placing.problems.isEmpty else { throw .unfit(file: file, problems: placing.problems) }
    (topology, self.image, notes) = (placing.topology, image, placing.notes)
    hosts = Self.hosts(of: placing.topology)
  }

  /// Whether a text can be an image's name: nothing else may come into the files by it.
  package static func isImage(_ text: String) -> Bool {
    (1...255).contains(text.utf8.count) && text.first.map { $0.isLetter || $0.isNumber } == true
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-/:@".contains($0)) }
  }

  private static func hosts(of topology: Topology) -> [Host] {
    // By service: the hosts with others that call it, in the order of the services.
    var callers: [ServiceName: [String]] = [:]
    let places = Dictionary(uniqueKeysWithValues: topology.services.map { ($0.name, $0.host) })
    for caller in topology.services where caller.url == nil {
      for name in topology.callees(of: caller.name)
      where places[name] != caller.host && callers[name]?.contains(caller.host) != true {
        callers[name, default: []].append(caller.host)
      }
    }
    let started = Dictionary(grouping: topology.services.filter { $0.url == nil }, by: \.host)
    return topology.usedHosts.map { configuration in
      var host = Host(configuration: configuration, services: started[configuration.name] ?? [])
      host.entryPorts = host.services.filter { topology.isEntry($0.name) }.map(\.port)
      host.calls = host.services.compactMap { service in
        callers[service.name].map { Call(port: service.port, callers: $0) }
      }
      return host
    }
  }

  // MARK: The lab

  /// What the lab's container is called.
  package static let lab = "lab"
  /// Where the lab finds the description.
  static let folder = "/etc/chainlab"
  static let file = "services.yaml"
  /// The image's.
  static let user = 65532
  /// For a container to end, in seconds: the lab stops the services of all hosts, and their logs are kept.
  static let endsWithin = 60

  /// A lab that was killed and comes back has the agents begin anew.
  static let labArguments = ["up", "--foreground", "--agents", "--replace", "--topology", "\(folder)/\(file)"]

  func agentArguments(_ host: Host) -> [String] {
    ["agent", "--listen", "\(Endpoint.everywhere):\(host.configuration.agentPort)"]
  }

  /// Lets the page listen where a published port leads to; else it stays on the container's loopback.
  func publishingPage() -> Deployment {
    var deployment = self
    deployment.topology.dashboard.listen = Endpoint.everywhere
    return deployment
  }

  // MARK: Memory

  /// Of `/dev/shm`, in MiB: the log, and some room.
  var logRoom: Int { topology.traceLog.sizeMiB + 64 }

  /// What a container may take, in MiB. The log counts, since it is memory; it fills while requests come, and then wraps.
  func memory(of host: Host) -> Int {
    let services = host.services.reduce(0) { $0 + $1.replicas * (64 + ($1.threads + 15) / 16) }
    return Self.rounded(logRoom + 128 + services)
  }

  /// Of the lab, whose instruments read the logs of all hosts.
  var labMemory: Int { Self.rounded(logRoom + 512 + 128 * hosts.count) }

  /// Of which it takes so much as long as nobody asks anything.
  static let labMemoryAtRest = 512

  private static func rounded(_ size: Int) -> Int { (size + 63) / 64 * 64 }
}
