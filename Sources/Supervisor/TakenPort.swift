/// A port that the chain needs and somebody else has.
package struct TakenPort: Hashable, Sendable, CustomStringConvertible {
  package var port: Int
  /// What for: `gateway's control port`.
  package var purpose: String
  /// Who has it, if the kernel shows it to us.
  package var owner: Owner?

  package struct Owner: Hashable, Sendable {
    package var pid: Int32
    package var command: String
  }

  package var description: String {
    let who = owner.map { "process \($0.pid) (\($0.command))" } ?? "a process that this user may not see"
    return "port \(port), \(purpose), is taken by \(who)"
  }
}
