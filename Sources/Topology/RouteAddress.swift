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
    var taken: Set<String> = ["GET ping"]
    return service.routes.enumerated().map { place, route in
      let address = RouteAddress(route.name)
      // A service that is not the lab's has the paths that it has.
      if service.url != nil || taken.insert(address.shape).inserted || route.name == Schema.ping { return address }
      return RouteAddress(place: place)
    }
  }

  /// The path with something in the place of each placeholder.
  /// - Parameter value: by the placeholder's name; what has none becomes 1.
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
    let parts = template.split(separator: "/").map { $0.hasPrefix("{") ? "{}" : $0 }
    return method + " " + parts.joined(separator: "/")
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
