import ChainModel
package import Topology

extension SystemEstimate {
  /// The estimate as a file for the simulator. Routes whose every request was refused, or that had none that ended, take
  /// no time.
  package var topology: Topology {
    var (places, used): ([(service: Int, route: Int)], [String: Int]) = ([], [:])
    var list: [ServiceConfiguration] = []
    let names = Set(services.map(\.name))
    for service in services {
      let name = Self.unique(Self.serviceName(Self.ofNoReplica(service.name, names)), &used)
      var value = ServiceConfiguration.standard
      value.name = ServiceName(name)
      value.replicas = min(ReplicaName.numbers.upperBound, max(1, service.processes))
      if let model = known.model { value.model = model } else { value.unknown.insert("io_model") }
      if let threads = known.threads { value.threads = threads } else { value.unknown.insert("threads") }
      if let limit = known.queueLimit {
        value.queueLimit = limit
      } else {
        value.unknown.insert("queue_limit")
      }
      list.append(value)
    }
    for route in routes {
      places.append((route.service, list[route.service].routes.count))
      list[route.service].routes.append(ServiceRoute(Self.routeName(route.name), []))
    }
    for (index, route) in routes.enumerated() {
      let place = places[index]
      list[place.service].routes[place.route].steps =
        ownSteps(route) + callSteps(route, places)
    }
    for index in list.indices { Self.makeUnique(&list[index].routes) }
    let entries = entries.map { entry in
      // Weights are requests a second, so that their sum is the rate.
      let weight = (entry.rate > 0 ? entry.rate : Double(entry.requests)) * 1000
      return Topology.Entry(
        service: places[entry.route].service, route: places[entry.route].route, weight: max(1, weight.rounded()) / 1000)
    }
    // Nothing in front of the first services balances requests over several.
    for entry in entries { list[entry.service].replicas = 1 }
    var topology = Topology(services: list, entries: entries, hop: hop)
    topology.setPorts()
    return topology
  }

  private func ownSteps(_ route: RouteEstimate) -> [Step] {
    var steps: [Step] = []
    switch known.cpu {
    case .some(.zero): break
    case .some(let cpu): steps.append(.cpu(.latency(.fixed(cpu))))
    case .none: steps.append(.cpu(nil))
    }
    if route.ownTime.mean >= 1e-7 { steps.append(.remote(route.ownTime.time)) }
    return steps
  }

  /// A call that takes longer than its callee and the shared hop waits for a remote system first: the way to that callee.
  /// Of calls that are made at the same time, the longest way stands before all of them.
  private func callSteps(_ route: RouteEstimate, _ places: [(service: Int, route: Int)]) -> [Step] {
    var steps: [Step] = []
    var place = 0
    while place < route.calls.count {
      var end = place + 1
      while end < route.calls.count, route.besides[end] { end += 1 }
      let ways = route.transit[place..<end].filter { $0.mean >= 1e-5 && $0.mean > 0.2 * hop.seconds }
      if let way = ways.max(by: { $0.mean < $1.mean }) { steps.append(.remote(way.time)) }
      let calls = route.calls[place..<end].map { Step.call(service: places[$0].service, route: places[$0].route) }
      steps += calls.count > 1 ? [.all(calls)] : calls
      place = end
    }
    return steps
  }

  // MARK: Names

  /// What the file's names may not have, as a dash.
  private static func serviceName(_ text: String) -> String {
    let clean = String(text.prefix(150).map { "/*?=".contains($0) || !isPlain($0) ? "-" : $0 })
    let trimmed = trim(clean)
    guard let first = trimmed.first, !["all", "trace_log"].contains(trimmed) else { return "service" + trimmed }
    return "@-.".contains(first) ? "service\(trimmed)" : trimmed
  }

  /// Another name for one that would be that of a replica of another service.
  private static func ofNoReplica(_ name: String, _ names: Set<String>) -> String {
    guard let dash = name.lastIndex(of: "-"), names.contains(String(name[..<dash])),
      let number = Int(name[name.index(after: dash)...]), ReplicaName.numbers.contains(number)
    else { return name }
    return "\(name[..<dash]).\(number)"
  }

  private static func routeName(_ text: String) -> String {
    let trimmed = trim(String(text.prefix(450).map { isPlain($0) ? $0 : "-" }))
    return trimmed.isEmpty ? "request" : trimmed
  }

  private static func trim(_ text: String) -> String {
    let rest = text.drop { $0.isWhitespace }
    return String(String(rest.reversed()).drop { $0.isWhitespace }.reversed())
  }

  private static func isPlain(_ character: Character) -> Bool {
    character != "\u{fffd}"
      && character.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate: false
        default: true
        }
      }
  }

  private static func unique(_ name: String, _ used: inout [String: Int]) -> String {
    let number = used[name, default: 0] + 1
    used[name] = number
    return number == 1 ? name : unique("\(name).\(number)", &used)
  }

  private static func makeUnique(_ routes: inout [ServiceRoute]) {
    var used: [String: Int] = [:]
    for index in routes.indices { routes[index].name = unique(routes[index].name, &used) }
  }
}
