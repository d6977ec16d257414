package import ChainModel

/// A state that others waited for, with what it cost them.
///
/// | key | meaning |
/// |---|---|
/// | `text` | the state in words, `payment-service db write` |
/// | `kind` | see `Kind` |
/// | `service` | whose state it is; of `transit` the caller's |
/// | `cause`, `target` | of `wait`: why, and what for; of `transit` the target is the callee |
/// | `members`, `edges` | of `knot`: the threads in the circle, and what each waits for |
/// | `blamed_ns` | BLAME: waiting time, anybody's, that ended in this state |
/// | `by_service_ns` | the same by the service that waited |
/// | `own_ns` | the time that threads (or requests) were themselves in this state |
/// | `own_blocked_ns` | the part of `blamed_ns` that is their own |
/// | `replicas` | the replicas of `service` of which this is the common state; absent for the state of one |
/// | `share` | of all blame: of everything that was waited, 0 to 1 |
/// | `amplification` | others' waiting per second of the state: (blamed − own blocked) / own; absent if there is no own |
package struct BlameRow: Encodable, Hashable, Sendable {
  package enum Kind: String, Encodable, Sendable {
    /// Running, or ready to.
    case running
    /// An idle thread that has not been woken yet.
    case dispatch = "dispatch_delay"
    /// A wait for something that is no thread of the chain.
    case wait
    /// A call whose request has not been read yet, or has been answered already.
    case transit = "in_transit"
    /// A deadlock: threads, or pools, that wait for one another.
    case knot
    /// A queue for a pool without a thread.
    case unmanned = "no_thread"
  }

  package var kind: Kind
  package var service: String
  package var cause: WaitCause?
  package var target: String
  package var members: [String]
  package var edges: [String]
  package var blamed: UInt64
  package var byService: [String: UInt64]
  package var own: UInt64
  package var ownBlocked: UInt64
  package var share: Double
  /// By replica, its own part of `ownBlocked`; empty unless the row is of several.
  package var replicas: [String: UInt64] = [:]

  /// What others waited for it: without its own threads' part.
  package var held: UInt64 { blamed - min(blamed, ownBlocked) }

  /// A(ρ).
  package var amplification: Double? {
    own == 0 ? nil : Double(held) / Double(own)
  }

  func ownBlocked(of service: String) -> UInt64 {
    replicas.isEmpty ? (service == self.service ? ownBlocked : 0) : replicas[service] ?? 0
  }

  package var text: String {
    let service = replicas.isEmpty ? service : "\(service) (\(replicas.count) replicas)"
    return switch kind {
    case .running: "\(service) running"
    case .dispatch: "\(service) dispatch delay"
    case .wait: "\(service) \(cause?.words(target) ?? "wait")"
    case .transit: "in transit \(service) → \(target)"
    case .knot: members.isEmpty ? "a circle of full pools" : "deadlock of \(members.joined(separator: " ⇄ "))"
    case .unmanned: "\(service) has no thread for its queue"
    }
  }

  private enum CodingKeys: String, CodingKey {
    case text, kind, service, cause, target, members, edges, replicas, share, amplification
    case blamed = "blamed_ns"
    case byService = "by_service_ns"
    case own = "own_ns"
    case ownBlocked = "own_blocked_ns"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(text, forKey: .text)
    try keys.encode(kind, forKey: .kind)
    try keys.encode(service, forKey: .service)
    try keys.encodeIfPresent(cause?.name, forKey: .cause)
    if !target.isEmpty { try keys.encode(target, forKey: .target) }
    if kind == .knot {
      try keys.encode(members, forKey: .members)
      try keys.encode(edges, forKey: .edges)
    }
    if !replicas.isEmpty { try keys.encode(replicas.keys.sorted(), forKey: .replicas) }
    try keys.encode(blamed, forKey: .blamed)
    try keys.encode(byService, forKey: .byService)
    try keys.encode(own, forKey: .own)
    try keys.encode(ownBlocked, forKey: .ownBlocked)
    try keys.encode(share, forKey: .share)
    try keys.encodeIfPresent(amplification, forKey: .amplification)
  }
}
