import Glibc

/// Where a server is reached: a host and a port. As text an IPv6 address stands in brackets: `[fd00::1]:8083`.
package struct Endpoint: Hashable, Sendable {
  /// An IPv4 or IPv6 address, without brackets, or a name.
  package var host: String
  package var port: Int

  /// Only programs of this machine reach it.
  package static let loopback = "127.0.0.1"
  /// Who listens there listens on all addresses of the machine.
  package static let everywhere = "0.0.0.0"
  /// What `init?(_:)` reads, in words.
  package static let forms = "HOST:PORT, such as 10.77.0.12:8083, green.lan:8083 or [fd00::1]:8083"
  /// What `host(_:)` reads, in words.
  package static let hostForms = "an address such as 10.77.0.12 or fd00::1, or a name such as green.lan"

  package init(_ host: String = loopback, port: Int) { (self.host, self.port) = (host, port) }

  /// Nil for anything but `forms`.
  package init?(_ text: some StringProtocol) {
    guard let (host, port) = Self.authority(text), let port else { return nil }
    (self.host, self.port) = (host, port)
  }

  package var text: String { "\(Self.bracketed(host)):\(port)" }

  /// The root of what it serves.
  package var url: String { "http://\(text)" }

  /// Whether only programs of the same machine reach it. A name other than `localhost` is not looked up.
  package var isLoopback: Bool { Self.isLoopback(host) }

  package static func isLoopback(_ host: String) -> Bool {
    host == "::1" || host.lowercased() == "localhost" || isIPv4(host) && host.hasPrefix("127.")
  }

  package static func isEverywhere(_ host: String) -> Bool { host == everywhere || host == "::" }

  /// A host as it stands in a URL.
  package static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

  /// Whether it is an address, and not a name.
  package static func isAddress(_ host: String) -> Bool { isIPv4(host) || ipv6(host) != nil }

  /// A host by itself, an IPv6 address in its shortest form; nil for anything but `hostForms`.
  package static func host(_ text: some StringProtocol) -> String? {
    let text = String(text)
    if isIPv4(text) { return text }
    if text.contains(":") { return ipv6(text) }
    guard (1...253).contains(text.utf8.count), text.first?.isLetter == true || text.first?.isNumber == true,
      text.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) }),
      // What looks like an address and is none is no name either.
      !text.allSatisfy({ $0.isNumber || $0 == "." })
    else { return nil }
    return text
  }

  /// What stands in a Host field or a URL; nil when it is no host with or without a port.
  package static func authority(_ text: some StringProtocol) -> (host: String, port: Int?)? {
    var rest = Substring(String(text))
    let name: String?
    if rest.first == "[" {
      guard let close = rest.firstIndex(of: "]") else { return nil }
      name = ipv6(String(rest[rest.index(after: rest.startIndex)..<close]))
      rest = rest[rest.index(after: close)...]
    } else {
      let end = rest.firstIndex(of: ":") ?? rest.endIndex
      name = host(rest[..<end])
      rest = rest[end...]
    }
    guard let name else { return nil }
    guard let colon = rest.popFirst() else { return (name, nil) }
    guard colon == ":", let port = Int(rest), (1...65535).contains(port), String(port) == rest else { return nil }
    return (name, port)
  }

  private static func isIPv4(_ text: String) -> Bool {
    var address = in_addr()
    return inet_pton(AF_INET, text, &address) == 1
  }

  private static func ipv6(_ text: String) -> String? {
    var address = in6_addr()
    guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
    var shortest = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_ntop(AF_INET6, &address, &shortest, socklen_t(shortest.count)) != nil else { return nil }
    return String(decoding: shortest.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// As its text.
extension Endpoint: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let endpoint = Endpoint(text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "found '\(text.prefix(64))', expected \(Self.forms)"))
    }
    self = endpoint
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}
