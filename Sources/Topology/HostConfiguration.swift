import ChainModel

/// A machine, or a pod, on which services run.
package struct HostConfiguration: Configurable, Hashable {
  package var name = ""
  /// Where services on other hosts call those on this one: an address, or a name that they look up.
  package var address = Endpoint.loopback
  /// What its services listen on, where that is not the address: an address of its own, or all of them.
  package var ownAddress: String?
  package var agentPort = 7070

  /// The host of services that name none: the machine where the file is used. It listens on loopback alone unless the
  /// file says otherwise.
  package static let here = "here"

  package init() {}

  package init(_ name: String, at address: String, listen: String? = nil, agentPort: Int = 7070) {
    (self.name, self.address, ownAddress, self.agentPort) = (name, address, listen, agentPort)
  }

  /// What its services listen on. A name is looked up there.
  package var listen: String { ownAddress ?? address }

  /// Whether services on it can only be called by others on it.
  package var isLoopback: Bool { Endpoint.isLoopback(address) }
}

extension Topology {
  /// Nil for a name that the file does not have.
  package func host(_ name: String) -> HostConfiguration? {
    if let host = hosts.first(where: { $0.name == name }) { return host }
    return name == HostConfiguration.here ? HostConfiguration(name, at: Endpoint.loopback) : nil
  }

  /// Those that services are started on, each once, in the order of the services.
  package var usedHosts: [HostConfiguration] {
    var names: [String] = []
    for service in services where service.url == nil && !names.contains(service.host) { names.append(service.host) }
    return names.compactMap { host($0) }
  }

  /// Gives each service the addresses of its host.
  mutating func setAddresses() {
    for index in services.indices {
      guard let host = host(services[index].host) else { continue }
      (services[index].address, services[index].listen) = (host.address, host.listen)
    }
  }

  /// Lets the services of this machine, unless the file says where they listen, and the page listen on all addresses: for a
  /// container, from which nothing comes out but what is published.
  package mutating func publish() {
    if !hosts.contains(where: { $0.name == HostConfiguration.here }) {
      hosts.append(HostConfiguration(HostConfiguration.here, at: Endpoint.loopback, listen: Endpoint.everywhere))
    }
    dashboard.listen = Endpoint.everywhere
    setAddresses()
  }

  // MARK: What is started

  /// Leaves it to others to start what is on other hosts.
  package mutating func start(only host: String) { startedHost = host }

  /// Whether the service is started by whoever has this value, and not only called.
  package func isStarted(_ service: ServiceConfiguration) -> Bool {
    service.url == nil && (startedHost == nil || service.host == startedHost)
  }

  /// In the order of the file.
  package var started: [ServiceConfiguration] { services.filter(isStarted) }
}
