/// Who may ask what listens on this host alone: programs of this host. A browser sends Host and Origin, and must not be
/// turned against the lab by a page from elsewhere (DNS rebinding, cross-site requests).
package enum LoopbackCheck {
  /// - Parameters:
  ///   - hosts: the request's Host headers: there must be one, and it must name this host.
  ///   - origins: its Origin headers: each must be a page of this host.
  /// - Returns: whether it may.
  package static func allows(hosts: [String], origins: [String]) -> Bool {
    guard hosts.count == 1, let host = hosts.first, isOwn(host) else { return false }
    return allows(origins: origins)
  }

  /// The same, but no other server's page: the origin must be the host that is asked.
  package static func allowsOwnPage(hosts: [String], origins: [String]) -> Bool {
    guard allows(hosts: hosts, origins: []) else { return false }
    return origins.allSatisfy { $0.lowercased() == "http://\(hosts[0].lowercased())" }
  }

  /// Whether a Host field names this machine, by loopback or by one of the hosts given, with or without a port.
  package static func isOwn(_ authority: String, hosts: [String] = []) -> Bool {
    guard let host = Endpoint.authority(authority)?.host.lowercased() else { return false }
    return (loopback + hosts).contains { $0.lowercased() == host }
  }

  /// Whether every page that asks is one of this host.
  package static func allows(origins: [String]) -> Bool {
    origins.allSatisfy { $0.hasPrefix("http://") && isOwn(String($0.dropFirst(7))) }
  }

  private static let loopback = [Endpoint.loopback, "localhost", "::1"]
}
