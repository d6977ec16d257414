import ChainModel

/// Routes, their steps and calls, and the entries: what refers from one service to another.
extension TopologyReader {
  /// By service and route, `SERVICE/ROUTE`.
  private typealias Place = (service: Int, route: Int)

  mutating func readRoutes(_ section: Item.Entry?) {
    guard case .mapping(let services) = section?.value.content else { return }
    var bodies: [(service: Int, route: Int, path: String, item: Item)] = []
    for entry in services {
      guard let index = topology.index(of: ServiceName(entry.key)), topology.services[index].routes.isEmpty else {
        continue
      }
      let path = "\(Schema.services).\(PlainText.visible(entry.key)).\(Schema.routes)"
      for (route, item, routePath) in routes(of: entry, path: path) {
        bodies.append((index, topology.services[index].routes.count, routePath, item))
        topology.services[index].routes.append(ServiceRoute(route, []))
      }
    }
    // Now that all are known, what their steps call can be found.
    for (service, route, path, item) in bodies {
      topology.services[service].routes[route].steps = steps(of: item, path: path, service, route)
    }
  }

  private mutating func routes(of entry: Item.Entry, path: String) -> [(String, Item, String)] {
    guard case .mapping(let keys) = entry.value.content else { return [] }
    let expected = "a mapping of routes with their steps"
    guard let section = keys.first(where: { $0.key == Schema.routes }) else {
      report(path, at: entry.position, found: "nothing", expected: expected)
      return []
    }
    var routes: [(String, Item, String)] = []
    for route in named(section, path, expected) {
      let routePath = "\(path).\(PlainText.visible(route.key))"
      if !Schema.isText(route.key, limit: 500) {
        report(routePath, at: route.position, found: Self.found(route.key), expected: Schema.expectedRoute)
      } else if routes.contains(where: { $0.0 == route.key }) {
        report(routePath, at: route.position, found: "the key again", expected: "it once")
      } else {
        routes.append((route.key, route.value, routePath))
      }
    }
    return routes
  }

  // MARK: Steps

  private mutating func steps(of item: Item, path: String, _ service: Int, _ route: Int) -> [Step] {
    guard let list = item.list else {
      report(path, at: item.position, found: item.found, expected: "a list of steps, [] for none")
      return []
    }
    var calls = 0
    return list.enumerated().compactMap { index, item in
      step(item, "\(path)[\(index)]", among: Schema.steps, service, route, &calls)
    }
  }

  private mutating func step(
    _ item: Item, _ path: String, among known: [String], _ service: Int, _ route: Int, _ calls: inout Int
  ) -> Step? {
    guard case .mapping(let keys) = item.content, keys.count == 1, let entry = keys.first, known.contains(entry.key)
    else {
      reportStep(item, path, known)
      return nil
    }
    let (item, path) = (entry.value, "\(path).\(entry.key)")
    switch entry.key {
    case "call":
      guard let callee = callee(item, path) else { return nil }
      callPlaces[[service, route, calls]] = (path, item.position)
      calls += 1
      return .call(service: callee.service, route: callee.route)
    case "all":
      guard let list = item.list, list.count > 1 else {
        report(path, at: item.position, found: item.found, expected: "a list of at least two steps")
        return nil
      }
      return .all(
        list.enumerated().compactMap { index, item in
          step(item, "\(path)[\(index)]", among: Schema.parallelSteps, service, route, &calls)
        })
    case "cpu":
      if item.written?.plain == Schema.unknown {
        let expected = Form<StepTime>.time.expected
        unknownPlaces.append(
          Unknown(service: service, key: "cpu", path: path, position: item.position, expected: expected))
        return .cpu(nil)
      }
      return value(item, path, .time).map { .cpu($0) }
    case "remote": return value(item, path, .time).map { .remote($0) }
    default: return store(item, path, isFile: entry.key == "file", isPlayed: topology.services[service].isPlayed)
    }
  }

  private mutating func reportStep(_ item: Item, _ path: String, _ known: [String]) {
    let expected = "one of \(known.joined(separator: ", ")), such as \(known[0]): 400us"
    guard case .mapping(let keys) = item.content else {
      return report(path, at: item.position, found: item.found, expected: expected)
    }
    let names = keys.map { PlainText.visible($0.key) }.joined(separator: " and ")
    let meant = keys.count == 1 ? keys.first.flatMap { Typo.nearest(to: $0.key, among: known) } : nil
    report(path, at: item.position, found: names.isEmpty ? "an empty mapping" : names, expected: expected, meant: meant)
  }

  /// `2ms orders by user`; what a service's own code does has no time, since only a run tells it.
  private mutating func store(_ item: Item, _ path: String, isFile: Bool, isPlayed: Bool) -> Step? {
    let words = (item.text ?? "").split(separator: " ", maxSplits: 1)
    let time = words.first.flatMap { StepTime.parse($0) }
    let label = time == nil ? item.text ?? "" : words.count > 1 ? String(words[1]) : isFile ? "file" : "store"
    guard time != nil || !isPlayed, Schema.isText(label, limit: 200) else {
      report(
        path, at: item.position, found: item.found,
        expected: "\(Form<StepTime>.time.expected), and after a space what the log calls it, if anything")
      return nil
    }
    return .store(time, label: label, isFile: isFile)
  }

  private mutating func callee(_ item: Item, _ path: String) -> (service: Int, route: Int)? {
    guard let target = item.text, target.contains("/") else {
      report(path, at: item.position, found: item.found, expected: "SERVICE/ROUTE, such as cart/GET /items")
      return nil
    }
    return resolve(target, path, item.position)
  }

  // MARK: Entries

  mutating func readEntries(_ section: Item.Entry?) {
    for entry in named(section, Schema.entries, "a mapping of SERVICE/ROUTE to a weight") {
      let path = "\(Schema.entries).\(PlainText.visible(entry.key))"
      guard let (service, route) = resolve(entry.key, path, entry.position) else { continue }
      given[path] = Item(position: entry.position, content: entry.value.content)
      guard let weight = value(entry.value, path, .positive) else { continue }
      topology.entries.append(Topology.Entry(service: service, route: route, weight: weight))
    }
  }

  /// A service's name has no slash; a route's may.
  private mutating func resolve(_ target: String, _ path: String, _ position: Position) -> (service: Int, route: Int)? {
    let parts = target.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let found = Self.found(target)
    guard let service = topology.index(of: ServiceName(parts[0])) else {
      report(
        path, at: position, found: found, expected: "SERVICE/ROUTE of a service in this file",
        meant: Typo.nearest(to: parts[0], among: topology.names.map(\.rawValue)))
      return nil
    }
    let names = topology.services[service].routes.map(\.name)
    // A service without any has been refused already.
    if names.isEmpty { return nil }
    guard parts.count > 1, let route = names.firstIndex(of: parts[1]) else {
      let list = names.prefix(5).map { "\(parts[0])/\($0)" }.joined(separator: ", ")
      report(
        path, at: position, found: found, expected: "a route of \(parts[0]): \(list)\(names.count > 5 ? ", …" : "")",
        meant: parts.count > 1 ? Typo.nearest(to: parts[1], among: names).map { "\(parts[0])/\($0)" } : nil)
      return nil
    }
    return (service, route)
  }
}
