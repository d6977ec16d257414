/// Reads JSON (RFC 8259) where it stands, from left to right, and keeps nothing: what nobody asks for is passed over, but
/// checked. It is not trusted: neither depth nor a cut-off end does any harm.
///
/// The bytes must outlive the cursor. After `enter`, ask for `key` or `element` until there is none left.
struct JSONCursor {
  static let depthLimit = 128

  enum Kind {
    case object, array, string, number, bool, null
  }

  /// Where a string stands, without its quotes.
  struct Text {
    var start: Int
    var end: Int
    /// Nothing in it is escaped.
    var isPlain: Bool
  }

  let bytes: UnsafeBufferPointer<UInt8>
  private(set) var at: Int
  private var depth = 0
  /// Nothing of the innermost container has been read yet.
  private var isFirst = false

  /// A byte order mark is passed over.
  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    at = bytes.count >= 3 && bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf ? 3 : 0
  }

  /// The same, at the beginning of a value that was passed over.
  func back(at place: Int) -> JSONCursor {
    var cursor = self
    cursor.at = place
    return cursor
  }

  // MARK: Containers

  /// Whether nothing but blanks is left.
  mutating func isAtEnd() -> Bool {
    skipBlanks()
    return at >= bytes.count
  }

  /// What comes next; it is not taken.
  mutating func next() throws(ImportError) -> Kind {
    skipBlanks()
    guard at < bytes.count else { throw wrong("a JSON value") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: throw wrong("a JSON value")
    }
  }

  /// Goes into the object or array that comes next.
  mutating func enter() throws(ImportError) {
    depth += 1
    guard depth <= Self.depthLimit else { throw wrong("at most \(Self.depthLimit) levels") }
    at += 1
    isFirst = true
  }

  /// Goes into what comes next if it is of this kind, and passes over it if not.
  mutating func enter(_ kind: Kind) throws(ImportError) -> Bool {
    let isKind = try next() == kind
    if isKind { try enter() } else { try skip() }
    return isKind
  }

  /// The next key of the object that was entered; nil behind its last member.
  mutating func key() throws(ImportError) -> Text? {
    guard try goesOn(until: UInt8(ascii: "}")) else { return nil }
    skipBlanks()
    guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw wrong("a key in quotes") }
    let key = try string()
    skipBlanks()
    guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { throw wrong("':'") }
    at += 1
    return key
  }

  /// Whether the array that was entered goes on.
  mutating func element() throws(ImportError) -> Bool { try goesOn(until: UInt8(ascii: "]")) }

  private mutating func goesOn(until close: UInt8) throws(ImportError) -> Bool {
    skipBlanks()
    if at < bytes.count, bytes[at] == close {
      at += 1
      depth -= 1
      isFirst = false
      return false
    }
    if isFirst {
      isFirst = false
      return true
    }
    guard at < bytes.count, bytes[at] == UInt8(ascii: ",") else {
      throw wrong("',' or '\(Character(Unicode.Scalar(close)))'")
    }
    at += 1
    return true
  }

  /// Passes over the value that comes next.
  mutating func skip() throws(ImportError) {
    switch try next() {
    case .object:
      try enter()
      while try key() != nil { try skip() }
    case .array:
      try enter()
      while try element() { try skip() }
    case .string: _ = try string()
    case .number: _ = try number()
    case .bool: try word(bytes[at] == UInt8(ascii: "t") ? "true" : "false")
    case .null: try word("null")
    }
  }

  @inline(__always)
  private mutating func skipBlanks() {
    while at < bytes.count {
      let byte = bytes[at]
      guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return }
      at += 1
    }
  }

  private mutating func word(_ word: StaticString) throws(ImportError) {
    for offset in 0..<word.utf8CodeUnitCount {
      guard at < bytes.count, bytes[at] == word.utf8Start[offset] else { throw wrong("\(word)") }
      at += 1
    }
  }

  // MARK: Strings and numbers

  /// The string that comes next.
  mutating func string() throws(ImportError) -> Text {
    at += 1
    let start = at
    var isPlain = true
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "\"") {
        at += 1
        return Text(start: start, end: at - 1, isPlain: isPlain)
      }
      guard byte >= 0x20 else { throw wrong("an escaped control character") }
      at += 1
      guard byte == UInt8(ascii: "\\") else { continue }
      isPlain = false
      try passEscape()
    }
    throw wrong("'\"' at the end of a string")
  }

  private mutating func passEscape() throws(ImportError) {
    guard at < bytes.count else { throw wrong("one of \" \\ / b f n r t u behind a backslash") }
    switch bytes[at] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      at += 1
    case UInt8(ascii: "u"):
      at += 1
      for _ in 0..<4 {
        guard at < bytes.count, Self.isHex(bytes[at]) else { throw wrong("four hex digits") }
        at += 1
      }
    default: throw wrong("one of \" \\ / b f n r t u behind a backslash")
    }
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
      UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }

  /// The number that comes next, as it is written.
  mutating func number() throws(ImportError) -> Text {
    let start = at
    if bytes[at] == UInt8(ascii: "-") { at += 1 }
    if at < bytes.count, bytes[at] == UInt8(ascii: "0") { at += 1 } else { try digits() }
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      at += 1
      try digits()
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
      try digits()
    }
    return Text(start: start, end: at, isPlain: true)
  }

  private mutating func digits() throws(ImportError) {
    let start = at
    while at < bytes.count, bytes[at] >= UInt8(ascii: "0"), bytes[at] <= UInt8(ascii: "9") { at += 1 }
    guard at > start else { throw wrong("a digit") }
  }

  // MARK: Errors

  /// The line of the next byte, from 1.
  var line: Int { bytes[..<min(at, bytes.count)].reduce(1) { $0 + ($1 == 0x0a ? 1 : 0) } }

  func wrong(_ expected: String) -> ImportError {
    let before = bytes[..<min(at, bytes.count)]
    let column = before.count - (before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0) + 1
    let next = at < bytes.count ? bytes[at] : nil
    let found = next.map { (0x21..<0x7f).contains($0) ? "'\(Character(Unicode.Scalar($0)))'" : "byte \($0)" }
    return ImportError(
      record: "line \(line), column \(column)", field: "", found: found ?? "the end of the file", expected: expected)
  }

  /// What comes next, in words; nothing is taken.
  func found() -> String {
    var cursor = self
    cursor.skipBlanks()
    let start = cursor.at
    guard (try? cursor.skip()) != nil, let value = try? JSONParser.parse(Array(bytes[start..<cursor.at])[...]) else {
      return "no JSON"
    }
    return value.found
  }
}

extension JSONCursor {
  // MARK: Values

  @inline(__always)
  func `is`(_ text: Text, _ word: StaticString) -> Bool {
    guard text.isPlain, text.end - text.start == word.utf8CodeUnitCount else { return false }
    for offset in 0..<word.utf8CodeUnitCount where bytes[text.start + offset] != word.utf8Start[offset] { return false }
    return true
  }

  func starts(_ text: Text, _ word: StaticString) -> Bool {
    guard text.isPlain, text.end - text.start >= word.utf8CodeUnitCount else { return false }
    for offset in 0..<word.utf8CodeUnitCount where bytes[text.start + offset] != word.utf8Start[offset] { return false }
    return true
  }

  func string(of text: Text) -> String {
    let part = UnsafeBufferPointer(rebasing: bytes[text.start..<text.end])
    guard text.isPlain else { return JSONEscapes.decode(part) }
    return String(decoding: part, as: UTF8.self)
  }

  /// Takes the value that comes next. Nil, for `null` and for what is no string.
  mutating func text() throws(ImportError) -> Text? {
    guard try next() == .string else {
      try skip()
      return nil
    }
    return try string()
  }

  /// Takes the value that comes next, a number or text that is one. Nil if it is neither or does not fit.
  mutating func integer() throws(ImportError) -> Int64? {
    switch try next() {
    case .string: return integer(of: try string())
    case .number: return integer(of: try number())
    default:
      try skip()
      return nil
    }
  }

  func integer(of text: Text) -> Int64? {
    var value: Int64 = 0
    var place = text.start
    guard text.end > place else { return nil }
    let isNegative = bytes[place] == UInt8(ascii: "-")
    if isNegative { place += 1 }
    guard text.end > place, text.end - place <= 19 else { return fraction(text) }
    while place < text.end {
      let digit = bytes[place] &- UInt8(ascii: "0")
      guard digit <= 9 else { return fraction(text) }
      let (product, isLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, isLarger) = product.subtractingReportingOverflow(Int64(digit))
      guard !isLarge, !isLarger else { return fraction(text) }
      value = sum
      place += 1
    }
    guard !isNegative else { return value }
    return value == .min ? nil : -value
  }

  /// `1e3` and `5.0` are whole numbers too.
  private func fraction(_ text: Text) -> Int64? { double(of: text).flatMap { Int64(exactly: $0) } }

  func double(of text: Text) -> Double? {
    guard text.end - text.start <= 40 else { return nil }
    return Double(string(of: text))
  }
}

/// The escapes of JSON's strings.
enum JSONEscapes {
  /// Takes what stands between the quotes; each backslash is known to be followed by what it needs. Half a pair of
  /// surrogates becomes the replacement character.
  static func decode(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    var text: [UInt8] = []
    var at = 0
    while at < bytes.count {
      guard bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count else {
        text.append(bytes[at])
        at += 1
        continue
      }
      guard bytes[at + 1] == UInt8(ascii: "u") else {
        text.append(plain(bytes[at + 1]))
        at += 2
        continue
      }
      var units = [unit(bytes, at + 2)]
      at += 6
      if (0xd800..<0xdc00).contains(units[0]), at + 5 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
        bytes[at + 1] == UInt8(ascii: "u")
      {
        units.append(unit(bytes, at + 2))
        at += 6
      }
      text += Array(String(decoding: units, as: UTF16.self).utf8)
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func plain(_ byte: UInt8) -> UInt8 {
    switch byte {
    case UInt8(ascii: "b"): 8
    case UInt8(ascii: "f"): 12
    case UInt8(ascii: "n"): 10
    case UInt8(ascii: "r"): 13
    case UInt8(ascii: "t"): 9
    default: byte
    }
  }

  private static func unit(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> UInt16 {
    var unit: UInt16 = 0
    for place in start..<min(start + 4, bytes.count) {
      unit = unit << 4 | UInt16(Character(Unicode.Scalar(bytes[place])).hexDigitValue ?? 0)
    }
    return unit
  }
}
