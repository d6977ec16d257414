import ChainModel

/// The checks that look at more than one service.
extension TopologyReader {
  /// A request that makes more calls than this is a mistake of the file, and would not end within a run.
  private static let mostCalls = 1_000_000.0

  mutating func checkCalls() {
    guard let order = RouteOrder(topology) else { return reportCircle() }
    for entry in topology.entries {
      // Load goes to whatever is an entry.
      if topology.services[entry.service].url != nil {
        report(entry, found: "a service that runs elsewhere", expected: "one that is started here: load goes to it")
      }
      let calls = order.visits(from: [entry]).reduce(0, +) - 1
      guard calls > Self.mostCalls else { continue }
      report(
        entry, found: "\(FigureText.number(calls)) calls for one request", expected: "at most \(Int(Self.mostCalls))")
    }
  }

  private mutating func report(_ entry: Topology.Entry, found: String, expected: String) {
    let service = topology.services[entry.service]
    let path = "\(Schema.entries).\(PlainText.visible("\(service.name)/\(service.routes[entry.route].name)"))"
    report(path, at: given[path]?.position ?? .start, found: found, expected: expected)
  }

  /// Along calls that never lead out of circles, until a route comes again.
  private mutating func reportCircle() {
    let inCircles = RouteOrder.circles(topology)
    guard var place = inCircles.min(by: { ($0.service, $0.route) < ($1.service, $1.route) }) else { return }
    var path: [RouteOrder.Place] = []
    var last = [0, 0, 0]
    while !path.contains(place) {
      path.append(place)
      for (index, call) in topology.services[place.service].routes[place.route].calls.enumerated() {
        let callee = RouteOrder.Place(service: call.service, route: call.route)
        guard inCircles.contains(callee) else { continue }
        last = [place.service, place.route, index]
        place = callee
        break
      }
    }
    let circle = path.drop { $0 != place } + [place]
    let names = circle.map {
      "\(topology.services[$0.service].name)/\(topology.services[$0.service].routes[$0.route].name)"
    }
    let shown = names.count > 8 ? Array(names.prefix(4)) + ["…"] + names.suffix(3) : names
    let call = callPlaces[last]
    report(
      call?.path ?? "", at: call?.position ?? .start, found: shown.joined(separator: " → "),
      expected: "calls that do not lead back to their caller")
  }

  /// Whatever a service listens on, nothing else may. A port that the file does not say follows from the service's place.
  mutating func setPorts() {
    var owners: [Int: String] = [:]
    let page = topology.dashboard
    let pagePath = "\(Schema.dashboard).port"
    if page.enabled, given[pagePath] == nil { owners[page.port] = pagePath }
    topology.setPorts()
    var listeners: [(path: String, item: Item?, port: Int)] = []
    if page.enabled { listeners.append((pagePath, given[pagePath], page.port)) }
    for index in topology.services.indices where topology.services[index].url == nil {
      let path = "\(Schema.services).\(PlainText.visible(topology.services[index].name.rawValue))"
      listeners.append(("\(path).port", given["\(path).port"], topology.services[index].port))
      listeners.append(("\(path).control_port", given["\(path).control_port"], topology.services[index].controlPort))
    }
    let said = listeners.compactMap { listener in listener.item.map { (listener.path, $0, listener.port) } }
    for (path, item, port) in said.sorted(by: { $0.1.position < $1.1.position }) {
      if let owner = owners[port] {
        report(path, at: item.position, found: "\(port)", expected: "a port of its own: \(owner) has this one")
      } else {
        owners[port] = path
      }
    }
    for (path, _, port) in listeners where given[path] == nil && path != pagePath {
      if let owner = owners[port] {
        report(
          owner, at: given[owner]?.position ?? .start, found: "\(port)",
          expected: "another port: \(path) is this one, since the file says no other")
      }
      owners[port] = path
    }
  }

  /// Clients do not balance their requests over several.
  mutating func checkReplicas() {
    for place in Set(topology.entries.map(\.service)).sorted() where topology.services[place].replicas > 1 {
      let name = topology.services[place].name.rawValue
      let path = "\(Schema.services).\(PlainText.visible(name)).replicas"
      report(
        path, at: given[path]?.position ?? given["\(Schema.defaults).replicas"]?.position ?? .start,
        found: "\(topology.services[place].replicas)",
        expected: "1: nothing in front of \(PlainText.visible(name)) balances requests over several")
    }
  }

  /// A replica is called like its service with a number.
  mutating func checkNames() {
    let names = Set(topology.names)
    for service in topology.services {
      for number in ReplicaName.numbers.dropFirst() {
        let other = ReplicaName(service.name, number).text
        guard names.contains(ServiceName(other)), let item = given["\(Schema.services).\(other)"] else { continue }
        report(
          "\(Schema.services).\(other)", at: item.position, found: other,
          expected: "another name: replica \(number) of \(service.name.rawValue) is called so")
      }
    }
  }
}
