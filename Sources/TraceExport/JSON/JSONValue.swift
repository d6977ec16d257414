/// JSON as it was read. Numbers stay text, so that none loses digits; members stay in order, and of equal keys the first
/// one counts.
indirect enum JSONValue: Hashable, Sendable {
  struct Member: Hashable, Sendable {
    var key: String
    var value: JSONValue
  }

  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([Member])

  /// What it is, for an error: short, whatever it holds.
  var found: String {
    switch self {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .number(let text): Self.short(text)
    case .string(let text): "'\(Self.short(text))'"
    case .array(let elements): "a list of \(elements.count)"
    case .object(let members): "an object of \(members.count) members"
    }
  }

  private static func short(_ text: String) -> String {
    let clean = text.prefix(40).map { $0.isNewline || $0.unicodeScalars.contains { $0.value < 0x20 } ? "\u{fffd}" : $0 }
    return String(clean) + (text.count > 40 ? "…" : "")
  }
}

/// Why bytes are no JSON: where, and what was expected there.
struct JSONSyntaxError: Error, Hashable {
  var line: Int
  var column: Int
  var found: String
  var expected: String
}

/// Reads JSON (RFC 8259) that is not trusted: neither depth nor a cut-off end does any harm.
struct JSONParser {
  static let depthLimit = 128

  private let bytes: ArraySlice<UInt8>
  private var at: Int

  /// The one value that the bytes are; a byte order mark before it is skipped.
  /// - Throws: `JSONSyntaxError`, for the first wrong character.
  static func parse(_ bytes: ArraySlice<UInt8>) throws(JSONSyntaxError) -> JSONValue {
    var parser = JSONParser(bytes)
    let value = try parser.value(depth: 0)
    parser.skipBlanks()
    guard parser.peek == nil else { throw parser.wrong("the end of the document") }
    return value
  }

  private init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    at = bytes.startIndex
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { at += 3 }
  }

  private var peek: UInt8? { at < bytes.endIndex ? bytes[at] : nil }

  private mutating func skipBlanks() {
    while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { at += 1 }
  }

  private func wrong(_ expected: String) -> JSONSyntaxError {
    let before = bytes[..<min(at, bytes.endIndex)]
    let line = before.reduce(1) { $0 + ($1 == 0x0a ? 1 : 0) }
    let column = before.count - (before.lastIndex(of: 0x0a).map { $0 - before.startIndex + 1 } ?? 0) + 1
    let found = peek.map { (0x21..<0x7f).contains($0) ? "'\(Character(Unicode.Scalar($0)))'" : "byte \($0)" }
    return JSONSyntaxError(line: line, column: column, found: found ?? "the end of the file", expected: expected)
  }

  // MARK: Values

  private mutating func value(depth: Int) throws(JSONSyntaxError) -> JSONValue {
    guard depth < Self.depthLimit else { throw wrong("at most \(Self.depthLimit) levels") }
    skipBlanks()
    guard let first = peek else { throw wrong("a JSON value") }
    switch first {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
    default: throw wrong("a JSON value")
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONSyntaxError) -> JSONValue {
    for offset in 0..<word.utf8CodeUnitCount {
      guard peek == word.utf8Start[offset] else { throw wrong("\(word)") }
      at += 1
    }
    return value
  }

  private mutating func object(_ depth: Int) throws(JSONSyntaxError) -> JSONValue {
    at += 1
    var members: [JSONValue.Member] = []
    skipBlanks()
    if skip(UInt8(ascii: "}")) { return .object(members) }
    while true {
      skipBlanks()
      guard peek == UInt8(ascii: "\"") else { throw wrong("a key in quotes") }
      let key = try string()
      skipBlanks()
      guard skip(UInt8(ascii: ":")) else { throw wrong("':'") }
      members.append(JSONValue.Member(key: key, value: try value(depth: depth + 1)))
      skipBlanks()
      if skip(UInt8(ascii: "}")) { return .object(members) }
      guard skip(UInt8(ascii: ",")) else { throw wrong("',' or '}'") }
    }
  }

  private mutating func array(_ depth: Int) throws(JSONSyntaxError) -> JSONValue {
    at += 1
    var elements: [JSONValue] = []
    skipBlanks()
    if skip(UInt8(ascii: "]")) { return .array(elements) }
    while true {
      elements.append(try value(depth: depth + 1))
      skipBlanks()
      if skip(UInt8(ascii: "]")) { return .array(elements) }
      guard skip(UInt8(ascii: ",")) else { throw wrong("',' or ']'") }
    }
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    at += 1
    return true
  }

  private mutating func number() throws(JSONSyntaxError) -> String {
    let start = at
    _ = skip(UInt8(ascii: "-"))
    if !skip(UInt8(ascii: "0")) { try digits() }
    if skip(UInt8(ascii: ".")) { try digits() }
    if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
      if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
      try digits()
    }
    return String(decoding: bytes[start..<at], as: UTF8.self)
  }

  private mutating func digits() throws(JSONSyntaxError) {
    let start = at
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { at += 1 }
    guard at > start else { throw wrong("a digit") }
  }

  // MARK: Strings

  private mutating func string() throws(JSONSyntaxError) -> String {
    at += 1
    let start = at
    while let byte = peek, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { at += 1 }
    if peek == UInt8(ascii: "\"") {
      defer { at += 1 }
      return String(decoding: bytes[start..<at], as: UTF8.self)
    }
    var text = Array(bytes[start..<at])
    while true {
      guard let byte = peek else { throw wrong("'\"' at the end of a string") }
      guard byte >= 0x20 else { throw wrong("an escaped control character") }
      at += 1
      if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
      if byte == UInt8(ascii: "\\") { text += try escape() } else { text.append(byte) }
    }
  }

  private mutating func escape() throws(JSONSyntaxError) -> [UInt8] {
    let escapes: [UInt8: UInt8] = [
      UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5c, UInt8(ascii: "/"): 0x2f, UInt8(ascii: "b"): 8,
      UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9,
    ]
    if let byte = peek, let plain = escapes[byte] {
      at += 1
      return [plain]
    }
    guard skip(UInt8(ascii: "u")) else { throw wrong("one of \" \\ / b f n r t u behind a backslash") }
    let first = try hexUnit()
    var units = [first]
    if (0xd800..<0xdc00).contains(first), at + 1 < bytes.endIndex, bytes[at] == UInt8(ascii: "\\"),
      bytes[at + 1] == UInt8(ascii: "u")
    {
      at += 2
      units.append(try hexUnit())
    }
    // Half a pair becomes the replacement character.
    return Array(String(decoding: units, as: UTF16.self).utf8)
  }

  private mutating func hexUnit() throws(JSONSyntaxError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw wrong("four hex digits")
      }
      unit = unit << 4 | UInt16(digit)
      at += 1
    }
    return unit
  }
}
