package import ChainModel

/// A port that the chain needs and somebody else has.
package struct TakenPort: Hashable, Sendable, CustomStringConvertible {
  package var port: Int
  package var service: ServiceName
  package var isControlPort: Bool
  /// Who has it, if the kernel shows it to us.
  package var owner: Owner?

  package struct Owner: Hashable, Sendable {
    package var pid: Int32
    package var command: String
  }

  package var description: String {
    let who = owner.map { "process \($0.pid) (\($0.command))" } ?? "a process that this user may not see"
    let purpose = isControlPort ? "control port" : "service port"
    return "port \(port), \(service.rawValue)'s \(purpose), is taken by \(who)"
  }
}
