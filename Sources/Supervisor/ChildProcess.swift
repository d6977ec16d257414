import CPlatform
import Glibc
package import TraceLog

/// A process that this process has started, or that a supervisor of the same run has.
package struct ChildProcess: Hashable, Sendable {
  package let identity: ProcessIdentity

  package init(identity: ProcessIdentity) {
    self.identity = identity
  }

  /// Nil while it runs. For a child of this process only, and once: afterwards its pid may be somebody else's.
  package func poll() -> ProcessEnd? {
    var status: Int32 = 0
    return waitpid(identity.pid, &status, WNOHANG) == identity.pid ? ProcessEnd(status: status) : nil
  }

  /// Does nothing when the process is gone, or its pid has gone to another.
  package func signal(_ number: Int32) {
    if identity.isAlive { kill(identity.pid, number) }
  }

  /// Takes leave of all children that have ended, for whoever asks none of them how. A container's first process is left
  /// those of others as well.
  package static func reapAll() { while waitpid(-1, nil, WNOHANG) > 0 {} }

  /// Kills it, and waits until nothing of it is left, its zombie included. For a child of this process only.
  package func end() {
    signal(SIGKILL)
    while poll() == nil, identity.isAlive { usleep(1000) }
    _ = poll()
  }
}
