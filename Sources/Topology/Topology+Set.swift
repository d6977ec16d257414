package import ChainModel

extension Topology {
  /// What `set` can change, in words.
  package static let settingForms =
    "SERVICE.key=value, where SERVICE may be all, a pattern such as cart-*, @depth:N, @leaves, or @most-called:N; or "
    + "\(Schema.traceLog).key=value"

  /// Changes one value at every service that is meant, as if the file had said so.
  /// - Parameters:
  ///   - setting: its key says which services, and a key of a service or `cpu`: the time of every such step. The services
  ///     are a name, a pattern with `*` and `?`; `all`; `@depth:N`: those N calls deep, 1 for those that clients ask;
  ///     `@leaves`: those that call nobody; `@most-called:N`: the N of most calls, at the weights of the entries.
  ///   - source: the name to use in errors in place of a file's.
  /// - Throws: `setting`, when nothing is meant, or the value is none that it can have.
  package mutating func set(_ setting: Setting, source: String) throws(TopologyError) {
    do throws(SettingError) { try set(setting) } catch { throw .setting(source: source, error) }
  }

  package mutating func set(_ setting: Setting) throws(SettingError) {
    let path = PlainText.visible(setting.key)
    guard let dot = setting.key.lastIndex(of: "."), dot != setting.key.startIndex else {
      throw SettingError(key: path, found: "no such setting", expected: Self.settingForms)
    }
    let selector = String(setting.key[..<dot])
    let change = Setting(String(setting.key[setting.key.index(after: dot)...]), setting.value)
    do throws(SettingError) {
      if selector == Schema.traceLog { return try Schema.traceLogKeys.read([change], into: &traceLog) }
      let chosen = select(selector)
      guard !chosen.isEmpty else {
        throw SettingError(
          found: "no such service", expected: "\(Self.settingForms); the services are \(known)",
          meant: Typo.nearest(to: selector, among: names.map(\.rawValue)))
      }
      guard change.key != "cpu" else { return setCPU(of: chosen, try Form<StepTime>.time.read(change.value)) }
      for index in chosen {
        try Schema.serviceKeys.read([change], into: &services[index], or: ["cpu"])
        services[index].unknown.remove(change.key)
      }
    } catch {
      var error = error
      error.key = path + error.key.drop { $0 != "." }
      throw error
    }
  }

  /// As many names as one reads.
  private var known: String {
    let most = 12
    let more = names.count > most ? " and \(names.count - most) more" : ""
    return names.prefix(most).map { PlainText.visible($0.rawValue) }.joined(separator: ", ") + more
  }

  private mutating func setCPU(of chosen: [Int], _ time: StepTime) {
    for service in chosen {
      for route in services[service].routes.indices {
        let steps = services[service].routes[route].steps
        services[service].routes[route].steps = steps.map { $0.with(cpu: time) }
      }
    }
  }

  /// By index, in the order of the file; none when nothing is meant.
  package func select(_ selector: String) -> [Int] {
    guard selector.hasPrefix("@") else {
      return services.indices.filter { Self.matches(services[$0].name.rawValue, selector) }
    }
    let parts = selector.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
    let number = parts.count == 2 ? Int(parts[1]) : nil
    switch (parts.first, number) {
    case ("leaves", nil) where parts.count == 1: return services.indices.filter { !services[$0].calls }
    case ("depth", let depth?) where depth > 0:
      guard let depths = RouteOrder(self)?.depths(from: entries) else { return [] }
      return services.indices.filter { depths[$0] == depth }
    case ("most-called", let count?) where count > 0: return Array(mostCalled().prefix(count)).sorted()
    default: return []
    }
  }

  /// Those that any request comes to, most requests first.
  private func mostCalled() -> [Int] {
    guard let order = RouteOrder(self) else { return [] }
    var visits = Array(repeating: 0.0, count: services.count)
    for (place, value) in zip(order.places, order.visits(from: entries)) { visits[place.service] += value }
    return services.indices.filter { visits[$0] > 0 }.sorted { (visits[$1], $0) < (visits[$0], $1) }
  }

  /// Whether a name is meant by `all`, or by a pattern, in which `*` stands for any text and `?` for one character.
  package static func matches(_ name: String, _ pattern: String) -> Bool {
    pattern == "all" || matches(Array(name)[...], Array(pattern)[...])
  }

  private static func matches(_ text: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
    var (at, star, mark) = (text.startIndex, -1, 0)
    var place = pattern.startIndex
    while at < text.endIndex {
      if place < pattern.endIndex, pattern[place] == "*" {
        (star, mark) = (place, at)
        place += 1
      } else if place < pattern.endIndex, pattern[place] == "?" || pattern[place] == text[at] {
        (at, place) = (at + 1, place + 1)
      } else if star >= 0 {
        mark += 1
        (place, at) = (star + 1, mark)
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == "*" }
  }
}

extension ServiceConfiguration {
  /// Whether it calls any other.
  package var calls: Bool { routes.contains { !$0.calls.isEmpty } }

  var hasUnknownCPU: Bool { has { $0 == .cpu(nil) } }

  private func has(_ isMeant: (Step) -> Bool) -> Bool {
    routes.contains { $0.steps.flatMap(\.parts).contains(where: isMeant) }
  }
}

extension Step {
  fileprivate func with(cpu time: StepTime) -> Step {
    switch self {
    case .cpu: .cpu(time)
    case .all(let parts): .all(parts.map { $0.with(cpu: time) })
    case .remote, .store, .call: self
    }
  }
}
