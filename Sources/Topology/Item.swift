/// A value of a YAML file with its position, free of the YAML library's types.
package struct Item: Sendable {
  package enum Content: Sendable {
    /// `quoted` text is never a number or a flag.
    case scalar(String, quoted: Bool)
    case list([Item])
    case mapping([Entry])
  }

  package struct Entry: Sendable {
    package var key: String
    /// Of the key.
    package var position: TopologyError.Position
    package var value: Item
  }

  package var position: TopologyError.Position
  package var content: Content

  /// The text of a scalar, quoted or not.
  package var text: String? {
    guard case .scalar(let text, _) = content else { return nil }
    return text
  }

  /// The text of a scalar that stands without quotes.
  var plainText: String? {
    guard case .scalar(let text, quoted: false) = content else { return nil }
    return text
  }

  package var list: [Item]? {
    guard case .list(let items) = content else { return nil }
    return items
  }

  /// What an error message says was found.
  package var found: String {
    switch content {
    case .scalar("", quoted: false): "nothing"
    case .scalar(let text, quoted: false): Self.printable(text)
    case .scalar(let text, quoted: true): "the text \"\(Self.printable(text))\""
    case .list: "a list"
    case .mapping: "a mapping"
    }
  }

  /// At most `limit` characters, the invisible ones escaped: the text goes to somebody's terminal, on one line.
  static func printable(_ text: String, limit: Int = 40) -> String {
    let shown = text.unicodeScalars.prefix(limit).map { isVisible($0) ? String($0) : $0.escaped(asASCII: true) }
    return shown.joined() + (text.unicodeScalars.count > limit ? "…" : "")
  }

  private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: false
    default: true
    }
  }
}
