import ChainModel

/// `Item` → `Topology`. It goes on after a problem, so that all of them are reported at once.
struct TopologyReader {
  private(set) var problems: [TopologyError.Problem] = []
  /// What was given, by path of keys: where the checks of the whole chain find their positions.
  private(set) var given: [String: Item] = [:]

  /// The value makes sense only if `problems` is empty afterwards.
  mutating func read(_ root: Item) -> Topology {
    var topology = Topology(
      services: [], traceLog: Schema.defaultTraceLog, seed: Schema.defaultSeed, dashboard: Schema.defaultDashboard)
    guard let sections = entries(of: root, path: "", known: Schema.sections) else { return topology }
    var template = Schema.defaultService
    fill(&template, from: sections[Schema.defaults], keys: Schema.sharedKeys, path: Schema.defaults)
    fill(&topology.traceLog, from: sections[Schema.traceLog], keys: Schema.traceLogKeys, path: Schema.traceLog)
    fill(&topology.seed, from: sections[Schema.seed], keys: Schema.seedKeys, path: Schema.seed)
    fill(&topology.dashboard, from: sections[Schema.dashboard], keys: Schema.dashboardKeys, path: Schema.dashboard)
    topology.services = services(in: sections[Schema.services], template: template)
    checkPorts(page: topology.dashboard)
    checkCallees(of: topology.services)
    checkReplicas(of: topology.services)
    return topology
  }

  mutating func report(
    _ path: String, at position: TopologyError.Position, found: String, expected: String, meant: String? = nil
  ) {
    problems.append(.init(position: position, key: path, found: found, expected: expected, meant: meant))
  }

  private mutating func services(in section: Item.Entry?, template: ServiceConfiguration) -> [ServiceConfiguration] {
    let names = ServiceName.allCases
    let (list, position) = (names.map(\.rawValue), section?.position ?? .start)
    guard let section else {
      report(
        Schema.services, at: position, found: "nothing", expected: "a mapping with \(list.joined(separator: ", "))")
      return []
    }
    guard let entries = entries(of: section.value, path: Schema.services, known: list) else { return [] }
    var services: [ServiceConfiguration] = []
    for name in names {
      let path = "\(Schema.services).\(name.rawValue)"
      guard let entry = entries[name.rawValue] else {
        report(path, at: position, found: "nothing", expected: "a mapping: the chain needs all its services")
        continue
      }
      var service = template
      service.name = name
      // What is said of all is said of those that can have more than one.
      if name == .gateway { service.replicas = 1 }
      fill(&service, from: entry, keys: Schema.serviceKeys, path: path)
      services.append(service)
    }
    return services
  }

  /// Nothing to do without the section: none but `services` is required.
  mutating func fill<Root>(_ root: inout Root, from section: Item.Entry?, keys: [Key<Root>], path: String) {
    guard let section, let entries = entries(of: section.value, path: path, known: keys.map(\.name)) else { return }
    for key in keys {
      let keyPath = "\(path).\(key.name)"
      guard let entry = entries[key.name] else {
        if key.isRequired { report(keyPath, at: section.position, found: "nothing", expected: key.expected) }
        continue
      }
      do throws(Mismatch) {
        try key.read(entry.value, &root)
      } catch {
        report(keyPath, at: error.position, found: error.found, expected: key.expected, meant: error.meant)
      }
    }
  }

  /// The known keys of a mapping; nil if it is none.
  mutating func entries(of item: Item, path: String, known: [String]) -> [String: Item.Entry]? {
    guard case .mapping(let all) = item.content else {
      report(path, at: item.position, found: item.found, expected: "a mapping with \(known.joined(separator: ", "))")
      return nil
    }
    var entries: [String: Item.Entry] = [:]
    for entry in all {
      let entryPath = (path.isEmpty ? "" : "\(path).") + Item.printable(entry.key)
      guard known.contains(entry.key) else {
        report(
          entryPath, at: entry.position, found: "an unknown key", expected: "one of \(known.joined(separator: ", "))",
          meant: Typo.nearest(to: entry.key, among: known))
        continue
      }
      if entries.updateValue(entry, forKey: entry.key) != nil {
        // The YAML library sees no duplicate where one of the two has a tag.
        report(entryPath, at: entry.position, found: "the key again", expected: "it once")
      }
      given[entryPath] = entry.value
    }
    return entries
  }
}
