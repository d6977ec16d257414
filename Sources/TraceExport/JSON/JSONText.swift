/// JSON as it is written, from left to right: nothing is kept but the bytes that nobody has taken yet, so a document of
/// any length needs little memory.
package struct JSONText {
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  package init() {}

  var count: Int { bytes.count }

  /// Takes what has been written so far; the document goes on behind it.
  package mutating func take() -> [UInt8] {
    defer { bytes.removeAll(keepingCapacity: true) }
    return bytes
  }

  mutating func object(_ body: (inout JSONText) -> Void) {
    open("{")
    body(&self)
    close("}")
  }

  package mutating func array(_ body: (inout JSONText) -> Void) {
    open("[")
    body(&self)
    close("]")
  }

  /// For a document that is longer than one function. Each `open` needs its `close`.
  mutating func open(_ bracket: Unicode.Scalar) {
    comma()
    bytes.append(UInt8(ascii: bracket))
    needsComma = false
  }

  mutating func close(_ bracket: Unicode.Scalar) {
    bytes.append(UInt8(ascii: bracket))
    needsComma = true
  }

  mutating func key(_ name: String) {
    comma()
    quote(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  package mutating func string(_ text: String) {
    comma()
    quote(text)
    needsComma = true
  }

  mutating func integer(_ number: Int64) {
    comma()
    if number < 0 { bytes.append(UInt8(ascii: "-")) }
    digits(number.magnitude)
    needsComma = true
  }

  mutating func integer(_ number: UInt64) {
    comma()
    digits(number)
    needsComma = true
  }

  /// A 64-bit number as a string, since many readers hold numbers as doubles.
  mutating func text(of number: UInt64) {
    comma()
    bytes.append(UInt8(ascii: "\""))
    digits(number)
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }

  mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

  mutating func null() { raw("null") }

  /// Text that is a JSON value already.
  mutating func raw(_ text: String) {
    comma()
    bytes += text.utf8
    needsComma = true
  }

  /// Bytes that are one or more JSON values already, with commas between them.
  mutating func raw(_ json: [UInt8]) {
    comma()
    bytes += json
    needsComma = true
  }

  /// A line end between elements, for those who look at the file.
  mutating func newline() {
    if needsComma {
      bytes.append(UInt8(ascii: ","))
      needsComma = false
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Nanoseconds as decimal microseconds, exactly: `12.345`.
  package mutating func microseconds(_ nanoseconds: UInt64) {
    comma()
    digits(nanoseconds / 1000)
    let rest = nanoseconds % 1000
    if rest > 0 {
      bytes.append(UInt8(ascii: "."))
      for unit: UInt64 in [100, 10, 1] { bytes.append(UInt8(ascii: "0") + UInt8(rest / unit % 10)) }
    }
    needsComma = true
  }

  // MARK: Characters

  private mutating func comma() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
  }

  private mutating func digits(_ number: UInt64) {
    let start = bytes.count
    var rest = number
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }

  private mutating func quote(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20:
        bytes += Array("\\u00".utf8)
        bytes.append(byte < 16 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
        bytes.append(Self.hex[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static let hex = Array("0123456789abcdef".utf8)
}
