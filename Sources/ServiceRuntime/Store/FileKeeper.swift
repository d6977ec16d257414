package import Logging
import Synchronization

/// Looks after the files that a service owns. Anybody may remove them at any time, and a disk may be full: what can be
/// mended is mended, and what cannot is said once.
package final class FileKeeper: Sendable {
  private struct Kept: Sendable {
    var path: String
    /// Mends what can be mended; returns what is wrong, in words.
    var look: @Sendable () -> String?
    var told: String?
  }

  private let files = Mutex<[Kept]>([])

  package init() {}

  /// From now on, `look` is called each second.
  func keep(_ path: String, _ look: @escaping @Sendable () -> String?) {
    files.withLock { $0.append(Kept(path: path, look: look)) }
  }

  /// Looks at all files, on whatever thread calls.
  package func look(_ logger: Logger) {
    files.withLock { files in
      for index in files.indices {
        let problem = files[index].look()
        guard problem != files[index].told else { continue }
        files[index].told = problem
        if let problem {
          logger.error("a file cannot be used", metadata: ["path": "\(files[index].path)", "reason": "\(problem)"])
        } else {
          logger.info("the file can be used again", metadata: ["path": "\(files[index].path)"])
        }
      }
    }
  }
}
