package import ChainModel

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

  /// The scalar as any setting's value is written.
  package var written: Written? {
    guard case .scalar(let text, let isQuoted) = content else { return nil }
    return Written(text, isQuoted: isQuoted)
  }

  /// What an error message says was found.
  package var found: String {
    switch content {
    case .scalar(let text, let isQuoted): Written(text, isQuoted: isQuoted).found
    case .list: "a list"
    case .mapping: "a mapping"
    }
  }
}
