package import ChainModel

/// A mapping of a file while it is read: each key is asked for once, and what is left over nobody knows.
package struct Section {
  package typealias Problem = TopologyError.Problem

  package private(set) var problems: [Problem] = []
  /// What was asked for and is there, by path.
  private(set) var given: [String: Item] = [:]
  /// Nil for what is no mapping, of which `finish` tells.
  private var rest: [Item.Entry]?
  private var known: [String] = []
  private let item: Item
  private let path: String

  package init(_ item: Item, path: String) {
    self.item = item
    self.path = path
    if case .mapping(let all) = item.content { rest = all }
  }

  package var isMapping: Bool { rest != nil }

  package mutating func report(_ key: String, _ error: SettingError, at position: TopologyError.Position? = nil) {
    problems.append(Problem(error.within(key).within(path), at: position ?? item.position))
  }

  package mutating func take(_ key: String) -> Item.Entry? {
    known.append(key)
    guard let index = rest?.firstIndex(where: { $0.key == key }), let entry = rest?.remove(at: index) else {
      return nil
    }
    given[path.isEmpty ? key : "\(path).\(key)"] = entry.value
    return entry
  }

  /// Nil where the key is not given, or its value is not of the form, which is reported.
  package mutating func value<Value>(_ key: String, _ form: Form<Value>) -> Value? {
    guard let item = take(key)?.value else { return nil }
    return read(key, item, form.expected, form.read)
  }

  /// Reports also that the key is not given.
  package mutating func required<Value>(_ key: String, _ form: Form<Value>) -> Value? {
    let before = given.count
    let value = value(key, form)
    if given.count == before, isMapping { report(key, SettingError(found: "nothing", expected: form.expected)) }
    return value
  }

  package mutating func list(_ key: String) -> [Item]? {
    guard let item = take(key)?.value else { return nil }
    if item.list == nil { report(key, SettingError(found: item.found, expected: "a list"), at: item.position) }
    return item.list
  }

  /// A mapping within this one.
  package mutating func section(_ key: String) -> Section? {
    take(key).map { Section($0.value, path: path.isEmpty ? key : "\(path).\(key)") }
  }

  /// The same; one that is not there is one without keys.
  package mutating func required(_ key: String) -> Section {
    section(key) ?? Section(Item(position: item.position, content: .mapping([])), path: key)
  }

  /// Sets what the section says of the keys of a table.
  mutating func read<Root>(_ table: KeyTable<Root>, into root: inout Root) {
    for key in table.keys {
      guard let item = take(key.name)?.value else { continue }
      read(item, as: key, into: &root)
    }
  }

  mutating func read<Root>(_ item: Item, as key: Key<Root>, into root: inout Root) {
    guard let written = item.written else {
      return report(key.name, SettingError(found: item.found, expected: key.expected), at: item.position)
    }
    do throws(SettingError) { try key.read(written, into: &root) } catch { report("", error, at: item.position) }
  }

  private mutating func read<Value>(
    _ key: String, _ item: Item, _ expected: String, _ read: (Written) throws(SettingError) -> Value
  ) -> Value? {
    do throws(SettingError) {
      guard let written = item.written else { throw SettingError(found: item.found, expected: expected) }
      return try read(written)
    } catch {
      report(key, error, at: item.position)
      return nil
    }
  }

  /// What nobody asked for, what comes twice, and that it is no mapping.
  package mutating func finish() {
    guard let rest else {
      return report(
        "", SettingError(found: item.found, expected: "a mapping with \(known.joined(separator: ", "))"))
    }
    for entry in rest {
      // The YAML library sees no duplicate where one of the two has a tag.
      let isKnown = known.contains(entry.key)
      report("", isKnown ? .again(entry.key) : .unknown(entry.key, among: known), at: entry.position)
    }
  }
}
