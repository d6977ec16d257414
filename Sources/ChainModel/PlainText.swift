/// Lines for a terminal, made of texts that are not trusted.
package enum PlainText {
  /// The text without control characters: a log must not move the reader's cursor.
  /// - Parameters:
  ///   - text: what a log, a file or a user says.
  ///   - keepsLines: true: line breaks stay.
  /// - Returns: the text, each control character replaced.
  package static func clean(_ text: String, keepsLines: Bool = false) -> String {
    if isPlain(text) { return text }
    return String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { isControl($0) && !(keepsLines && $0 == "\n") ? "\u{fffd}" : $0 }))
  }

  /// Printable ASCII: nearly every text, and known for a hundredth of the time that others take.
  private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { (0x20..<0x7f).contains($0) } }

  package static func width(_ text: String) -> Int { isPlain(text) ? text.utf8.count : text.count }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  /// At most `limit` characters, those that cannot be seen as escapes: on one line, and no two texts alike.
  package static func visible(_ text: String, limit: Int = 40) -> String {
    let shown = text.unicodeScalars.prefix(limit).map { isVisible($0) ? String($0) : $0.escaped(asASCII: true) }
    return shown.joined() + (text.unicodeScalars.count > limit ? "…" : "")
  }

  private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .privateUse, .unassigned: false
    default: !isControl(scalar)
    }
  }

  package static func pad(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - Self.width(text)))
  }

  /// At most `width` characters; a cut is shown.
  package static func cut(_ line: String, to width: Int) -> String {
    Self.width(line) <= width ? line : line.prefix(max(0, width - 1)) + "…"
  }

  /// The text in lines of at most `width` characters, broken at spaces where there are any.
  package static func wrap(_ text: String, to width: Int) -> [String] {
    if Self.width(text) <= width { return [text] }
    let width = max(1, width)
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      var word = String(word)
      if !line.isEmpty, Self.width(line) + 1 + Self.width(word) > width {
        lines.append(line)
        line = ""
      }
      while Self.width(word) > width {
        lines.append(String(word.prefix(width)))
        word = String(word.dropFirst(width))
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
  }
}
