import ChainModel
import NIOHTTP1

/// A request to the page's port, complete.
struct PageRequest: Sendable {
  var method: String
  /// Without the query.
  var path: String
  var query: [String: String]
  var headers: HTTPHeaders
  var body: [UInt8] = []

  static let bodyLimit = 64 * 1024

  /// See `LoopbackCheck`.
  var isAllowed: Bool { LoopbackCheck.allowsOwnPage(hosts: headers["host"], origins: headers["origin"]) }
  var contentType: String { headers.first(name: "content-type")?.lowercased() ?? "" }
  /// What a page of elsewhere cannot send without asking first.
  var isJSON: Bool { contentType == "application/json" || contentType.hasPrefix("application/json;") }

  init(_ head: HTTPRequestHead) {
    method = head.method.rawValue
    headers = head.headers
    let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = Self.decoded(parts[0])
    query = [:]
    for pair in (parts.count > 1 ? parts[1] : "").split(separator: "&").prefix(32) {
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      query[Self.decoded(sides[0])] = sides.count > 1 ? Self.decoded(sides[1]) : ""
    }
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
  func number(_ key: String, in range: ClosedRange<UInt64>, default standard: UInt64) throws(PageRefusal) -> UInt64 {
    guard let text = query[key] else { return standard }
    guard let number = UInt64(text), range.contains(number) else {
      throw PageRefusal(
        400, "\(key): found '\(text)', expected a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}

struct PageAnswer: Sendable {
  enum Body: Sendable {
    case whole([UInt8])
    /// Server-sent events, until either side closes.
    case events
  }

  var status = 200
  var contentType: String
  var body: Body

  static func json(_ bytes: [UInt8]) -> PageAnswer { PageAnswer(contentType: "application/json", body: .whole(bytes)) }

  static func json(_ value: some Encodable) -> PageAnswer { json(WireJSON.encode(value)) }

  /// RFC 9457.
  init(_ refusal: PageRefusal) {
    status = refusal.status
    contentType = "application/problem+json"
    body = .whole(WireJSON.encode(["detail": refusal.detail, "status": String(refusal.status)]))
  }

  init(status: Int = 200, contentType: String, body: Body) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }
}

/// Why a request is refused, in words for whoever sent it.
struct PageRefusal: Error {
  var status: Int
  var detail: String

  init(_ status: Int, _ detail: String) {
    self.status = status
    self.detail = detail
  }
}
