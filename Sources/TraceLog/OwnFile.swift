import CPlatform
import Glibc

/// Opens files that only this user can have written, whatever another user may have put in their place.
package enum OwnFile {
  /// Opens a regular file of this user's. No link is followed at the end of the path, and nothing is waited for.
  /// - Returns: a descriptor, to be closed by the caller.
  package static func open(_ path: String, _ flags: Int32) throws(TraceLogError) -> Int32 {
    let descriptor = chain_open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0)
    guard descriptor >= 0 else {
      let reason = errno == ELOOP ? "it is a link" : String(cString: strerror(errno))
      throw .cannotOpen(path: path, reason: reason)
    }
    guard let problem = problem(of: descriptor, type: S_IFREG, named: "regular file") else { return descriptor }
    close(descriptor)
    throw .notALog(path: path, reason: problem)
  }

  /// What is wrong with a folder to which no other user may have access; nil if nothing is.
  package static func problem(ofPrivateFolder path: String) -> String? {
    let descriptor = chain_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY | O_NONBLOCK, 0)
    guard descriptor >= 0 else { return String(cString: strerror(errno)) }
    defer { close(descriptor) }
    return problem(of: descriptor, type: S_IFDIR, named: "folder", isPrivate: true)
  }

  private static func problem(
    of descriptor: Int32, type: mode_t, named name: String, isPrivate: Bool = false
  ) -> String? {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return String(cString: strerror(errno)) }
    guard status.st_mode & S_IFMT == type else { return "it is no \(name)" }
    guard status.st_uid == geteuid() else { return "it belongs to user \(status.st_uid), not to \(geteuid())" }
    guard isPrivate, status.st_mode & 0o077 != 0 else { return nil }
    return "other users have access to it"
  }
}
