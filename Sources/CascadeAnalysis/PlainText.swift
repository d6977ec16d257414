/// Lines for a terminal, made of texts that are not trusted.
package enum PlainText {
  /// The text without control characters: a log must not move the reader's cursor.
  package static func clean(_ text: String) -> String {
    if isPlain(text) { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "\u{fffd}" : $0 }))
  }

  /// Printable ASCII: nearly every text, and known for a hundredth of the time that others take.
  private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { (0x20..<0x7f).contains($0) } }

  private static func width(_ text: String) -> Int { isPlain(text) ? text.utf8.count : text.count }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  static func pad(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - Self.width(text)))
  }

  /// At most `width` characters; a cut is shown.
  static func cut(_ line: String, to width: Int) -> String {
    Self.width(line) <= width ? line : line.prefix(max(0, width - 1)) + "…"
  }
}
