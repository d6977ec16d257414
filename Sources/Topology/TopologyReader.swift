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
    var sections = Section(root, path: "")
    let (services, entries) = (sections.take(Schema.services), sections.take(Schema.entries))
    let (defaults, hosts) = (sections.take(Schema.defaults), sections.take(Schema.hosts))
    topology.cores = sections.value(Schema.cores, Schema.coreCount)
    topology.hop = sections.value(Schema.hop, Schema.hopTime) ?? .zero
    topology.traceLog = filled(sections.section(Schema.traceLog), Schema.traceLogKeys)
    topology.seed = filled(sections.section(Schema.seed), Schema.seedKeys)
    topology.dashboard = filled(sections.section(Schema.dashboard), Schema.dashboardKeys)
    close(sections)
    guard sections.isMapping else { return }
    readHosts(hosts)
    var template = ServiceConfiguration.standard
    fill(&template, from: defaults, path: Schema.defaults, service: nil)
    templateUnknown = template.unknown
    readServices(services, template)
    readRoutes(services)
    readEntries(entries)
    setPorts()
    setAddresses()
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
  static func found(_ name: String) -> String { name.isEmpty ? "an empty name" : PlainText.visible(name, limit: 100) }

  /// Nil, with a problem, for what is not of the form.
  mutating func value<Value>(_ item: Item, _ path: String, _ form: Form<Value>) -> Value? {
    do throws(SettingError) {
      guard let written = item.written else { throw SettingError(found: item.found, expected: form.expected) }
      return try form.read(written)
    } catch {
      problems.append(Problem(error.within(path), at: item.position))
      return nil
    }
  }

  mutating func close(_ section: Section) {
    var section = section
    section.finish()
    problems += section.problems
    given.merge(section.given) { $1 }
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
      let path = "\(Schema.services).\(PlainText.visible(entry.key))"
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
    _ service: inout ServiceConfiguration, from entry: Item.Entry?, path: String, service index: Int?
  ) {
    guard let entry else { return }
    var section = Section(entry.value, path: path)
    for key in (index == nil ? Schema.sharedKeys : Schema.serviceKeys).keys {
      let item = section.take(key.name)?.value
      let isUnknown = item.map { $0.written?.plain == Schema.unknown } ?? templateUnknown.contains(key.name)
      if isUnknown {
        service.unknown.insert(key.name)
        guard let index else { continue }
        unknownPlaces.append(
          Unknown(
            service: index, key: key.name, path: "\(path).\(key.name)",
            position: item?.position ?? entry.value.position, expected: key.expected))
      } else if let item {
        section.read(item, as: key, into: &service)
      }
    }
    if index != nil { _ = section.take(Schema.routes) }
    close(section)
  }

  private mutating func filled<Root: Configurable>(_ section: Section?, _ table: KeyTable<Root>) -> Root {
    var root = Root()
    guard var section else { return root }
    section.read(table, into: &root)
    close(section)
    return root
  }
}
