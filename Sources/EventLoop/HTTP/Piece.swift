import Glibc

/// A run of bytes within what was received; it is valid as long as those stay where they are.
package struct Piece {
  let start: UnsafePointer<UInt8>
  package let count: Int

  package var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  package func isExactly(_ text: StaticString) -> Bool {
    count == text.utf8CodeUnitCount && memcmp(start, text.utf8Start, count) == 0
  }

  package func isEqual(to other: [UInt8]) -> Bool {
    count == other.count
      && other.withUnsafeBytes { memcmp(start, $0.baseAddress ?? UnsafeRawPointer(start), count) } == 0
  }

  /// In any case; the text is in lower case.
  func isCaselessly(_ text: StaticString) -> Bool {
    count == text.utf8CodeUnitCount && startsCaselessly(text.utf8Start, count)
  }

  /// In any case; the text is in lower case.
  package func hasPrefixCaselessly(_ text: StaticString) -> Bool {
    count >= text.utf8CodeUnitCount && startsCaselessly(text.utf8Start, text.utf8CodeUnitCount)
  }

  private func startsCaselessly(_ text: UnsafePointer<UInt8>, _ length: Int) -> Bool {
    for index in 0..<length where ByteKind.lower(start[index]) != text[index] { return false }
    return true
  }

  func index(of byte: UInt8) -> Int? {
    guard count > 0, let found = memchr(start, Int32(byte), count) else { return nil }
    return UnsafeRawPointer(found) - UnsafeRawPointer(start)
  }

  package func contains(_ byte: UInt8) -> Bool { index(of: byte) != nil }

  subscript(range: Range<Int>) -> Piece { Piece(start: start + range.lowerBound, count: range.count) }

  /// Without the blanks around it.
  var trimmed: Piece {
    var (from, to) = (0, count)
    while from < to, ByteKind.isBlank(start[from]) { from += 1 }
    while to > from, ByteKind.isBlank(start[to - 1]) { to -= 1 }
    return self[from..<to]
  }

  /// Its value as a number that fits; nil unless it is digits and nothing else.
  var decimal: Int? {
    guard count > 0 else { return nil }
    var value = 0
    for byte in bytes {
      guard ByteKind.isDigit(byte) else { return nil }
      let (scaled, high) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = scaled.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      guard !high, !carry else { return nil }
      value = sum
    }
    return value
  }
}

/// What a byte may be in HTTP (RFC 9110 5.6.2, 5.5).
enum ByteKind {
  static let carriageReturn = UInt8(ascii: "\r")
  static let lineFeed = UInt8(ascii: "\n")

  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  static func lower(_ byte: UInt8) -> UInt8 { byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte }

  /// A character of a `token`: two words of 64 bits, one bit for each.
  static func isToken(_ byte: UInt8) -> Bool {
    guard byte < 128 else { return false }
    let word = byte < 64 ? tokenLow : tokenHigh
    return word >> UInt64(byte & 63) & 1 == 1
  }

  // Digits, letters and !#$%&'*+-.^_`|~
  private static var tokenLow: UInt64 { 0x03ff_6cfa_0000_0000 }
  private static var tokenHigh: UInt64 { 0x57ff_ffff_c7ff_fffe }

  /// Control characters are in no field value, but for the tab.
  static func isValue(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7f || byte == 0x09 }
}
