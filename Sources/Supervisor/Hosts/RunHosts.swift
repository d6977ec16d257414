/// The other hosts of a run that is to be started, and what is to be done about agents that are not ready for it.
package struct RunHosts: Hashable, Sendable {
  package var hosts: [RunHost]
  /// So long an agent that does not answer yet is waited for: containers begin in any order.
  package var patience: Duration
  /// Whether an earlier run that an agent still has is stopped; otherwise nothing is started.
  package var replaces: Bool

  package init(_ hosts: [RunHost] = [], patience: Duration = .zero, replaces: Bool = false) {
    (self.hosts, self.patience, self.replaces) = (hosts, patience, replaces)
  }
}
