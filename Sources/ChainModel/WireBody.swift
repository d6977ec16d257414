import Glibc

/// The bodies that requests carry, written as bytes without an encoder: `JSONEncoder` took two fifths of what a request
/// cost order-service. What is written is what `JSONEncoder` would write, byte for byte.
///
/// One function for each, and none for all: generic code that another module calls is not specialised for its types.
extension WireJSON {
  package static func encode(_ user: User) -> [UInt8] { body { user.write(to: &$0) } }

  package static func encode(_ orders: [Order]) -> [UInt8] { list(orders) { $0.write(to: &$1) } }

  package static func encode(_ payments: [Payment]) -> [UInt8] { list(payments) { $0.write(to: &$1) } }

  package static func encode(_ orders: [OrderStatus]) -> [UInt8] { list(orders) { $0.write(to: &$1) } }

  /// Whoever is overloaded answers most requests so.
  package static func encode(_ problem: ProblemBody) -> [UInt8] { body { problem.write(to: &$0) } }

  private static func body(_ write: (inout [UInt8]) -> Void) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(256)
    write(&body)
    return body
  }

  private static func list<Element>(_ elements: [Element], _ write: (Element, inout [UInt8]) -> Void) -> [UInt8] {
    body { body in
      body.append(UInt8(ascii: "["))
      for index in elements.indices {
        if index > 0 { body.append(UInt8(ascii: ",")) }
        write(elements[index], &body)
      }
      body.append(UInt8(ascii: "]"))
    }
  }
}

/// An error as its client reads it: `application/problem+json` (RFC 9457).
package struct ProblemBody: Encodable, Sendable {
  package var type = "about:blank"
  package var title: String
  package var status: Int
  package var detail: String
  package var errorType: String
  package var service: String
  package var traceID: String?

  package init(title: String, _ row: ErrorRow, service: String, traceID: String?) {
    self.title = title
    status = row.status
    detail = row.detail
    errorType = row.errorType
    self.service = service
    self.traceID = traceID
  }

  enum CodingKeys: String, CodingKey {
    case type, title, status, detail, service
    case errorType = "error_type"
    case traceID = "trace_id"
  }

  fileprivate func write(to body: inout [UInt8]) {
    body.append(#"{"detail":"#)
    body.append(quoted: detail)
    body.append(#","error_type":"#)
    body.append(quoted: errorType)
    body.append(#","service":"#)
    body.append(quoted: service)
    body.append(#","status":"#)
    body.append(status)
    body.append(#","title":"#)
    body.append(quoted: title)
    if let traceID {
      body.append(#","trace_id":"#)
      body.append(quoted: traceID)
    }
    body.append(#","type":"#)
    body.append(quoted: type)
    body.append(UInt8(ascii: "}"))
  }
}

extension User {
  fileprivate func write(to body: inout [UInt8]) {
    body.append(#"{"id":"#)
    body.append(id)
    body.append(#","username":"#)
    body.append(quoted: username)
    body.append(UInt8(ascii: "}"))
  }
}

extension Order {
  fileprivate func write(to body: inout [UInt8]) {
    body.append(#"{"amount_cents":"#)
    body.append(amountCents)
    body.append(#","id":"#)
    body.append(id)
    body.append(#","item":"#)
    body.append(quoted: item)
    body.append(UInt8(ascii: "}"))
  }
}

extension Payment {
  fileprivate func write(to body: inout [UInt8]) {
    body.append(#"{"order_id":"#)
    body.append(orderID)
    body.append(#","state":"#)
    body.append(quoted: state)
    body.append(UInt8(ascii: "}"))
  }
}

extension OrderStatus {
  fileprivate func write(to body: inout [UInt8]) {
    body.append(#"{"order":"#)
    order.write(to: &body)
    body.append(#","payment":"#)
    body.append(quoted: payment)
    body.append(UInt8(ascii: "}"))
  }
}

extension [UInt8] {
  fileprivate mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { append(contentsOf: $0) }
  }

  mutating func append(_ number: Int) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var (first, rest) = (20, number.magnitude)
      repeat {
        first -= 1
        digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      } while rest > 0
      if number < 0 {
        first -= 1
        digits[first] = UInt8(ascii: "-")
      }
      append(contentsOf: digits[first...])
    }
  }

  fileprivate mutating func append(quoted text: String) {
    append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { bytes in
      if bytes.allSatisfy(Self.isPlain) { append(contentsOf: bytes) } else { bytes.forEach { append(escaped: $0) } }
    }
    append(UInt8(ascii: "\""))
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
  }

  private mutating func append(escaped byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): append(#"\""#)
    case UInt8(ascii: "\\"): append(#"\\"#)
    case 0x08: append(#"\b"#)
    case 0x09: append(#"\t"#)
    case 0x0a: append(#"\n"#)
    case 0x0c: append(#"\f"#)
    case 0x0d: append(#"\r"#)
    case ..<0x20:
      append(#"\u00"#)
      append(UInt8(ascii: "0") + byte >> 4)
      append(Hex.digit(byte & 15))
    default: append(byte)
    }
  }
}

/// Reads the payments that payment-service writes, without a decoder.
enum PaymentBody {
  /// Nil for anything that is not spelt exactly as `Payment.write` does: a decoder has to look at that.
  static func read(_ body: [UInt8]) -> [Payment]? {
    body.withUnsafeBufferPointer { bytes in
      var text = Text(bytes: bytes)
      guard text.take("[") else { return nil }
      var payments: [Payment] = []
      while !text.take("]") {
        guard payments.isEmpty || text.take(","), text.take(#"{"order_id":"#), let id = text.takeNumber(),
          text.take(#","state":""#), let state = text.takeWord(), text.take(#""}"#)
        else { return nil }
        payments.append(Payment(orderID: id, state: state))
      }
      return text.isAtEnd ? payments : nil
    }
  }

  private struct Text {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ text: StaticString) -> Bool {
      let count = text.utf8CodeUnitCount
      guard bytes.count - position >= count else { return false }
      guard let start = bytes.baseAddress else { return false }
      let isThere = memcmp(text.utf8Start, start + position, count) == 0
      if isThere { position += count }
      return isThere
    }

    /// At most 15 digits, without a leading zero.
    mutating func takeNumber() -> Int? {
      let digits = bytes[position...].prefix { (48...57).contains($0) }
      guard (1...15).contains(digits.count), digits.count == 1 || digits.first != 48 else { return nil }
      position += digits.count
      return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    /// Lower-case letters.
    mutating func takeWord() -> String? {
      let letters = bytes[position...].prefix { (97...122).contains($0) }
      guard !letters.isEmpty else { return nil }
      position += letters.count
      return String(decoding: letters, as: UTF8.self)
    }
  }
}
