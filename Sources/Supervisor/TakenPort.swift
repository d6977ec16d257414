import Glibc

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

  package var description: String { "port \(port), \(purpose), is taken by \(Self.words(owner))" }

  private static func words(_ owner: Owner?) -> String {
    owner.map { "process \($0.pid) (\($0.command))" } ?? "a process that this user may not see"
  }

  /// Why nobody can listen on a port.
  package struct Reason: Hashable, Sendable {
    package var isTaken: Bool
    /// In words.
    package var text: String
  }

  /// - Parameters:
  ///   - port: the port.
  ///   - errorNumber: what the system said.
  /// - Returns: the reason, with the port's owner if it has one.
  package static func reason(port: Int, errorNumber: Int32) -> Reason {
    guard errorNumber == EADDRINUSE else { return Reason(isTaken: false, text: String(cString: strerror(errorNumber))) }
    return Reason(isTaken: true, text: "it is taken by \(words(PortCheck.owner(of: port)))")
  }
}
