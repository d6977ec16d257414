import ChainModel

extension Topology {
  /// Changes one value, as if `services.yaml` had said so.
  /// - Parameters:
  ///   - path: a service, or `trace_log`, and a key, such as `payment-service.threads`.
  ///   - text: the value as it would stand in the file.
  ///   - source: the name to use in errors in place of a file's.
  /// - Throws: `invalid`, for a section or key that does not exist, or a value that it cannot have.
  package mutating func set(_ path: String, to text: String, source: String) throws(TopologyError) {
    let setting = Setting(path: path, text: text, source: source)
    let parts = path.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let names = services.map(\.name.rawValue)
    guard parts.count == 2 else {
      throw setting.refused("no such setting", "SERVICE.key, of \(names.joined(separator: ", "))")
    }
    if parts[0] == Schema.traceLog { return try setting.apply(parts[1], Schema.traceLogKeys, to: &traceLog) }
    guard let index = names.firstIndex(of: parts[0]) else {
      throw setting.refused("no such service", "SERVICE.key, of \(names.joined(separator: ", "))")
    }
    try setting.apply(parts[1], Schema.serviceKeys, to: &services[index])
  }
}

/// One value that is to be changed.
struct Setting {
  let path: String
  let text: String
  let source: String

  func refused(_ found: String, _ expected: String, meant: String? = nil) -> TopologyError {
    let problem = TopologyError.Problem(
      position: .start, key: Item.printable(path), found: found, expected: expected, meant: meant)
    return .invalid(file: source, problems: [problem])
  }

  func apply<Root>(_ name: String, _ keys: [Key<Root>], to root: inout Root) throws(TopologyError) {
    let known = keys.map(\.name)
    guard let key = keys.first(where: { $0.name == name }) else {
      throw refused(
        "an unknown key", "one of \(known.joined(separator: ", "))", meant: Typo.nearest(to: name, among: known))
    }
    do throws(Mismatch) {
      try key.read(Item(position: .start, content: .scalar(text, quoted: false)), &root)
    } catch {
      throw refused(error.found, key.expected, meant: error.meant)
    }
  }
}
