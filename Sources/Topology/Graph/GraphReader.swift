import ChainModel

/// `Item` → `ServiceGraph`. It goes on after a problem, so that all of them are reported at once.
struct GraphReader {
  typealias Problem = TopologyError.Problem
  typealias Position = TopologyError.Position

  /// A name that leads to a route, to be resolved once all are known.
  private struct Reference {
    var path: String
    var position: Position
    var target: String
  }

  private var sections = TopologyReader()
  private var graph = ServiceGraph(services: [], entries: [])
  /// By service, route and step.
  private(set) var callPlaces: [[Int]: (path: String, position: Position)] = [:]
  private(set) var unknownPlaces: [(service: Int, key: String, path: String, position: Position, expected: String)] = []
  private var pending: [(place: [Int], reference: Reference)] = []
  private var templateUnknown: Set<String> = []
  private var serviceIndex: [String: Int] = [:]
  private var routeIndex: [String: Int] = [:]

  var problems: [Problem] { sections.problems }

  /// The value makes sense only if `problems` is empty afterwards.
  mutating func read(_ root: Item) -> ServiceGraph {
    guard let entries = sections.entries(of: root, path: "", known: GraphSchema.sections) else { return graph }
    value(entries[GraphSchema.cores], GraphSchema.cores, GraphSchema.coreCount) { $0.cores = $1 }
    value(entries[GraphSchema.hop], GraphSchema.hop, GraphSchema.hopTime) { $0.hop = $1 }
    value(entries[GraphSchema.onLeave], GraphSchema.onLeave, GraphSchema.leaveRule) { $0.onLeave = $1 }
    var template = ServiceGraph.Service("", routes: [])
    fill(&template, from: entries[GraphSchema.defaults], path: GraphSchema.defaults, service: nil)
    templateUnknown = template.unknown
    readServices(entries[GraphSchema.services], template)
    resolveCalls()
    readEntries(entries[GraphSchema.entries])
    if problems.isEmpty { checkGraph(graph) }
    return graph
  }

  mutating func report(_ path: String, at position: Position, found: String, expected: String, meant: String? = nil) {
    sections.report(path, at: position, found: found, expected: expected, meant: meant)
  }

  private mutating func value<Value>(
    _ entry: Item.Entry?, _ path: String, _ form: Form<Value>, _ put: (inout ServiceGraph, Value) -> Void
  ) {
    guard let entry else { return }
    do throws(Mismatch) {
      put(&graph, try form.read(entry.value))
    } catch {
      report(path, at: error.position, found: error.found, expected: form.wanted, meant: error.meant)
    }
  }

  /// The entries of a mapping whose keys are names; none, with a problem, if it is no mapping or empty.
  private mutating func named(_ section: Item.Entry?, _ path: String, _ expected: String) -> [Item.Entry] {
    guard let section, case .mapping(let entries) = section.value.content, !entries.isEmpty else {
      let isEmpty = if case .mapping = section?.value.content { true } else { false }
      let found = section.map { isEmpty ? "an empty mapping" : $0.value.found } ?? "nothing"
      report(path, at: section?.value.position ?? .start, found: found, expected: expected)
      return []
    }
    return entries
  }

  // MARK: Services

  private mutating func readServices(_ section: Item.Entry?, _ template: ServiceGraph.Service) {
    for entry in named(section, GraphSchema.services, "a mapping of services by name") {
      let path = "\(GraphSchema.services).\(Item.printable(entry.key))"
      guard GraphSchema.isName(entry.key) else {
        report(
          path, at: entry.position, found: Item.printable(entry.key), expected: GraphSchema.expectedName)
        continue
      }
      var service = template
      service.name = entry.key
      let index = graph.services.count
      fill(&service, from: entry, path: path, service: index)
      serviceIndex[service.name] = index
      readRoutes(of: &service, in: entry, path: path, service: index)
      graph.services.append(service)
    }
  }

  /// What is said of the service. A value that stands as `unknown` is noted.
  private mutating func fill(
    _ service: inout ServiceGraph.Service, from section: Item.Entry?, path: String, service index: Int?
  ) {
    guard var section else { return }
    let names = GraphSchema.keys.map(\.name)
    guard case .mapping(let all) = section.value.content else {
      _ = sections.entries(of: section.value, path: path, known: names)
      return
    }
    var known: [Item.Entry] = []
    for entry in all where index == nil || entry.key != GraphSchema.routes {
      if entry.value.plainText == GraphSchema.unknown, names.contains(entry.key) {
        service.unknown.insert(entry.key)
        if let index { noteUnknown(index, entry, path) }
      } else {
        service.unknown.remove(entry.key)
        known.append(entry)
      }
    }
    section.value.content = .mapping(known)
    sections.fill(&service.settings, from: section, keys: GraphSchema.keys, path: path)
    guard let index else { return }
    // Those of the defaults that the service does not give itself.
    for key in templateUnknown where !all.contains(where: { $0.key == key }) {
      noteUnknown(index, Item.Entry(key: key, position: section.position, value: section.value), path)
    }
  }

  private mutating func noteUnknown(_ index: Int, _ entry: Item.Entry, _ path: String) {
    let expected = GraphSchema.keys.first { $0.name == entry.key }?.expected ?? ""
    unknownPlaces.append((index, entry.key, "\(path).\(entry.key)", entry.value.position, expected))
  }

  private mutating func readRoutes(
    of service: inout ServiceGraph.Service, in entry: Item.Entry, path: String, service index: Int
  ) {
    guard case .mapping(let keys) = entry.value.content else { return }
    let section = keys.first { $0.key == GraphSchema.routes }
    let path = "\(path).\(GraphSchema.routes)"
    if section == nil {
      return report(path, at: entry.position, found: "nothing", expected: "a mapping of routes with their steps")
    }
    for route in named(section, path, "a mapping of routes with their steps") {
      let routePath = "\(path).\(Item.printable(route.key))"
      guard GraphSchema.isText(route.key, limit: 500) else {
        report(routePath, at: route.position, found: Item.printable(route.key), expected: GraphSchema.expectedRoute)
        continue
      }
      let place = [index, service.routes.count]
      routeIndex["\(service.name)/\(route.key)"] = place[1]
      service.routes.append(ServiceGraph.Route(route.key, steps(of: route.value, path: routePath, place)))
    }
  }

  private mutating func steps(of item: Item, path: String, _ place: [Int]) -> [ServiceGraph.Step] {
    guard let list = item.list else {
      report(path, at: item.position, found: item.found, expected: "a list of steps, [] for none")
      return []
    }
    var steps: [ServiceGraph.Step] = []
    for (index, item) in list.enumerated() {
      let stepPath = "\(path)[\(index)]"
      guard case .mapping(let keys) = item.content, keys.count == 1, let key = keys.first,
        GraphSchema.steps.contains(key.key)
      else {
        reportStep(item, stepPath)
        continue
      }
      if let step = step(key, "\(stepPath).\(key.key)", place + [steps.count]) { steps.append(step) }
    }
    return steps
  }

  private mutating func reportStep(_ item: Item, _ path: String) {
    let expected = "one of \(GraphSchema.steps.joined(separator: ", ")), such as cpu: 400us"
    guard case .mapping(let keys) = item.content else {
      return report(path, at: item.position, found: item.found, expected: expected)
    }
    let names = keys.map { Item.printable($0.key) }.joined(separator: " and ")
    let meant = keys.count == 1 ? keys.first.flatMap { Typo.nearest(to: $0.key, among: GraphSchema.steps) } : nil
    report(path, at: item.position, found: names.isEmpty ? "an empty mapping" : names, expected: expected, meant: meant)
  }

  private mutating func step(_ entry: Item.Entry, _ path: String, _ place: [Int]) -> ServiceGraph.Step? {
    let item = entry.value
    switch entry.key {
    case "call":
      guard let target = item.text, target.contains("/") else {
        report(path, at: item.position, found: item.found, expected: "SERVICE/ROUTE, such as cart/GET /items")
        return nil
      }
      pending.append((place, Reference(path: path, position: item.position, target: target)))
      return .call(service: 0, route: 0)
    case "cpu":
      if item.plainText == GraphSchema.unknown {
        unknownPlaces.append((place[0], "cpu", path, item.position, "a time (\(StepTime.forms))"))
        return .cpu(nil)
      }
      return time(item, path).map { .cpu($0.time) }
    case "remote": return time(item, path).map { .remote($0.time) }
    default:
      let isFile = entry.key == "file"
      return time(item, path, isLabelled: true).map { .store($0.time, label: $0.label ?? entry.key, isFile: isFile) }
    }
  }

  private mutating func time(
    _ item: Item, _ path: String, isLabelled: Bool = false
  ) -> (time: StepTime, label: String?)? {
    let parts = (item.text ?? "").split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    let label = parts.count > 1 ? String(parts[1]) : nil
    let isLabelFine = label.map { isLabelled && GraphSchema.isText($0, limit: 200) } ?? true
    guard let first = parts.first, let time = StepTime.parse(first), isLabelFine else {
      let also = isLabelled ? ", and after it a text for the log" : ""
      report(path, at: item.position, found: item.found, expected: "a time (\(StepTime.forms))\(also)")
      return nil
    }
    return (time, label)
  }

  // MARK: References

  private mutating func resolveCalls() {
    for (place, reference) in pending {
      guard let (service, route) = resolve(reference) else { continue }
      graph.services[place[0]].routes[place[1]].steps[place[2]] = .call(service: service, route: route)
      callPlaces[place] = (reference.path, reference.position)
    }
  }

  private mutating func readEntries(_ section: Item.Entry?) {
    for entry in named(section, GraphSchema.entries, "a mapping of SERVICE/ROUTE to a weight") {
      let path = "\(GraphSchema.entries).\(Item.printable(entry.key))"
      let reference = Reference(path: path, position: entry.position, target: entry.key)
      guard let (service, route) = resolve(reference) else { continue }
      value(entry, path, GraphSchema.weight) { graph, weight in
        graph.entries.append(ServiceGraph.Entry(service: service, route: route, weight: weight))
      }
    }
  }

  /// A service's name has no slash; a route's may.
  private mutating func resolve(_ reference: Reference) -> (service: Int, route: Int)? {
    let parts = reference.target.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let found = Item.printable(reference.target, limit: 100)
    guard let service = serviceIndex[parts[0]] else {
      let meant = Typo.nearest(to: parts[0], among: graph.services.map(\.name))
      report(
        reference.path, at: reference.position, found: found, expected: "SERVICE/ROUTE of a service in this file",
        meant: meant)
      return nil
    }
    guard let route = routeIndex[reference.target] else {
      let names = graph.services[service].routes.map(\.name)
      let list = names.prefix(5).map { "\(parts[0])/\($0)" }.joined(separator: ", ")
      report(
        reference.path, at: reference.position, found: found,
        expected: "a route of \(parts[0]): \(list)\(names.count > 5 ? ", …" : "")",
        meant: parts.count > 1 ? Typo.nearest(to: parts[1], among: names).map { "\(parts[0])/\($0)" } : nil)
      return nil
    }
    return (service, route)
  }
}
