/// Finds the route of a request. Pure.
struct Router: Sendable {
  /// The service's routes, and last the one that stands for all requests that match none.
  let routes: [Route]

  init(_ served: [Route]) {
    routes = served + [Route("ANY", Admission.unmatched, UnmatchedHandler(), isFaulty: false)]
  }

  var unmatched: Int { routes.count - 1 }

  enum Match {
    case found(Int, parameters: [String: String])
    case notFound
    case methodNotAllowed(allowed: String)
    /// The path cannot be decoded.
    case malformed
  }

  func match(method: String, path: String) -> Match {
    var parts: [String] = []
    for raw in path.split(separator: "/", omittingEmptySubsequences: true) {
      guard let decoded = PercentCoding.decode(raw) else { return .malformed }
      parts.append(decoded)
    }
    var allowed: [String] = []
    for (index, route) in routes.dropLast().enumerated() {
      guard let parameters = Self.parameters(route.segments, parts) else { continue }
      if route.method == method { return .found(index, parameters: parameters) }
      allowed.append(route.method)
    }
    return allowed.isEmpty ? .notFound : .methodNotAllowed(allowed: allowed.joined(separator: ", "))
  }

  private static func parameters(_ segments: [Route.Segment], _ parts: [String]) -> [String: String]? {
    guard segments.count == parts.count else { return nil }
    var parameters: [String: String] = [:]
    for (segment, part) in zip(segments, parts) {
      switch segment {
      case .literal(let text): guard text == part else { return nil }
      case .placeholder(let name): parameters[name] = part
      }
    }
    return parameters
  }
}

/// Percent-encoding of path segments and query values (RFC 3986).
package enum PercentCoding {
  /// Nil for a broken escape or bytes that are no UTF-8.
  static func decode(_ text: some StringProtocol) -> String? {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
    var bytes: [UInt8] = []
    var rest = text.utf8.makeIterator()
    while let byte = rest.next() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.next().flatMap(digit), let low = rest.next().flatMap(digit) else { return nil }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Everything but unreserved characters is escaped.
  package static func encode(_ text: some StringProtocol) -> String {
    var encoded: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        encoded.append(byte)
      default:
        encoded.append(UInt8(ascii: "%"))
        encoded.append(hexDigits[Int(byte >> 4)])
        encoded.append(hexDigits[Int(byte & 15)])
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  private static let hexDigits = Array("0123456789ABCDEF".utf8)

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
