import ChainModel

/// `Item` → `Topology`. It goes on after a problem, so that all of them are reported at once.
struct TopologyReader {
  typealias Problem = TopologyError.Problem
  typealias Position = TopologyError.Position

  /// A value that stands as `unknown`.
  struct Unknown {
    var service: Int
    var key: String
    var path: String
    var position: Position
    var expected: String
  }

  var topology = Topology(services: [], entries: [])
  private(set) var problems: [Problem] = []
  /// What was given, by path of keys: where the checks of the whole find their positions.
  var given: [String: Item] = [:]
  /// By service, route, and the call's number among all of the route.
  var callPlaces: [[Int]: (path: String, position: Position)] = [:]
  var unknownPlaces: [Unknown] = []
  private var templateUnknown: Set<String> = []

  /// `topology` makes sense only if `problems` is empty afterwards.
  mutating func read(_ root: Item) {
    guard let sections = entries(of: root, path: "", known: Schema.sections) else { return }
    value(sections[Schema.cores], Schema.cores, Schema.coreCount) { $0.cores = $1 }
    value(sections[Schema.hop], Schema.hop, Schema.hopTime) { $0.hop = $1 }
    topology.traceLog = filled(.standard, from: sections[Schema.traceLog], Schema.traceLogKeys, Schema.traceLog)
    topology.seed = filled(.standard, from: sections[Schema.seed], Schema.seedKeys, Schema.seed)
    topology.dashboard = filled(.standard, from: sections[Schema.dashboard], Schema.dashboardKeys, Schema.dashboard)
    var template = Schema.defaultService
    fill(&template, from: sections[Schema.defaults], path: Schema.defaults, service: nil)
    templateUnknown = template.unknown
    readServices(sections[Schema.services], template)
    readRoutes(sections[Schema.services])
    readEntries(sections[Schema.entries])
    setPorts()
    checkNames()
    if problems.isEmpty { checkReplicas() }
    if problems.isEmpty { checkCalls() }
  }

  mutating func report(
    _ path: String, at position: Position, found: String, expected: String, meant: String? = nil
  ) {
    problems.append(.init(position: position, key: path, found: found, expected: expected, meant: meant))
  }

  /// What an error message says was found where a name stands.
  static func found(_ name: String) -> String { name.isEmpty ? "an empty name" : Item.printable(name, limit: 100) }

  mutating func value<Value>(
    _ entry: Item.Entry?, _ path: String, _ form: Form<Value>, _ put: (inout Topology, Value) -> Void
  ) {
    guard let entry else { return }
    do throws(Mismatch) {
      put(&topology, try form.read(entry.value))
    } catch {
      report(path, at: error.position, found: error.found, expected: form.wanted, meant: error.meant)
    }
  }

  /// The entries of a mapping whose keys are names; none, with a problem, if it is no mapping or empty.
  mutating func named(_ section: Item.Entry?, _ path: String, _ expected: String) -> [Item.Entry] {
    guard let section, case .mapping(let entries) = section.value.content, !entries.isEmpty else {
      let isEmpty = if case .mapping = section?.value.content { true } else { false }
      let found = section.map { isEmpty ? "an empty mapping" : $0.value.found } ?? "nothing"
      report(path, at: section?.value.position ?? .start, found: found, expected: expected)
      return []
    }
    return entries
  }

  // MARK: Services

  private mutating func readServices(_ section: Item.Entry?, _ template: ServiceConfiguration) {
    for entry in named(section, Schema.services, "a mapping of services by name") {
      let path = "\(Schema.services).\(Item.printable(entry.key))"
      guard Schema.isName(entry.key) else {
        report(path, at: entry.position, found: Self.found(entry.key), expected: Schema.expectedName)
        continue
      }
      given[path] = Item(position: entry.position, content: entry.value.content)
      var service = template
      service.name = ServiceName(entry.key)
      service.unknown = []
      if topology.index(of: service.name) != nil {
        report(path, at: entry.position, found: "the key again", expected: "it once")
        continue
      }
      fill(&service, from: entry, path: path, service: topology.services.count)
      topology.services.append(service)
    }
  }

  /// What is said of the service. A value that stands as `unknown` is noted.
  private mutating func fill(
    _ service: inout ServiceConfiguration, from section: Item.Entry?, path: String, service index: Int?
  ) {
    guard var section else { return }
    let keys = index == nil ? Schema.sharedKeys : Schema.serviceKeys
    let more = index == nil ? [] : [Schema.routes]
    let names = keys.map(\.name) + more
    guard case .mapping(let all) = section.value.content else {
      _ = entries(of: section.value, path: path, known: names)
      return
    }
    var known: [Item.Entry] = []
    for entry in all where index == nil || entry.key != Schema.routes {
      if entry.value.plainText == Schema.unknown, keys.contains(where: { $0.name == entry.key }) {
        service.unknown.insert(entry.key)
        if let index { noteUnknown(index, entry, path) }
      } else {
        known.append(entry)
      }
    }
    section.value.content = .mapping(known)
    fill(&service, from: section, keys: keys, path: path, alsoKnown: more)
    guard let index else { return }
    // Those of the defaults that the service does not give itself.
    for key in templateUnknown where !all.contains(where: { $0.key == key }) {
      service.unknown.insert(key)
      noteUnknown(index, Item.Entry(key: key, position: section.position, value: section.value), path)
    }
  }

  private mutating func noteUnknown(_ index: Int, _ entry: Item.Entry, _ path: String) {
    let expected = Schema.serviceKeys.first { $0.name == entry.key }?.expected ?? ""
    unknownPlaces.append(
      Unknown(
        service: index, key: entry.key, path: "\(path).\(entry.key)", position: entry.value.position,
        expected: expected))
  }

  /// Nothing to do without the section: none but `services` and `entries` is required.
  private mutating func fill<Root>(
    _ root: inout Root, from section: Item.Entry?, keys: [Key<Root>], path: String, alsoKnown more: [String] = []
  ) {
    guard let section, let entries = entries(of: section.value, path: path, known: keys.map(\.name) + more) else {
      return
    }
    for key in keys {
      guard let entry = entries[key.name] else { continue }
      do throws(Mismatch) {
        try key.read(entry.value, &root)
      } catch {
        report(
          "\(path).\(key.name)", at: error.position, found: error.found, expected: key.expected, meant: error.meant)
      }
    }
  }

  private mutating func filled<Root>(
    _ standard: Root, from section: Item.Entry?, _ keys: [Key<Root>], _ path: String
  ) -> Root {
    var root = standard
    fill(&root, from: section, keys: keys, path: path)
    return root
  }

  /// The known keys of a mapping; nil if it is none.
  private mutating func entries(of item: Item, path: String, known: [String]) -> [String: Item.Entry]? {
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
