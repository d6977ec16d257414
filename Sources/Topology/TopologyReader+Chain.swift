import ChainModel

/// The checks that look at more than one service.
extension TopologyReader {
  /// Whatever a service listens on, nothing else may; 0 stands for a port that the system chooses.
  mutating func checkPorts(page: DashboardConfiguration) {
    let pagePath = "\(Schema.dashboard).port"
    var owners: [Int: String] = page.enabled && given[pagePath] == nil ? [page.port: pagePath] : [:]
    let listeners =
      ServiceName.allCases.flatMap { name in
        ["port", "control_port"].map { "\(Schema.services).\(name.rawValue).\($0)" }
      } + [pagePath]
    let ports = listeners.compactMap { path in given[path].map { (path, $0) } }
    for (path, item) in ports.sorted(by: { $0.1.position < $1.1.position }) {
      guard let port = item.plainText.flatMap({ Int($0) }), port != 0 else { continue }
      if let owner = owners[port] {
        report(path, at: item.position, found: "\(port)", expected: "a port of its own: \(owner) has this one")
      } else {
        owners[port] = path
      }
    }
  }

  /// A service that is called on its own behalf would wait for itself once its threads are busy.
  mutating func checkCallees(of services: [ServiceConfiguration]) {
    let callees = Dictionary(uniqueKeysWithValues: services.map { ($0.name, $0.callees) })
    var done: Set<ServiceName> = []
    for service in services { visit(service.name, from: [], callees: callees, done: &done) }
  }

  private mutating func visit(
    _ name: ServiceName, from callers: [ServiceName], callees: [ServiceName: [ServiceName]],
    done: inout Set<ServiceName>
  ) {
    let path = callers + [name]
    if let start = callers.firstIndex(of: name) {
      reportCircle(path[start...])
    } else if !done.contains(name) {
      for callee in callees[name] ?? [] { visit(callee, from: path, callees: callees, done: &done) }
      done.insert(name)
    }
  }

  /// Nobody in the chain calls the gateway, so nobody would balance the requests over its replicas.
  mutating func checkReplicas(of services: [ServiceConfiguration]) {
    guard let gateway = services.first(where: { $0.name == .gateway }), gateway.replicas > 1 else { return }
    let path = "\(Schema.services).\(ServiceName.gateway.rawValue).replicas"
    report(
      path, at: given[path]?.position ?? .start, found: "\(gateway.replicas)",
      expected: "1: nothing in front of the gateway balances requests over several")
  }

  /// - Parameter circle: begins and ends with the same service.
  private mutating func reportCircle(_ circle: ArraySlice<ServiceName>) {
    let names = circle.map(\.rawValue)
    let key = "\(Schema.services).\(names[names.count - 2]).callees"
    guard let list = given[key], let callee = list.list?.first(where: { $0.text == names.last }) else { return }
    report(
      key, at: callee.position, found: names.joined(separator: " → "),
      expected: "callees that do not lead back to their caller")
  }
}
