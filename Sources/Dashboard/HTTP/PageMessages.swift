import ChainModel
import EventLoop

/// A request to the page's port, as its routes want it.
struct PageRequest: Sendable {
  let sent: LocalRequest
  /// Without the query.
  let path: String
  let query: [String: String]

  var body: [UInt8] { sent.body }

  init(_ sent: LocalRequest) {
    self.sent = sent
    path = Self.decoded(sent.path[...])
    var query: [String: String] = [:]
    for pair in sent.query.split(separator: "&").prefix(32) {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      query[Self.decoded(sides[0])] = sides.count > 1 ? Self.decoded(sides[1]) : ""
    }
    self.query = query
  }

  /// Percent signs and plus signs resolved; what is no UTF-8 then becomes U+FFFD.
  static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2, let high = digit(rest[rest.startIndex]),
        let low = digit(rest[rest.startIndex + 1])
      {
        bytes.append(high << 4 | low)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// A whole number of the query.
  func number(_ key: String, in range: ClosedRange<UInt64>, default standard: UInt64) throws(LocalRefusal) -> UInt64 {
    guard let text = query[key] else { return standard }
    guard let number = UInt64(text), range.contains(number) else {
      throw LocalRefusal(
        400, "\(key): found '\(text)', expected a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}

/// What the page's port answers.
extension Reply {
  /// What every answer carries: the page may load nothing from elsewhere and be shown inside no other page.
  private static let security = [
    "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
      + "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options: nosniff", "referrer-policy: no-referrer", "cross-origin-resource-policy: same-origin",
    "cross-origin-opener-policy: same-origin", "cache-control: no-store",
  ]

  static func page(_ contentType: String, _ bytes: [UInt8]) -> Reply {
    Reply(200, contentType, bytes, fields: security)
  }

  static func json(_ bytes: [UInt8]) -> Reply { page("application/json", bytes) }

  static func json(_ value: some Encodable) -> Reply { json(WireJSON.encode(value)) }

  /// RFC 9457.
  init(_ refusal: LocalRefusal) {
    self.init(
      refusal.status, "application/problem+json",
      WireJSON.encode(["detail": refusal.detail, "status": String(refusal.status)]),
      fields: Self.security + (refusal.allow.map { ["allow: \($0)"] } ?? []))
  }
}
