package import ChainModel
import CPlatform
import Glibc
import Synchronization

/// A file to which lines are appended, each by one `write(2)`: whole or not at all, and safe from any thread of its only
/// process.
package final class AppendFile: Sendable {
  private struct State {
    /// Why the last line could not be appended.
    var problem: String?
    /// A part of a line is at the end, and could not be cut off.
    var isTorn = false
  }

  private let descriptor: Int32
  private let path: String
  // Held while a line is written: what a full disk took half of is cut off before the next one comes.
  private let state = Mutex(State())

  /// Opens the file, or makes it. It is kept: should somebody remove it, it is made anew with what was in it.
  /// - Throws: `store` when the folder is missing or not writable.
  package init(_ name: String, in folder: ServiceFolder) throws(CallError) {
    path = "\(folder.path)/\(name)"
    descriptor = Self.open(path)
    guard descriptor >= 0 else { throw .store("cannot open \(path): \(Self.lastError)") }
    cutTornEnd()
    folder.keeper.keep(path) { [self] in look() }
  }

  deinit {
    close(descriptor)
  }

  /// A process that was killed on a full disk may have left a part of a line, for which nobody was answered.
  private func cutTornEnd() {
    let reader = chain_open(path, O_RDONLY | O_CLOEXEC, 0)
    guard reader >= 0 else { return }
    defer { close(reader) }
    var end = lseek(reader, 0, SEEK_END)
    var byte: UInt8 = 0
    let size = end
    while end > 0, pread(reader, &byte, 1, end - 1) == 1, byte != 10 { end -= 1 }
    guard end < size else { return }
    let isTorn = ftruncate(descriptor, end) != 0
    state.withLock { $0.isTorn = isTorn }
  }

  private static func open(_ path: String) -> Int32 {
    chain_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
  }

  private static var lastError: String { String(cString: strerror(errno)) }

  /// Appends the line and a line feed.
  package func append(_ line: String) throws(CallError) {
    let bytes = Array(line.utf8) + [10]
    let problem = state.withLock { state in
      state.problem = write(bytes, &state)
      return state.problem
    }
    if let problem { throw .store("cannot append to \(path): \(problem)") }
  }

  /// - Returns: why not; nil: it is written.
  private func write(_ bytes: [UInt8], _ state: inout State) -> String? {
    if state.isTorn {
      guard Glibc.write(descriptor, "\n", 1) == 1 else { return Self.lastError }
      state.isTorn = false
    }
    let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    guard written != bytes.count else { return nil }
    guard written > 0 else { return Self.lastError }
    let end = lseek(descriptor, 0, SEEK_END)
    state.isTorn = end < off_t(written) || ftruncate(descriptor, end - off_t(written)) != 0
    return String(cString: strerror(ENOSPC))
  }

  /// Makes the file anew if it was removed: as long as it is open, what was in it is still there.
  private func look() -> String? {
    state.withLock { state in
      var information = stat()
      guard fstat(descriptor, &information) == 0, information.st_nlink == 0 else { return state.problem }
      return restore()
    }
  }

  private func restore() -> String? {
    let old = chain_open("/proc/self/fd/\(descriptor)", O_RDONLY | O_CLOEXEC, 0)
    guard old >= 0 else { return "it was removed, and cannot be read: \(Self.lastError)" }
    defer { close(old) }
    let new = Self.open(path)
    guard new >= 0 else { return "it was removed, and cannot be made anew: \(Self.lastError)" }
    defer { close(new) }
    guard Self.copy(old, to: new), dup2(new, descriptor) == descriptor else {
      defer { unlink(path) }
      return "it was removed, and cannot be filled anew: \(Self.lastError)"
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return nil
  }

  private static func copy(_ source: Int32, to target: Int32) -> Bool {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(source, &chunk, chunk.count)
      guard count > 0 else { return count == 0 }
      guard Glibc.write(target, chunk, count) == count else { return false }
    }
  }
}
