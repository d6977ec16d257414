import CPlatform
import ChainModel
import Glibc

/// Held by whoever starts or stops a chain, so that two cannot do so at once. It ends with its owner, however that ends.
/// Only the owner of the runs can take it.
package struct FolderLock: ~Copyable {
  private let descriptor: Int32

  private init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Waits for the lock, at most so long, or until the user has changed their mind.
  package static func take(
    _ store: RunStore, patience: Duration, isInterrupted: () -> Bool = { false }
  ) throws(SupervisorError) -> FolderLock {
    let lock = FolderLock(descriptor: try open(store))
    let descriptor = lock.descriptor
    var isTaken = false
    let hasEnded = Patience.wait(patience) {
      isTaken = flock(descriptor, LOCK_EX | LOCK_NB) == 0
      return isTaken || isInterrupted()
    }
    guard hasEnded else { throw .busy(root: store.root) }
    guard isTaken else { throw .interrupted }
    return lock
  }

  /// On a file system that is full or read-only, what is there must do: the file, or the folder.
  private static func open(_ store: RunStore) throws(SupervisorError) -> Int32 {
    let path = "\(store.runsPath)/.lock"
    var failure: SupervisorError
    do throws(SupervisorError) {
      try Folder.makeOwn(store.runsPath)
      let descriptor = chain_open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
      if descriptor >= 0 { return descriptor }
      failure = .system(path, "write")
    } catch {
      failure = error
    }
    for path in [path, store.runsPath, store.root] {
      let descriptor = chain_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0)
      if descriptor >= 0 { return descriptor }
    }
    throw failure
  }
}
