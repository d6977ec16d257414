import CPlatform
import FoundationEssentials
import Glibc

/// The file that a user has asked for with `-o`.
///
/// | path | what is done |
/// |---|---|
/// | `-`, or standard output by another name | written to standard output |
/// | nothing there, or a regular file | written beside its place, then put there: whole or not at all, with its old mode |
/// | a regular file of somebody else's, with several names, or in a folder that cannot be written | written in place |
/// | a link | what it leads to, by these same rows |
/// | anything else: a device, a FIFO, a terminal | opened and written |
package final class OutputFile {
  /// Whoever read the other end has gone away, and has what it wanted.
  package struct ReaderGone: Error {}

  private let path: String
  private let descriptor: Int32
  /// Where the bytes go until they are complete, and the file that they then become.
  private var replacement: (temporary: String, target: String)?

  package init(_ path: String) throws(SupervisorError) {
    self.path = path
    guard !Self.isStandard(path) else {
      descriptor = STDOUT_FILENO
      return
    }
    guard let existing = try Self.open(path) else {
      let temporary = AtomicFile.temporary(path)
      descriptor = try Self.create(temporary, for: path)
      replacement = (temporary, path)
      return
    }
    var status = stat()
    guard fstat(existing, &status) == 0 else { throw .system(path, "write") }
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    if isRegular, status.st_uid == geteuid(), status.st_nlink == 1, let target = Self.path(of: existing) {
      let temporary = AtomicFile.temporary(target)
      if let made = try? Self.create(temporary, for: path) {
        fchmod(made, status.st_mode & 0o7777)
        close(existing)
        descriptor = made
        replacement = (temporary, target)
        return
      }
    }
    if isRegular { ftruncate(existing, 0) }
    descriptor = existing
  }

  deinit {
    if descriptor != STDOUT_FILENO { close(descriptor) }
    if let replacement { unlink(replacement.temporary) }
  }

  /// - Throws: `ReaderGone` or a `SupervisorError`.
  package func write(_ bytes: ArraySlice<UInt8>) throws {
    guard !AtomicFile.writeAll(bytes, to: descriptor) else { return }
    if errno == EPIPE { throw ReaderGone() }
    throw SupervisorError.system(path, "write")
  }

  /// To be called when all is written.
  package func finish() throws(SupervisorError) {
    guard let (temporary, target) = replacement else { return }
    guard rename(temporary, target) == 0 else { throw .system(path, "write") }
    replacement = nil
  }

  package static func write(_ bytes: [UInt8], to path: String) throws {
    let file = try OutputFile(path)
    try file.write(bytes[...])
    try file.finish()
  }

  /// For what can only be written to a file of its own: lets `make` do so, and puts it in its place.
  package static func place(_ path: String, _ make: (_ temporary: String) throws -> Void) throws {
    let file = try OutputFile(path)
    guard let (temporary, _) = file.replacement else {
      let scratch = try Folder.scratch("output")
      defer { try? FileManager.default.removeItem(atPath: scratch) }
      try make("\(scratch)/output")
      return try file.copy("\(scratch)/output")
    }
    var status = stat()
    guard fstat(file.descriptor, &status) == 0, unlink(temporary) == 0 else {
      throw SupervisorError.system(path, "write")
    }
    try make(temporary)
    chmod(temporary, status.st_mode & 0o7777)
    try file.finish()
  }

  private func copy(_ source: String) throws {
    let input = chain_open(source, O_RDONLY | O_CLOEXEC, 0)
    guard input >= 0 else { throw SupervisorError.system(source, "read") }
    defer { close(input) }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(input, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SupervisorError.system(source, "read") }
      if count == 0 { return }
      try write(chunk[..<count])
    }
  }

  // MARK: Places

  /// Whether the path is standard output.
  package static func isStandard(_ path: String) -> Bool {
    if path == "-" { return true }
    var (there, standard) = (stat(), stat())
    guard stat(path, &there) == 0, fstat(STDOUT_FILENO, &standard) == 0 else { return false }
    return there.st_dev == standard.st_dev && there.st_ino == standard.st_ino
  }

  /// Opens what is there, or what a link leads to, which is made if it is missing. The kernel says which links may be
  /// followed (`fs.protected_symlinks`). Nil when nothing is there.
  private static func open(_ path: String) throws(SupervisorError) -> Int32? {
    var descriptor = chain_open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY, 0)
    if descriptor < 0, errno == ENOENT {
      var status = stat()
      guard lstat(path, &status) == 0 else { return nil }
      descriptor = chain_open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o666)
    }
    guard descriptor >= 0 else { throw .system(path, "write") }
    return descriptor
  }

  private static func create(_ temporary: String, for path: String) throws(SupervisorError) -> Int32 {
    let descriptor = chain_open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .system(path, "write") }
    return descriptor
  }

  private static func path(of descriptor: Int32) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/fd/\(descriptor)", &buffer, buffer.count - 1)
    guard count > 0 else { return nil }
    return String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
