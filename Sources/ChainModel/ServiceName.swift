/// What a service is called: in its description, in URLs and in the log. Which services there are, and who calls whom, the
/// description says.
package struct ServiceName: RawRepresentable, Hashable, Codable, Sendable, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  package var rawValue: String

  package init(rawValue: String) {
    self.rawValue = rawValue
  }

  package init(_ text: some StringProtocol) {
    rawValue = String(text)
  }

  package init(stringLiteral text: String) {
    rawValue = text
  }

  package init(from decoder: any Decoder) throws {
    rawValue = try decoder.singleValueContainer().decode(String.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  package var description: String { rawValue }

  /// A Linux thread name has at most 15 bytes, of which a replica, role and number take up to seven.
  private static let shortLength = 8
  private static let suffix = "-service"

  /// Prefix of the service's thread names.
  package var shortName: String {
    let stem = rawValue.hasSuffix(Self.suffix) ? rawValue.dropLast(Self.suffix.count) : rawValue[...]
    var short = ""
    for character in stem.isEmpty ? rawValue[...] : stem {
      guard short.utf8.count + character.utf8.count <= Self.shortLength else { break }
      short.append(character)
    }
    while short.count > 1, let last = short.last, "-._".contains(last) { short.removeLast() }
    return short.isEmpty ? "s" : short
  }
}

/// Those of the chain that the lab comes with.
extension ServiceName {
  package static var gateway: ServiceName { "gateway" }
  package static var userService: ServiceName { "user-service" }
  package static var orderService: ServiceName { "order-service" }
  package static var paymentService: ServiceName { "payment-service" }
}
