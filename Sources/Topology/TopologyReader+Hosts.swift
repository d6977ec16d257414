import ChainModel

/// Hosts, and which of them services are on.
extension TopologyReader {
  mutating func readHosts(_ section: Item.Entry?) {
    guard let section else { return }
    for entry in named(section, Schema.hosts, "a mapping of hosts by name, each with its address") {
      let path = "\(Schema.hosts).\(PlainText.visible(entry.key))"
      let form = Form<String>.hostName
      guard let name = try? form.read(Written(entry.key)) else {
        report(path, at: entry.position, found: Self.found(entry.key), expected: form.expected)
        continue
      }
      guard topology.host(name) == nil || name == HostConfiguration.here else {
        report(path, at: entry.position, found: "the key again", expected: "it once")
        continue
      }
      var (host, keys) = (HostConfiguration(), Section(entry.value, path: path))
      host.name = name
      keys.read(Schema.hostKeys, into: &host)
      close(keys)
      if keys.isMapping, given["\(path).address"] == nil {
        report(path, at: entry.position, found: "no address", expected: "address: \(Endpoint.hostForms)")
      }
      if Endpoint.isEverywhere(host.address), let item = given["\(path).address"] {
        report(
          "\(path).address", at: item.position, found: host.address,
          expected: "an address at which others call it; listen: \(host.address) is for all that the host has")
      }
      topology.hosts.append(host)
    }
  }

  /// Each service is on a host that the file has, where whoever calls it reaches it.
  mutating func setAddresses() {
    topology.setAddresses()
    for service in topology.services { checkHost(service) }
    guard problems.isEmpty else { return }
    for caller in topology.services where caller.url == nil {
      for name in topology.callees(of: caller.name) { checkReach(topology[name], from: caller) }
    }
  }

  private mutating func checkHost(_ service: ServiceConfiguration) {
    let path = hostPath(service)
    guard topology.host(service.host) != nil else {
      let names = topology.hosts.map(\.name)
      return report(
        path, at: hostPosition(service), found: service.host,
        expected: names.isEmpty
          ? "a host of this file: it has no \(Schema.hosts)" : "one of \(names.joined(separator: ", "))",
        meant: Typo.nearest(to: service.host, among: names))
    }
    if service.url != nil, let item = given[path] {
      report(path, at: item.position, found: "\(service.host), and a url", expected: "one of the two")
    }
  }

  /// What listens on loopback alone is called from there alone.
  private mutating func checkReach(_ callee: ServiceConfiguration, from caller: ServiceConfiguration) {
    // Two hosts on loopback are one machine.
    guard callee.url == nil, let host = topology.host(callee.host), host.isLoopback,
      topology.host(caller.host)?.isLoopback == false
    else { return }
    let name = PlainText.visible(caller.name.rawValue)
    report(
      hostPath(callee), at: hostPosition(callee), found: "\(host.name), where it listens on \(host.address) alone",
      expected: "a host with an address that others reach: \(name), on \(caller.host), calls it")
  }

  private func hostPath(_ service: ServiceConfiguration) -> String {
    "\(Schema.services).\(PlainText.visible(service.name.rawValue)).host"
  }

  /// Where the file says it, or where it could.
  private func hostPosition(_ service: ServiceConfiguration) -> Position {
    let path = hostPath(service)
    let places = [path, "\(Schema.defaults).host", String(path.dropLast(".host".count))]
    return places.lazy.compactMap { given[$0]?.position }.first ?? .start
  }
}
