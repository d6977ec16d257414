import EventLoop

/// Finds the route of a request. Pure.
struct Router: Sendable {
  /// The service's routes, and last the one that stands for all requests that match none.
  let routes: [Route]

  init(_ served: [Route]) {
    routes = served + [Route("ANY", Admission.unmatched, UnmatchedHandler(), isFaulty: false)]
  }

  var unmatched: Int { routes.count - 1 }

  enum Match {
    case found(Int, parameters: PathParameters)
    case notFound
    case methodNotAllowed(allowed: String)
    /// The path cannot be decoded.
    case malformed
  }

  /// HEAD is served wherever GET is.
  func match(method: Piece, path: Piece) -> Match {
    if path.contains(UInt8(ascii: "%")) {
      guard let decoded = Self.decode(path.text[...]) else { return .malformed }
      return match(method, decoded)
    }
    return match(method, PathSegments(path.bytes))
  }

  private func match(_ method: Piece, _ segments: some Sequence<some Collection<UInt8>>) -> Match {
    var allowed: [String] = []
    for index in 0..<unmatched where routes[index].matches(segments) {
      if routes[index].serves(method) { return .found(index, parameters: routes[index].parameters(segments)) }
      allowed.append(routes[index].method == "GET" ? "GET, HEAD" : routes[index].method)
    }
    return allowed.isEmpty ? .notFound : .methodNotAllowed(allowed: allowed.joined(separator: ", "))
  }

  /// Each segment by itself: a slash that is escaped separates nothing.
  private static func decode(_ path: Substring) -> [[UInt8]]? {
    var segments: [[UInt8]] = []
    for raw in path.split(separator: "/") {
      guard let decoded = PercentCoding.decode(raw) else { return nil }
      segments.append(Array(decoded.utf8))
    }
    return segments
  }
}

/// What stands between the slashes of a path, found without a copy of any.
private struct PathSegments: Sequence, IteratorProtocol {
  private var rest: Slice<UnsafeBufferPointer<UInt8>>

  init(_ path: UnsafeBufferPointer<UInt8>) {
    rest = path[...]
  }

  mutating func next() -> Slice<UnsafeBufferPointer<UInt8>>? {
    while rest.first == UInt8(ascii: "/") { rest.removeFirst() }
    guard !rest.isEmpty else { return nil }
    let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
    defer { rest = rest[end...] }
    return rest[..<end]
  }
}

/// What stands in a path where its route has `{name}`. There are so few that looking through them costs less than a hash.
struct PathParameters: Sendable {
  fileprivate(set) var names: [String] = []
  fileprivate(set) var values: [String] = []

  subscript(name: String) -> String? { names.firstIndex(of: name).map { values[$0] } }
}

extension Route {
  fileprivate func serves(_ asked: Piece) -> Bool {
    method.utf8.elementsEqual(asked.bytes) || method == "GET" && asked.isExactly("HEAD")
  }

  fileprivate func matches(_ path: some Sequence<some Collection<UInt8>>) -> Bool {
    var index = 0
    for part in path {
      guard index < segments.count else { return false }
      if case .literal(let text) = segments[index], text.count != part.count || !text.elementsEqual(part) {
        return false
      }
      index += 1
    }
    return index == segments.count
  }

  fileprivate func parameters(_ path: some Sequence<some Collection<UInt8>>) -> PathParameters {
    guard !placeholders.isEmpty else { return PathParameters() }
    var parameters = PathParameters(names: placeholders)
    var index = 0
    for part in path {
      if case .placeholder = segments[index] { parameters.values.append(String(decoding: part, as: UTF8.self)) }
      index += 1
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
