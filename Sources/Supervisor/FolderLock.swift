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

  /// Waits for the lock, at most so long.
  package static func take(_ store: RunStore, patience: Duration) throws(SupervisorError) -> FolderLock {
    try Folder.makeOwn(store.runsPath)
    let path = "\(store.runsPath)/.lock"
    var descriptor = chain_open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    // On a disk that is full or read-only, what is there can be locked all the same.
    if descriptor < 0 { descriptor = chain_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0) }
    if descriptor < 0 { descriptor = chain_open(store.runsPath, O_RDONLY | O_CLOEXEC | O_DIRECTORY, 0) }
    guard descriptor >= 0 else { throw .system(path, "write") }
    let lock = FolderLock(descriptor: descriptor)
    guard Patience.wait(patience, until: { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }) else {
      throw .busy(root: store.root)
    }
    return lock
  }
}
