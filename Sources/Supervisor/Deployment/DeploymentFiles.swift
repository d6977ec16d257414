import CPlatform
import Glibc

/// The files of a deployment, beside each other in a folder, and the token that its containers share.
package struct DeploymentFiles: Hashable, Sendable {
  package struct File: Hashable, Sendable {
    package var name: String
    /// It begins with a comment that says who made it.
    package var text: String
  }

  package var files: [File]
  /// Beside the others.
  package var tokenName: String

  /// By which a file of an earlier export is known.
  package static let mark = "# Exported by chainlab."

  /// Comments for the beginning of a file.
  static func head(_ lines: [String]) -> String {
    (["\(mark) The next export writes it anew, without what you change here."]
      + lines.map { $0.isEmpty ? "#" : "# \($0)" })
      .joined(separator: "\n") + "\n"
  }

  /// Writes all of it, over files of an earlier export. A token that is there stays: containers that run have it. The folder
  /// is made if only that is missing.
  /// - Returns: whether the token is new.
  /// - Throws: `DeploymentError.foreign`, with nothing written; or what a file or the token cannot be.
  package func write(in folder: String) throws -> Bool {
    mkdir(folder, 0o755)
    for file in files { try Self.requireOwn("\(folder)/\(file.name)") }
    let token = "\(folder)/\(tokenName)"
    let isNew = access(token, F_OK) != 0
    if isNew { try AgentToken.make(at: token, variable: AgentToken.variable) } else { try Self.requireToken(token) }
    for file in files {
      let path = "\(folder)/\(file.name)"
      try OutputFile.write(Array(file.text.utf8), to: path)
      // A container's user is another, who has to read it whatever the umask.
      chmod(path, 0o644)
    }
    return isNew
  }

  private static func requireOwn(_ path: String) throws {
    guard let bytes = try AtomicFile.read(path) else { return }
    guard bytes.starts(with: mark.utf8) else { throw DeploymentError.foreign(path: path, mark: mark) }
  }

  private static func requireToken(_ path: String) throws(AgentError) {
    var status = stat()
    let bytes: [UInt8]
    do throws(SupervisorError) { bytes = try AtomicFile.read(path) ?? [] } catch {
      throw .token(path: path, problem: error.description)
    }
    guard stat(path, &status) == 0, status.st_mode & 0o077 == 0 else {
      throw .token(
        path: path, problem: "found mode 0\(String(status.st_mode & 0o777, radix: 8)), expected 0600: chmod 600 \(path)"
      )
    }
    guard String(decoding: bytes, as: UTF8.self).wholeMatch(of: /[A-Z_]+=[0-9a-f]{64}\n?/) != nil,
      bytes.starts(with: "\(AgentToken.variable)=".utf8)
    else {
      throw .token(
        path: path,
        problem:
          "expected \(AgentToken.variable)= and 64 hexadecimal digits; move the file away, and the next export makes a new one")
    }
  }
}
