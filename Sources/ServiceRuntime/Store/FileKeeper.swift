import ChainModel
package import Logging
import Synchronization

/// Looks after the files that a service owns. Anybody may remove them at any time, and a disk may be full: what can be
/// mended is mended, and what cannot is said once.
package final class FileKeeper: Sendable {
  private struct Kept: Sendable {
    var path: String
    /// Mends what can be mended; returns what is wrong, in words.
    var look: @Sendable () -> String?
  }

  private struct State: Sendable {
    var files: [Kept] = []
    var complaints = Complaints()
  }

  private let state = Mutex(State())

  package init() {}

  /// From now on, `look` is called each second.
  func keep(_ path: String, _ look: @escaping @Sendable () -> String?) {
    state.withLock { $0.files.append(Kept(path: path, look: look)) }
  }

  /// Looks at all files, on whatever thread calls.
  package func look(_ logger: Logger) {
    state.withLock { state in
      for file in state.files {
        switch state.complaints.note(file.path, file.look()) {
        case .begins(let problem):
          logger.error("a file cannot be used", metadata: ["path": "\(file.path)", "reason": "\(problem)"])
        case .isOver: logger.info("the file can be used again", metadata: ["path": "\(file.path)"])
        case nil: break
        }
      }
    }
  }
}
