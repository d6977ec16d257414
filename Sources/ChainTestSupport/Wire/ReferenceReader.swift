/// HTTP/1.1 as the grammar of RFC 9110 and RFC 9112 has it, read with no regard for what it costs: as text, line by line.
/// It shares nothing with the parser that it is compared with. What a target names is not looked at.
package struct ReferenceReader {
  package enum Failure: Error {
    case refused
    /// More has to come.
    case incomplete
  }

  /// How a message's body is delimited.
  package enum Framing: Hashable, Sendable {
    case none
    case length(Int)
    case chunked
    case untilEnd
  }

  package struct Head: Hashable, Sendable {
    /// Method and target, or the status.
    package var start: [String]
    package var minor: Int
    /// `name: value`.
    package var fields: [String]
    package var framing = Framing.none
    package var keepsConnection = true
    package var expectsUnknown = false
  }

  /// One character for each byte.
  private var text: ArraySlice<Character>

  package init(_ bytes: [UInt8]) { text = bytes.map { Character(Unicode.Scalar($0)) }[...] }

  /// How many bytes have not been read.
  package var left: Int { text.count }

  // MARK: Messages

  /// The next request: its head and its body.
  package mutating func request(bodyLimit: Int = .max) throws(Failure) -> (head: Head, body: String) {
    while text.starts(with: ["\r", "\n"]) { text.removeFirst(2) }
    let head = try requestHead()
    if case .length(let length) = head.framing, length > bodyLimit { throw .refused }
    return (head, try body(head.framing))
  }

  package mutating func requestHead() throws(Failure) -> Head {
    let words = try line().split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 3, Self.isToken(words[0]), !words[1].isEmpty else { throw .refused }
    guard words[1].allSatisfy({ $0 > " " && $0 != "\u{7f}" && $0 != "#" }) else { throw .refused }
    var head = Head(start: [words[0], words[1]], minor: try Self.minor(words[2]), fields: [])
    let fields = try fieldLines()
    try interpret(&head, fields)
    if head.minor > 0 {
      head.expectsUnknown = fields.contains {
        $0.name.lowercased() == "expect" && $0.value.lowercased() != "100-continue"
      }
    }
    return head
  }

  /// The next answer that is no interim one, up to the end of what there is if it says no length.
  package mutating func answer() throws(Failure) -> (head: Head, body: String) {
    while true {
      let first = Array(try line())
      guard first.count >= 12, first[8] == " ", first.count == 12 || first[12] == " " else { throw .refused }
      let status = String(first[9..<12])
      guard Self.isNumber(status), status >= "100", first[12...].allSatisfy(Self.isValue) else { throw .refused }
      var head = Head(start: [status], minor: try Self.minor(String(first[..<8])), fields: [])
      let isBodiless = status < "200" || ["204", "304"].contains(status)
      try interpret(&head, try fieldLines(), hasBody: !isBodiless)
      guard status != "101" else { throw .refused }
      if status < "200" { continue }
      if isBodiless {
        head.framing = .none
      } else if head.framing == .none {
        (head.framing, head.keepsConnection) = (.untilEnd, false)
      }
      return (head, try body(head.framing))
    }
  }

  // MARK: Heads

  private mutating func line() throws(Failure) -> String {
    guard let end = text.firstIndex(of: "\n") else { throw .incomplete }
    guard end > text.startIndex, text[end - 1] == "\r" else { throw .refused }
    defer { text = text[(end + 1)...] }
    return String(text[..<(end - 1)])
  }

  private mutating func fieldLines() throws(Failure) -> [(name: String, value: String)] {
    var fields: [(name: String, value: String)] = []
    while true {
      let line = try self.line()
      if line.isEmpty { return fields }
      guard let colon = line.firstIndex(of: ":"), Self.isToken(String(line[..<colon])) else { throw .refused }
      let value = Self.trimmed(line[line.index(after: colon)...])
      guard value.allSatisfy(Self.isValue) else { throw .refused }
      fields.append((String(line[..<colon]), value))
    }
  }

  private func interpret(
    _ head: inout Head, _ fields: [(name: String, value: String)], hasBody: Bool = true
  ) throws(Failure) {
    head.fields = fields.map { "\($0.name): \($0.value)" }
    func values(_ name: String) -> [String] {
      fields.filter { $0.name.lowercased() == name }.map { $0.value.lowercased() }
    }
    let options = values("connection").flatMap { $0.split(separator: ",").map { Self.trimmed($0) } }
    head.keepsConnection = !options.contains("close") && (head.minor > 0 || options.contains("keep-alive"))
    let (codings, lengths) = (values("transfer-encoding"), values("content-length"))
    guard codings.isEmpty || codings == ["chunked"], lengths.count < 2 else { throw .refused }
    if !codings.isEmpty {
      guard !hasBody || lengths.isEmpty && head.minor > 0 else { throw .refused }
      head.framing = .chunked
    }
    if let length = lengths.first {
      guard Self.isNumber(length), let number = Int(length) else { throw .refused }
      if codings.isEmpty { head.framing = .length(number) }
    }
  }

  // MARK: Bodies

  private mutating func body(_ framing: Framing) throws(Failure) -> String {
    switch framing {
    case .none: return ""
    case .length(let length): return try take(length)
    case .untilEnd: return try take(text.count)
    case .chunked:
      var body = ""
      while true {
        let size = try chunkSize()
        if size == 0 { break }
        body += try take(size)
        guard try take(2) == "\r\n" else { throw .refused }
      }
      _ = try fieldLines()
      return body
    }
  }

  private mutating func take(_ count: Int) throws(Failure) -> String {
    guard text.count >= count else { throw .incomplete }
    defer { text.removeFirst(count) }
    return String(text.prefix(count))
  }

  private mutating func chunkSize() throws(Failure) -> Int {
    let line = try self.line()
    let digits = line.prefix { $0.isASCII && $0.isHexDigit }
    let more = Self.trimmed(line[digits.endIndex...])
    guard more.hasPrefix(";") || digits.endIndex == line.endIndex, more.allSatisfy(Self.isValue) else { throw .refused }
    guard (1...12).contains(digits.count), let size = Int(digits, radix: 16) else { throw .refused }
    return size
  }

  // MARK: Characters

  private static func minor(_ version: String) throws(Failure) -> Int {
    let parts = Array(version)
    guard parts.count == 8, version.hasPrefix("HTTP/1."), isNumber(String(parts[7])) else { throw .refused }
    return parts[7] == "0" ? 0 : 1
  }

  private static func isNumber(_ text: String) -> Bool {
    !text.isEmpty && text.allSatisfy { "0123456789".contains($0) }
  }

  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) || "!#$%&'*+-.^_`|~".contains($0) }
  }

  private static func isValue(_ character: Character) -> Bool {
    character == "\t" || character >= " " && character != "\u{7f}"
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    return String(String(text.drop(while: isBlank).reversed()).drop(while: isBlank).reversed())
  }
}
