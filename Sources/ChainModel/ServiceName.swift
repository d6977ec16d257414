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

  /// As a sentence calls it: `payment` for payment-service.
  package var spokenName: String {
    rawValue.hasSuffix(Self.suffix) && rawValue != Self.suffix
      ? String(rawValue.dropLast(Self.suffix.count)) : rawValue
  }

  /// Prefix of the service's thread names. A number at the end stays, where many services differ by it alone.
  package var shortName: String {
    let name = spokenName[...]
    guard name.utf8.count > Self.shortLength else { return Self.cut(name, to: Self.shortLength) }
    let digits = name.reversed().prefix { $0.isASCII && $0.isNumber }.count
    guard (1...4).contains(digits) else { return Self.cut(name, to: Self.shortLength) }
    return Self.cut(name.dropLast(digits), to: Self.shortLength - digits - 1) + "-" + name.suffix(digits)
  }

  private static func cut(_ name: Substring, to length: Int) -> String {
    var short = ""
    for character in name {
      guard short.utf8.count + character.utf8.count <= length else { break }
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
