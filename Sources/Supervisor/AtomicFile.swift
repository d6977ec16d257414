import CPlatform
import Glibc
import Synchronization

/// Files of a run, which readers see whole or not at all: written beside their place, then renamed. Nobody but their owner
/// reads them. What a user asks for with `-o` is an `OutputFile`.
package enum AtomicFile {
  private static let counter = Atomic<Int>(0)

  package static func write(_ bytes: [UInt8], to path: String) throws(SupervisorError) {
    try replace(path) { (temporary) throws(SupervisorError) in try fill(temporary, bytes, for: path) }
  }

  /// Writes a file unless there is one.
  /// - Returns: false if there is one.
  package static func create(_ path: String, _ bytes: [UInt8]) throws(SupervisorError) -> Bool {
    let temporary = temporary(path)
    defer { unlink(temporary) }
    try fill(temporary, bytes, for: path)
    if Glibc.link(temporary, path) == 0 { return true }
    guard errno == EEXIST else { throw .system(path, "write") }
    return false
  }

  private static func fill(_ temporary: String, _ bytes: [UInt8], for path: String) throws(SupervisorError) {
    let descriptor = chain_open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system(path, "write") }
    defer { close(descriptor) }
    guard writeAll(bytes[...], to: descriptor) else { throw .system(path, "write") }
  }

  /// A name that nobody else uses.
  static func temporary(_ path: String) -> String {
    "\(path).\(getpid())-\(counter.add(1, ordering: .relaxed).newValue).tmp"
  }

  /// Points a symbolic link elsewhere, or makes it.
  package static func link(_ path: String, to target: String) throws(SupervisorError) {
    try replace(path) { (temporary) throws(SupervisorError) in
      guard symlink(target, temporary) == 0 else { throw .system(path, "write") }
    }
  }

  /// Lets `make` write a temporary file and puts it in the place of `path`.
  static func replace(
    _ path: String, _ make: (_ temporary: String) throws(SupervisorError) -> Void
  ) throws(SupervisorError) {
    let temporary = temporary(path)
    do throws(SupervisorError) {
      try make(temporary)
      guard rename(temporary, path) == 0 else { throw SupervisorError.system(path, "write") }
    } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Nil when there is no such file.
  package static func read(_ path: String) throws(SupervisorError) -> [UInt8]? {
    let descriptor = chain_open(path, O_RDONLY | O_CLOEXEC, 0)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw .system(path, "read")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var status = stat()
    // A large file is not copied again and again while it grows.
    if fstat(descriptor, &status) == 0, status.st_size > 0 { bytes.reserveCapacity(Int(status.st_size) + 1) }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system(path, "read") }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }

  /// False with `errno` set when not everything could be written.
  static func writeAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let count = Glibc.write(descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        done += count
      }
      return true
    }
  }
}

extension SupervisorError {
  /// A system call on `path` has failed; `errno` says why.
  static func system(_ path: String, _ doing: String) -> SupervisorError {
    .file(path: path, doing: doing, reason: String(cString: strerror(errno)))
  }
}
