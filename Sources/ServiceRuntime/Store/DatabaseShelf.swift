import ChainModel
import EventLoop

/// The open connections to a service's database that no thread works with at the moment. As many are opened as threads
/// query at once: a thread that is blocked in a call holds none, which is half of what it would otherwise cost.
final class DatabaseShelf: Sendable {
  private let path: String
  private let idle = Locked<[Database]>([])

  init(path: String) {
    self.path = path
  }

  /// The one that was given back last, or a new one; nobody waits.
  func take() throws(CallError) -> Database {
    if let database = idle.withLock({ $0.popLast() }) { return database }
    return try Database(readOnly: path)
  }

  func giveBack(_ database: Database) {
    idle.withLock { $0.append(database) }
  }
}
