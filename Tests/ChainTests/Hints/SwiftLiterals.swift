/// The string literals of Swift source: what a program may print. An interpolation is shown as `\u{1}`, literals that are
/// added to one another as one.
struct SwiftLiterals {
  static let interpolation: Character = "\u{1}"

  private let source: [Character]
  private var place = 0
  private var texts: [String] = []
  /// Only blanks and `+` since the last literal.
  private var isAdded = false

  static func texts(of source: String) -> [String] {
    var reader = SwiftLiterals(source: Array(source))
    reader.read()
    return reader.texts
  }

  /// The literal that a source begins with.
  static func first(of source: String) -> String {
    var reader = SwiftLiterals(source: Array(source))
    return reader.literal(hashes: 0)
  }

  private init(source: [Character]) {
    self.source = source
  }

  private func starts(with text: String) -> Bool { source[place...].starts(with: text) }

  private mutating func read() {
    while place < source.count {
      if starts(with: "//") {
        while place < source.count, source[place] != "\n" { place += 1 }
      } else if starts(with: "/*") {
        while place < source.count, !starts(with: "*/") { place += 1 }
      } else if let hashes = openingHashes() {
        take(literal(hashes: hashes))
      } else {
        if !source[place].isWhitespace && source[place] != "+" { isAdded = false }
        place += 1
      }
    }
  }

  private mutating func take(_ text: String) {
    if isAdded, !texts.isEmpty {
      texts[texts.count - 1] += text
    } else {
      texts.append(text)
    }
    isAdded = true
  }

  /// How many `#` stand before the quote that begins here; nil if none begins.
  private func openingHashes() -> Int? {
    var end = place
    while end < source.count, source[end] == "#" { end += 1 }
    return end < source.count && source[end] == "\"" ? end - place : nil
  }

  private mutating func literal(hashes: Int) -> String {
    place += hashes
    let quote = starts(with: "\"\"\"") ? "\"\"\"" : "\""
    place += quote.count
    let mark = String(repeating: "#", count: hashes)
    var text = ""
    while place < source.count, !starts(with: quote + mark) {
      if starts(with: "\\" + mark) {
        place += 1 + hashes
        text += escaped()
      } else {
        text.append(source[place])
        place += 1
      }
    }
    place += quote.count + hashes
    return quote.count == 3 ? Self.unindented(text) : text
  }

  /// What stands after a backslash.
  private mutating func escaped() -> String {
    guard place < source.count else { return "" }
    defer { place += 1 }
    switch source[place] {
    case "(":
      skipParentheses()
      return String(Self.interpolation)
    case "n", "t": return source[place] == "n" ? "\n" : "\t"
    case "\n": return ""
    case let other: return String(other)
    }
  }

  /// To the closing one, past literals inside; these are texts of their own.
  private mutating func skipParentheses() {
    var depth = 0
    while place < source.count {
      if let hashes = openingHashes() {
        texts.insert(literal(hashes: hashes), at: 0)
        continue
      }
      if source[place] == "(" { depth += 1 }
      if source[place] == ")" { depth -= 1 }
      if depth == 0 { return }
      place += 1
    }
  }

  private static func unindented(_ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let margin = lines.last?.prefix { $0 == " " }.count ?? 0
    return lines.map { String($0.dropFirst(min(margin, $0.prefix { $0 == " " }.count))) }.joined(separator: "\n")
  }
}
