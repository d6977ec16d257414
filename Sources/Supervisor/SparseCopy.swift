import CPlatform
import Glibc

/// Copies a file that is mostly holes: only its data is written, its size is kept. Memory that was touched but never
/// written to becomes a hole as well.
package enum SparseCopy {
  // `lseek`'s GNU extensions (linux/fs.h), which Swift does not see.
  private static let seekData: Int32 = 3
  private static let seekHole: Int32 = 4

  /// Copies what `input` has open; `source` is its path, for errors.
  package static func copy(_ source: String, _ input: Int32, to target: String) throws(SupervisorError) {
    try AtomicFile.replace(target) { (temporary) throws(SupervisorError) in
      let output = chain_open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      guard output >= 0 else { throw .system(target, "write") }
      defer { close(output) }
      var information = stat()
      guard fstat(input, &information) == 0 else { throw .system(source, "read") }
      guard ftruncate(output, information.st_size) == 0 else { throw .system(target, "write") }
      var offset: off_t = 0
      while let data = try nextData(input, source, from: offset, size: information.st_size) {
        try copy(data, from: input, source, to: output, target)
        offset = data.upperBound
      }
    }
  }

  private static func nextData(
    _ input: Int32, _ source: String, from offset: off_t, size: off_t
  ) throws(SupervisorError) -> Range<off_t>? {
    guard offset < size else { return nil }
    let start = lseek(input, offset, seekData)
    if start < 0, errno == ENXIO { return nil }
    // A file system that knows no holes: everything is data.
    if start < 0, errno == EINVAL { return offset..<size }
    guard start >= 0 else { throw .system(source, "read") }
    let end = lseek(input, start, seekHole)
    guard end > start else { throw .system(source, "read") }
    // Whoever still writes could make the file longer while it is copied.
    return start < size ? start..<min(end, size) : nil
  }

  private static func copy(
    _ range: Range<off_t>, from input: Int32, _ source: String, to output: Int32, _ target: String
  ) throws(SupervisorError) {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = pread(input, &chunk, min(chunk.count, Int(range.upperBound - offset)), offset)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .system(source, "read") }
      // The file has become shorter; what is missing stays a hole.
      if count == 0 { return }
      if chunk[..<count].contains(where: { $0 != 0 }) {
        guard lseek(output, offset, SEEK_SET) >= 0, AtomicFile.writeAll(chunk[..<count], to: output) else {
          throw .system(target, "write")
        }
      }
      offset += off_t(count)
    }
  }
}
