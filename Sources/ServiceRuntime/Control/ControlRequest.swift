import ChainModel
import NIOHTTP1

/// A request to the control port, complete.
struct ControlRequest: Sendable {
  var method: String
  var path: String
  var headers: HTTPHeaders
  var body: [UInt8]

  /// Who may ask: programs on this host. A browser sends Host and Origin, and must not be turned against the lab by a
  /// page from elsewhere (DNS rebinding, cross-site requests).
  var isAllowed: Bool {
    let hosts = headers["host"]
    guard hosts.count == 1, let host = hosts.first, Self.isLoopback(host) else { return false }
    return headers["origin"].allSatisfy { origin in
      guard origin.hasPrefix("http://") else { return false }
      return Self.isLoopback(String(origin.dropFirst(7)))
    }
  }

  private static func isLoopback(_ authority: String) -> Bool {
    let parts = authority.lowercased().split(separator: ":", omittingEmptySubsequences: false)
    let name: String
    let port: Substring?
    if authority.hasPrefix("[::1]") {
      name = "[::1]"
      port = authority.count > 5 ? authority.dropFirst(6) : nil
      guard authority.count == 5 || authority.dropFirst(5).hasPrefix(":") else { return false }
    } else {
      guard parts.count <= 2 else { return false }
      name = String(parts[0])
      port = parts.count == 2 ? parts[1] : nil
    }
    guard ["127.0.0.1", "localhost", "[::1]"].contains(name) else { return false }
    return port.map { UInt16($0) != nil } ?? true
  }
}

/// Why the control port refuses.
struct ControlRefusal: Error {
  var status: Int
  var detail: String
  var allow: String?

  init(_ status: Int, _ detail: String, allow: String? = nil) {
    self.status = status
    self.detail = detail
    self.allow = allow
  }
}
