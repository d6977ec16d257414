import ChainModel
import EventLoop

/// Who is answered by an agent. A browser is not, whatever page it shows: it sends `Origin`, or another host's name. Off
/// loopback nobody is without the token.
struct AgentGate {
  /// Where it listens: an address of its host, or all of them.
  let endpoint: Endpoint
  let token: AgentToken?

  /// So long whoever brings no token, or a wrong one, waits for the answer.
  static let penalty = Duration.seconds(1)

  /// Whether a request's head may be answered.
  /// - Parameters:
  ///   - host: its Host field.
  ///   - origins: its Origin fields.
  ///   - authorizations: its Authorization fields.
  ///   - isOpen: whether what it asks needs no token.
  /// - Throws: the answer in its place.
  func check(
    host: String, origins: [String], authorizations: [String], isOpen: Bool = false
  ) throws(LocalRefusal) {
    guard origins.isEmpty else {
      throw LocalRefusal(403, "an agent answers no page of a browser: found an Origin field")
    }
    guard isOwn(host) else {
      throw LocalRefusal(403, "found another host's name in the Host field, expected \(endpoint.text)")
    }
    guard !isOpen, let token, !token.matches(authorizations) else { return }
    let found = authorizations.isEmpty ? "no token" : "a wrong token"
    var refusal = LocalRefusal(401, "found \(found), expected this agent's: give its file with --token-file, or the token in $\(AgentToken.variable)")
    (refusal.delay, refusal.fields) = (Self.penalty, ["www-authenticate: Bearer"])
    throw refusal
  }

  /// Through a tunnel it is asked at any port of loopback, and on all addresses at any of them: a page that was led here
  /// by a name of its own gives that name.
  private func isOwn(_ host: String) -> Bool {
    if endpoint.isLoopback { return LoopbackCheck.isOwn(host, hosts: [endpoint.host]) }
    guard let (name, port) = Endpoint.authority(host) else { return false }
    if Endpoint.isEverywhere(endpoint.host) { return LoopbackCheck.isOwn(name) || Endpoint.isAddress(name) }
    return name == endpoint.host && (port ?? 80) == endpoint.port
  }
}
