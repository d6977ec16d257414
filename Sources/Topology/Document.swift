import ChainModel
import Yams

/// Text → `Item`. The only place that knows the YAML library, and the subset of YAML that is read: mappings with plain
/// keys, lists and scalars; no anchors, aliases or tags.
package struct Document {
  package typealias Problem = TopologyError.Problem
  typealias Position = TopologyError.Position

  /// A system may have thousands of services.
  static let sizeLimit = 4 * 1024 * 1024

  static var tooLarge: Problem {
    Problem(position: .start, key: "", found: "a file of more than \(sizeLimit >> 20) MiB", expected: "a smaller one")
  }

  /// Stands for `*` while the library parses. Nested aliases can double the document at every level, and the library
  /// hashes mapping keys in full; so it must never see one. The mark has the width of `*`: positions stay true.
  private static let asterisk: Unicode.Scalar = "\u{E000}"
  /// The mark as an escape in quoted text. It is refused like the mark itself: it would be read as an asterisk.
  private static let escapedAsterisk = ["\\uE000", "\\ue000", "\\U0000E000", "\\U0000e000"]

  /// Empty text for a file without content.
  package private(set) var root = Item(position: .start, content: .scalar("", quoted: false))
  package private(set) var problems: [Problem] = []

  /// - Parameter text: a whole file. The `root` makes sense only if there are no `problems`.
  package init(_ text: String) {
    if let problem = Self.refusal(of: text) {
      problems = [problem]
      return
    }
    do {
      let hidden = text.unicodeScalars.map { $0 == "*" ? Self.asterisk : $0 }
      let parser = try Parser(
        yaml: String(String.UnicodeScalarView(hidden.drop { $0 == "\u{FEFF}" })), resolver: .basic, encoding: .utf8)
      guard let node = try parser.singleRoot() else { return }
      // A node's anchor is a weak reference into the parser.
      root = withExtendedLifetime(parser) { item(node, key: "") }
    } catch let error as YamlError {
      problems = [Self.problem(error)]
    } catch {
      problems = [Problem(position: .start, key: "", found: "\(error)", expected: "valid YAML")]
    }
  }

  private static func refusal(of text: String) -> Problem? {
    guard text.utf8.count <= sizeLimit else { return tooLarge }
    let scalars = text.unicodeScalars
    guard let index = scalars.indices.first(where: { !isText(scalars[$0]) || isEscapedAsterisk(scalars[$0...]) }) else {
      return nil
    }
    let scalar = scalars[index] == "\\" ? asterisk : scalars[index]
    return Problem(
      position: Position(after: scalars[..<index]), key: "", found: "the character \(scalar.escaped(asASCII: true))",
      expected: "text")
  }

  private static func isEscapedAsterisk(_ text: Substring.UnicodeScalarView) -> Bool {
    text.first == "\\" && escapedAsterisk.contains { text.starts(with: $0.unicodeScalars) }
  }

  private static func isText(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\t", "\n", "\r", "\u{85}": true
    case asterisk, "\u{FFFE}", "\u{FFFF}": false
    default: scalar.properties.generalCategory != .control
    }
  }

  private static func problem(_ error: YamlError) -> Problem {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      let detail = [context.map { "\($0.text) (line \($0.mark.line))" }, problem].compactMap(\.self).joined(
        separator: ": ")
      return Problem(position: Position(mark), key: "", found: "a YAML error: \(detail)", expected: "valid YAML")
    case .duplicatedKeysInMapping(let duplicates, let context):
      let name = PlainText.visible(restore(duplicates.first ?? ""))
      return Problem(
        position: Position(context.mark), key: name, found: "the key again further down in the same mapping",
        expected: "it once")
    default:
      return Problem(position: .start, key: "", found: "a YAML error: \(error)", expected: "valid YAML")
    }
  }

  private static func restore(_ text: String) -> String {
    guard text.unicodeScalars.contains(asterisk) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == asterisk ? "*" : $0 }))
  }
}

extension Document {
  /// The value as an `Item`; what the subset does not have is noted as a problem.
  private mutating func item(_ node: Node, key: String) -> Item {
    let position = Position(node.mark)
    if let extra = extra(of: node) ?? Self.tag(of: node) { refuse(extra, at: position, key: key) }
    switch node {
    case .scalar(let scalar):
      return Item(position: position, content: .scalar(Self.restore(scalar.string), quoted: scalar.style != .plain))
    case .sequence(let sequence):
      return Item(position: position, content: .list(sequence.map { item($0, key: key) }))
    case .mapping(let mapping):
      return Item(position: position, content: .mapping(mapping.compactMap { entry($0.key, $0.value, within: key) }))
    case .alias:
      preconditionFailure("the parser resolves aliases, and it was shown none")
    }
  }

  private mutating func entry(_ keyNode: Node, _ value: Node, within parent: String) -> Item.Entry? {
    let position = Position(keyNode.mark)
    guard case .scalar(let scalar) = keyNode else {
      problems.append(Problem(position: position, key: parent, found: "a list or mapping as key", expected: "a name"))
      return nil
    }
    let name = Self.restore(scalar.string)
    let path = (parent.isEmpty ? "" : "\(parent).") + PlainText.visible(name)
    // No look at a key's tag: finding duplicates has resolved it already.
    if let extra = extra(of: keyNode) { refuse(extra, at: position, key: path) }
    return Item.Entry(key: name, position: position, value: item(value, key: path))
  }

  private mutating func refuse(_ extra: String, at position: Position, key: String) {
    problems.append(
      Problem(position: position, key: key, found: extra, expected: "the value itself (defaults: is for shared ones)"))
  }

  private func extra(of node: Node) -> String? {
    if let anchor = node.anchor { return "the anchor &\(PlainText.visible(anchor.rawValue))" }
    guard case .scalar(let scalar) = node, scalar.style == .plain,
      scalar.string.unicodeScalars.first == Self.asterisk
    else { return nil }
    return "the alias \(PlainText.visible(Self.restore(scalar.string)))"
  }

  /// Nil without a tag. The parser itself gives quoted text the tag of a string.
  private static func tag(of node: Node) -> String? {
    let name: String
    switch node {
    case .scalar(let scalar):
      name = scalar.tag.description
      if scalar.style != .plain, name == Tag.Name.str.rawValue { return nil }
    case .sequence(let sequence): name = sequence.tag.description
    case .mapping(let mapping): name = mapping.tag.description
    case .alias(let alias): name = alias.tag.description
    }
    return name.isEmpty ? nil : "the tag \(PlainText.visible(name))"
  }
}

extension TopologyError.Position {
  fileprivate init(_ mark: Mark?) {
    self.init(line: mark?.line ?? 1, column: mark?.column ?? 1)
  }
}
