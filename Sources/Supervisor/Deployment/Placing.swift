import ChainModel
import Topology

/// Gives each service of a description its container, and finds what cannot be there.
struct Placing {
  private(set) var topology: Topology
  /// Each a line: the key, what was found, what is expected.
  private(set) var problems: [String] = []
  private(set) var notes: [String] = []

  init(_ topology: Topology) { self.topology = topology }

  // MARK: Places

  /// Services that name no host get one; the hosts that have services listen on all addresses.
  mutating func place() {
    let given = Set(topology.hosts.map(\.name))
    var hosts = topology.hosts.filter { $0.name != HostConfiguration.here }
    for index in topology.services.indices where topology.services[index].url == nil {
      guard topology.services[index].host == HostConfiguration.here else { continue }
      let name = topology.services[index].name.rawValue
      if given.contains(name) {
        report(
          "services.\(visible(name))", "no host",
          "one: it would get a host of its own called \(visible(name)), and hosts.\(visible(name)) is there already; give it "
            + "host: \(visible(name)), or rename that host")
      }
      topology.services[index].host = name
      hosts.append(HostConfiguration(name, at: name))
    }
    topology.hosts = hosts
    topology.hosts = topology.usedHosts.map { host in
      var host = host
      host.ownAddress = Endpoint.everywhere
      return host
    }
    for index in topology.services.indices {
      let host = topology.services[index].url == nil ? topology.host(topology.services[index].host) : nil
      topology.services[index].address = host?.address ?? Endpoint.loopback
      topology.services[index].listen = host?.listen ?? Endpoint.loopback
    }
    // As agents have it; a container has no other folder in memory.
    topology.traceLog.directory = TraceLogConfiguration.standard.directory
    topology.dashboard.listen = DashboardConfiguration.standard.listen
  }

  // MARK: Checks

  mutating func check() {
    checkNames()
    for service in topology.services {
      checkName(of: service)
      if let url = service.url { checkAddress(of: service, url) } else { checkProgram(of: service) }
    }
    for host in topology.hosts { checkAgentPort(of: host) }
    noteReplicas()
  }

  /// Names that mean something else there.
  private static let taken = [Deployment.lab, HostConfiguration.here, "localhost"]
  /// A volume is called like its host, with a word behind.
  private static let nameLimit = 58
  private static let expectedName =
    "a DNS label, as containers and pods are called: lowercase letters, digits and -, a letter first, no - at the end, at "
    + "most \(nameLimit) characters, and not \(taken.joined(separator: ", "))"

  private mutating func checkNames() {
    var owners: [String: String] = [:]
    for host in topology.hosts {
      let own = topology.services.filter { $0.host == host.name && $0.name.rawValue == host.name }
      let isOwn = own.count == 1 && host.address == host.name
      let path = isOwn ? "services.\(visible(host.name))" : "hosts.\(visible(host.name))"
      guard Self.isName(host.name) else {
        let remedy = isOwn ? "; give it another name, or a host: with one" : ""
        report(path, visible(host.name), Self.expectedName + remedy)
        continue
      }
      guard Self.isName(host.address) else {
        report("\(path).address", host.address, Self.expectedName)
        continue
      }
      for name in Set([host.name, host.address]).sorted() {
        if let owner = owners[name] { report(path, name, "a name and an address that \(owner) does not have") }
        owners[name] = host.name
      }
    }
  }

  private static func isName(_ text: String) -> Bool {
    text.utf8.count <= nameLimit && text.wholeMatch(of: /[a-z]([-a-z0-9]*[a-z0-9])?/) != nil && !taken.contains(text)
  }

  private mutating func checkName(of service: ServiceConfiguration) {
    let name = service.name.rawValue
    if ChainRequirements.reserved.contains(name) {
      report("services.\(name)", name, "a name that no part of the lab has")
    }
  }

  private mutating func checkAddress(of service: ServiceConfiguration, _ url: Endpoint) {
    guard url.isLoopback else { return }
    let name = visible(service.name.rawValue)
    report(
      "services.\(name).url", url.url,
      "an address that containers reach, since this one is each container's own; such as --set \(name).url=http://HOST:PORT"
    )
  }

  private mutating func checkProgram(of service: ServiceConfiguration) {
    guard !StartOrder.programs.contains(service.program) else { return }
    report(
      "services.\(visible(service.name.rawValue)).program", service.program,
      "one of \(StartOrder.programs.sorted().joined(separator: ", ")): an agent starts no other")
  }

  private mutating func checkAgentPort(of host: HostConfiguration) {
    for service in topology.services where service.url == nil && service.host == host.name {
      let path = "services.\(visible(service.name.rawValue))"
      for (key, port) in [("port", service.port), ("control_port", service.controlPort)] where port == host.agentPort {
        report("\(path).\(key)", "\(port)", "another port than the one that its host's agent listens on")
      }
    }
  }

  private mutating func noteReplicas() {
    for service in topology.services where service.url == nil && service.replicas > 1 {
      let callers = topology.services.filter { topology.callees(of: $0.name).contains(service.name) }
      guard callers.contains(where: { $0.host != service.host }) else { continue }
      notes.append(
        "\(visible(service.name.rawValue)) has \(service.replicas) processes in one container, of which other hosts call "
          + "the first alone; give it more threads, or place its callers on its host")
    }
  }

  private mutating func report(_ path: String, _ found: String, _ expected: String) {
    problems.append("\(path): found \(found), expected \(expected)")
  }

  private func visible(_ name: String) -> String { PlainText.visible(name, limit: 100) }
}
