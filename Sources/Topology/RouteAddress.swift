import ChainModel

/// Under which method and path a route of a described service is asked for. Caller, callee and load generator ask here, so
/// that they mean the same.
package struct RouteAddress: Hashable, Sendable {
  package var method: String
  /// With placeholders, such as `/users/{id}`.
  package var template: String

  private static let methods: Set = ["GET", "POST", "PUT", "PATCH", "DELETE"]

  /// What the route's name says, if it is a method and a path. Any other name becomes a path of its own, asked for by GET.
  package init(_ name: String) {
    let words = name.split(separator: " ", maxSplits: 1).map(String.init)
    if words.count == 2, Self.methods.contains(words[0]), Self.isPath(words[1]) {
      (method, template) = (words[0], words[1])
    } else {
      (method, template) = ("GET", "/" + name.utf8.map { Self.encoded($0) }.joined())
    }
  }

  private init(place: Int) {
    (method, template) = ("GET", "/route/\(place)")
  }

  /// Those of a service's routes, in their order. One that could not be told from an earlier one by its path gets a path
  /// from its place.
  package static func all(of service: ServiceConfiguration) -> [RouteAddress] {
    var taken: Set = [RouteAddress(Schema.ping).shape]
    return service.routes.enumerated().map { place, route in
      var address = RouteAddress(route.name)
      // A service that is not the lab's has the paths that it has.
      guard service.url == nil, route.name != Schema.ping else { return address }
      var other = place
      while taken.contains(address.shape) || taken.contains(address.asked.shape) {
        address = RouteAddress(place: other)
        other += service.routes.count
      }
      taken.formUnion([address.shape, address.asked.shape])
      return address
    }
  }

  /// Between the slashes of the path; whoever looks for one that is asked for looks in the order of `precedes`.
  package var segments: [Substring] { Self.segments(template) }

  package static func segments(_ path: String) -> [Substring] { path.prefix { $0 != "?" }.split(separator: "/") }

  package static func isPlaceholder(_ segment: some StringProtocol) -> Bool { segment.contains("{") }

  /// Whether a path that both fit means this one: of two, that which says more.
  package func precedes(_ other: RouteAddress) -> Bool {
    segments.map { Self.isPlaceholder($0) ? 1 : 0 }.lexicographicallyPrecedes(
      other.segments.map { Self.isPlaceholder($0) ? 1 : 0 })
  }

  /// As a request has it.
  private var asked: RouteAddress {
    var asked = self
    asked.template = path()
    return asked
  }

  /// The path with something in the place of each placeholder.
  /// - Parameter value: by the placeholder's name; what has none becomes 1.
  /// - Returns: one that can be asked for.
  package func path(_ value: (String) -> String? = { _ in nil }) -> String {
    var path = ""
    var rest = template[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      path += rest[..<open]
      path += value(String(rest[rest.index(after: open)..<close])) ?? "1"
      rest = rest[rest.index(after: close)...]
    }
    return path + rest
  }

  /// Equal for those that a request could not choose between.
  private var shape: String {
    method + " " + segments.map { Self.isPlaceholder($0) ? "{}" : $0 }.joined(separator: "/")
  }

  private static func isPath(_ text: String) -> Bool {
    text.hasPrefix("/") && text.utf8.allSatisfy { $0 > 32 && $0 < 127 && !"\"<>\\^`|#".utf8.contains($0) }
  }

  private static func encoded(_ byte: UInt8) -> String {
    let character = Character(Unicode.Scalar(byte))
    if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character) {
      return String(character)
    }
    return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }
}
