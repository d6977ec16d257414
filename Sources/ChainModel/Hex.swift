/// Fixed-width hexadecimal numbers, without allocation where it matters.
enum Hex {
  static let dash = UInt8(ascii: "-")

  /// At most 16 digits of either case.
  static func parse(_ digits: ArraySlice<UInt8>) -> UInt64? {
    fold(digits) { digit in
      switch digit {
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit &- UInt8(ascii: "A") &+ 10
      default: lower(digit)
      }
    }
  }

  /// At most 16 digits, lower case only, as the wire form of W3C trace context demands.
  static func parse(lower digits: some Collection<UInt8>) -> UInt64? { fold(digits, lower) }

  static func format(_ value: UInt64) -> String {
    String(unsafeUninitializedCapacity: 16) { buffer in
      write(value, to: buffer, at: 0)
      return 16
    }
  }

  /// Writes 16 digits.
  static func write(_ value: UInt64, to buffer: UnsafeMutableBufferPointer<UInt8>, at first: Int) {
    for index in 0..<16 {
      buffer[first + index] = digit(UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * index)) & 15)
    }
  }

  static func digit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
  }

  private static func lower(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit &- UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit &- UInt8(ascii: "a") &+ 10
    default: nil
    }
  }

  private static func fold(_ digits: some Collection<UInt8>, _ digitValue: (UInt8) -> UInt8?) -> UInt64? {
    guard !digits.isEmpty, digits.count <= 16 else { return nil }
    var value: UInt64 = 0
    for digit in digits {
      guard let nibble = digitValue(digit) else { return nil }
      value = value << 4 | UInt64(nibble)
    }
    return value
  }
}
