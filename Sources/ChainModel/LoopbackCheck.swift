/// Who may ask what listens on this host alone: programs of this host. A browser sends Host and Origin, and must not be
/// turned against the lab by a page from elsewhere (DNS rebinding, cross-site requests).
package enum LoopbackCheck {
  /// - Parameters:
  ///   - hosts: the request's Host headers: there must be one, and it must name this host.
  ///   - origins: its Origin headers: each must be a page of this host.
  /// - Returns: whether it may.
  package static func allows(hosts: [String], origins: [String]) -> Bool {
    guard hosts.count == 1, let host = hosts.first, isLoopback(host) else { return false }
    return allows(origins: origins)
  }

  /// The same, but no other server's page: the origin must be the host that is asked.
  package static func allowsOwnPage(hosts: [String], origins: [String]) -> Bool {
    guard allows(hosts: hosts, origins: []) else { return false }
    return origins.allSatisfy { $0.lowercased() == "http://\(hosts[0].lowercased())" }
  }

  /// Whether a host names this one, or is one of the names given, with or without a port.
  package static func isOwn(_ authority: String, names: [String]) -> Bool {
    if isLoopback(authority) { return true }
    let parts = authority.lowercased().split(separator: ":", omittingEmptySubsequences: false)
    return parts.count <= 2 && names.contains(String(parts[0])) && (parts.count == 1 || UInt16(parts[1]) != nil)
  }

  /// Whether every page that asks is one of this host.
  package static func allows(origins: [String]) -> Bool {
    origins.allSatisfy { $0.hasPrefix("http://") && isLoopback(String($0.dropFirst(7))) }
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
