import Topology

/// A YAML document to be written. Maps keep their order; texts that could be something else in YAML are quoted.
indirect enum YAMLNode: Hashable, Sendable {
  case text(String)
  case number(Int)
  case flag(Bool)
  case list([YAMLNode])
  case map([Entry])
  /// With comments above, one a line.
  case noted([String], YAMLNode)
  /// Under a name by which `same` repeats it.
  case named(String, YAMLNode)
  case same(String)

  struct Entry: Hashable, Sendable {
    var key: String
    var value: YAMLNode
  }

  /// Takes the keys of a map that was named, in a map that may say otherwise.
  static let merge = "<<"

  /// Longer lists of plain values stand a line each.
  private static let width = 100

  /// Files of several documents.
  static func text(of documents: [YAMLNode]) -> String { documents.map(\.document).joined(separator: "---\n") }

  /// The whole as a file, with a line break at its end.
  var document: String { lines.joined(separator: "\n") + "\n" }

  /// Without entries whose values are empty maps or lists.
  var withoutEmpty: YAMLNode {
    guard case .map(let entries) = self else { return self }
    return .map(entries.filter { ![.map([]), .list([])].contains($0.value) })
  }

  static func texts(_ texts: [String]) -> YAMLNode { .list(texts.map { .text($0) }) }

  private var lines: [String] {
    switch self {
    case .map(let entries) where !entries.isEmpty: entries.flatMap(Self.lines)
    case .list(let items) where inline == nil: items.flatMap(Self.item)
    case .noted(let notes, let node): notes.map { "# \($0)" } + node.lines
    default: [inline ?? ""]
    }
  }

  private static func lines(_ entry: Entry) -> [String] {
    if case .noted(let notes, let node) = entry.value {
      return notes.map { "# \($0)" } + lines(Entry(key: entry.key, value: node))
    }
    let key = entry.key == merge ? merge : Topology.scalar(entry.key)
    if case .named(let name, let node) = entry.value {
      return ["\(key): &\(name)"] + node.lines.map { "  \($0)" }
    }
    if let inline = entry.value.inline { return ["\(key): \(inline)"] }
    return ["\(key):"] + entry.value.lines.map { "  \($0)" }
  }

  private static func item(_ node: YAMLNode) -> [String] {
    if case .noted(let notes, let node) = node { return notes.map { "# \($0)" } + item(node) }
    return node.lines.enumerated().map { $0.offset == 0 ? "- \($0.element)" : "  \($0.element)" }
  }

  /// What stands behind its key, on the key's line; nil for what has lines of its own.
  private var inline: String? {
    switch self {
    case .text(let text): return Topology.scalar(text)
    case .number(let number): return "\(number)"
    case .flag(let flag): return "\(flag)"
    case .same(let name): return "*\(name)"
    case .map(let entries): return entries.isEmpty ? "{}" : nil
    case .noted, .named: return nil
    case .list(let items):
      let parts = items.compactMap(\.plain)
      let line = "[\(parts.joined(separator: ", "))]"
      return parts.count == items.count && line.count <= Self.width ? line : nil
    }
  }

  private var plain: String? {
    switch self {
    case .text, .number, .flag: inline
    default: nil
    }
  }
}

extension YAMLNode: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
  init(stringLiteral text: String) { self = .text(text) }
  init(integerLiteral number: Int) { self = .number(number) }
  init(booleanLiteral flag: Bool) { self = .flag(flag) }
}

extension YAMLNode: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  init(arrayLiteral items: YAMLNode...) { self = .list(items) }
  init(dictionaryLiteral entries: (String, YAMLNode)...) {
    self = .map(entries.map { Entry(key: $0.0, value: $0.1) })
  }
}
