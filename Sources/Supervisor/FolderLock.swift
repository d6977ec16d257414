import CPlatform
import ChainModel
import Glibc

/// Held by whoever starts or stops a chain, so that two cannot do so at once. It ends with its owner, however that ends.
/// Only the owner of the runs can take it.
struct FolderLock: ~Copyable {
  private let descriptor: Int32

  private init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  static func take(_ store: RunStore, patience: Duration) throws(SupervisorError) -> FolderLock {
    try Folder.makeOwn(store.runsPath)
    let path = "\(store.runsPath)/.lock"
    let descriptor = chain_open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .system(path, "write") }
    let lock = FolderLock(descriptor: descriptor)
    guard Patience.wait(patience, until: { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }) else {
      throw .busy(root: store.root)
    }
    return lock
  }
}
