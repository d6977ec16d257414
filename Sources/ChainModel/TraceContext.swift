/// 128 bits that name a trace; never all zero.
package struct TraceID: Hashable, Sendable {
  package var high: UInt64
  package var low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// 32 hex digits, either case; nil for anything else and for all zeros.
  package init?(hex: some StringProtocol) {
    let digits = Array(hex.utf8)
    guard digits.count == 32, let high = Hex.parse(digits[..<16]), let low = Hex.parse(digits[16...]),
      high != 0 || low != 0
    else { return nil }
    self.init(high: high, low: low)
  }

  package var hex: String { Hex.format(high) + Hex.format(low) }
}

/// 64 bits that name a span; zero stands for "none".
package struct SpanID: Hashable, Sendable {
  package static let none = SpanID(rawValue: 0)

  package var rawValue: UInt64

  package init(rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// 16 hex digits, either case; nil for anything else and for all zeros.
  package init?(hex: some StringProtocol) {
    let digits = Array(hex.utf8)
    guard digits.count == 16, let value = Hex.parse(digits[...]), value != 0 else { return nil }
    rawValue = value
  }

  package var hex: String { Hex.format(rawValue) }
}

/// What a request carries from hop to hop: W3C `traceparent` and `tracestate` (Level 2).
package struct TraceContext: Hashable, Sendable {
  package static let parentHeader = "traceparent"
  package static let stateHeader = "tracestate"

  package var trace: TraceID
  /// The span on the sending side.
  package var span: SpanID
  package var sampled: Bool
  /// Whether the trace id's low bits are random (flag 0x02): copied within a trace, set only on ids made here.
  package var random: Bool
  /// Passed on unchanged; empty when there is none.
  package var state: String

  package init(trace: TraceID, span: SpanID, sampled: Bool = true, random: Bool = false, state: String = "") {
    self.trace = trace
    self.span = span
    self.sampled = sampled
    self.random = random
    self.state = state
  }

  /// Reads what a request brought. Nil means: start a new trace, and drop any `tracestate` with it.
  /// - Parameters:
  ///   - parents: the values of all `traceparent` headers; more than one is invalid.
  ///   - states: the values of all `tracestate` headers, in order.
  package init?(parents: [String], states: [String]) {
    guard parents.count == 1, var parent = parents.first else { return nil }
    // As it nearly always comes: no blanks around it, and nothing to copy.
    let usual = parent.withUTF8 { bytes in bytes.count == Self.length ? Self.read(bytes) : nil }
    guard var context = usual ?? parent.trimmedBytes.withUnsafeBufferPointer(Self.read) else { return nil }
    context.state = TraceState.join(states)
    self = context
  }

  /// The same, for a request with one `traceparent`, where it was received.
  package init?(parent: UnsafeBufferPointer<UInt8>, states: [String]) {
    guard var context = Self.read(parent) else { return nil }
    context.state = TraceState.join(states)
    self = context
  }

  /// Of a `traceparent` of version 00, in bytes.
  private static let length = 55

  private static func read(_ bytes: UnsafeBufferPointer<UInt8>) -> TraceContext? {
    guard bytes.count >= length, bytes[2] == Hex.dash, bytes[35] == Hex.dash, bytes[52] == Hex.dash,
      let version = Hex.parse(lower: bytes[0..<2]), version != 0xff,
      let high = Hex.parse(lower: bytes[3..<19]), let low = Hex.parse(lower: bytes[19..<35]), high != 0 || low != 0,
      let span = Hex.parse(lower: bytes[36..<52]), span != 0,
      let flags = Hex.parse(lower: bytes[53..<55])
    else { return nil }
    guard bytes.count == length || (version > 0 && bytes[length] == Hex.dash) else { return nil }
    return TraceContext(
      trace: TraceID(high: high, low: low), span: SpanID(rawValue: span), sampled: flags & 1 != 0,
      random: version == 0 && flags & 2 != 0)
  }

  /// The `traceparent` to send, always version 00.
  package var parent: String {
    var text = ""
    withParent { text = String(decoding: $0, as: UTF8.self) }
    return text
  }

  /// The same, in bytes that are gone after the call.
  package func withParent(_ body: (UnsafeRawBufferPointer) -> Void) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.length) { buffer in
      buffer.initialize(repeating: Hex.dash)
      (buffer[0], buffer[1]) = (UInt8(ascii: "0"), UInt8(ascii: "0"))
      Hex.write(trace.high, to: buffer, at: 3)
      Hex.write(trace.low, to: buffer, at: 19)
      Hex.write(span.rawValue, to: buffer, at: 36)
      (buffer[53], buffer[54]) = (UInt8(ascii: "0"), Hex.digit((sampled ? 1 : 0) | (random ? 2 : 0)))
      body(UnsafeRawBufferPointer(buffer))
    }
  }
}

/// The rules of `tracestate`: members are kept in order and passed on; a bad list is dropped whole.
package enum TraceState {
  static let memberLimit = 32
  static let lengthLimit = 512

  /// One header value of valid members; empty when there are none, too many, or one is malformed.
  static func join(_ headers: [String]) -> String {
    if headers.isEmpty { return "" }
    var members: [String] = []
    var keys: Set<String> = []
    for member in headers.joined(separator: ",").split(separator: ",", omittingEmptySubsequences: true) {
      let bytes = member.trimmedBytes
      if bytes.isEmpty { continue }
      guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")), isKey(bytes[..<equals]),
        isValue(bytes[(equals + 1)...])
      else { return "" }
      guard keys.insert(String(decoding: bytes[..<equals], as: UTF8.self)).inserted else { return "" }
      members.append(String(decoding: bytes, as: UTF8.self))
    }
    guard members.count <= memberLimit else { return "" }
    return shorten(members).joined(separator: ",")
  }

  /// Drops whole members until the list fits: those over 128 characters first, then from the end.
  private static func shorten(_ members: [String]) -> [String] {
    func length(_ list: [String]) -> Int { list.reduce(list.count - 1) { $0 + $1.utf8.count } }
    var kept = members
    while length(kept) > lengthLimit, let long = kept.lastIndex(where: { $0.utf8.count > 128 }) {
      kept.remove(at: long)
    }
    while length(kept) > lengthLimit { kept.removeLast() }
    return kept
  }

  private static func isKey(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first, bytes.count <= 256, isLowerOrDigit(first) else { return false }
    return bytes.allSatisfy { isLowerOrDigit($0) || "_-*/@".utf8.contains($0) }
  }

  private static func isValue(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard !bytes.isEmpty, bytes.count <= 256 else { return false }
    return bytes.allSatisfy { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "=") }
  }

  private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}

extension StringProtocol {
  /// The bytes without the spaces and tabs around them.
  fileprivate var trimmedBytes: [UInt8] {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    return Array(utf8.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }
}
