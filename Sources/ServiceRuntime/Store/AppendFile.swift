import Atomics
package import ChainModel
import CPlatform
import Glibc

/// A file to which lines are appended, each by one `write(2)`: whole, and safe from any thread.
package final class AppendFile: Sendable {
  private let descriptor: Int32
  private let path: String
  /// Whether the file ends within a line, which a full disk has cut off.
  private let isTorn = ManagedAtomic(false)

  /// Opens the file, or makes it.
  /// - Throws: `store` when the folder is missing or not writable.
  package init(path: String) throws(CallError) {
    self.path = path
    descriptor = chain_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .store("cannot open \(path): \(String(cString: strerror(errno)))") }
  }

  deinit {
    close(descriptor)
  }

  /// Appends the line and a line feed.
  package func append(_ line: String) throws(CallError) {
    var bytes = Array(line.utf8) + [10]
    // Else it would be taken for the end of the line before, and nobody would find it.
    let isBehindTear = isTorn.load(ordering: .relaxed) && isTorn.exchange(false, ordering: .relaxed)
    if isBehindTear { bytes.insert(10, at: 0) }
    let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard written == bytes.count else {
      if written > 0 || isBehindTear { isTorn.store(true, ordering: .relaxed) }
      throw .store("cannot append to \(path): \(written < 0 ? String(cString: strerror(errno)) : "the disk is full")")
    }
  }
}
