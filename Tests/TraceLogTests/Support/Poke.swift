import Glibc
import TraceLog

/// Changes a log's file behind everybody's back.
final class Poke {
  private let descriptor: Int32

  init(_ path: String) throws {
    descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw TraceLogError.cannotOpen(path: path, reason: String(cString: strerror(errno)))
    }
  }

  deinit {
    close(descriptor)
  }

  var size: Int { Int(lseek(descriptor, 0, SEEK_END)) }

  func bytes(at offset: Int, count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = pread(descriptor, &bytes, count, off_t(offset))
    return Array(bytes.prefix(max(0, got)))
  }

  func write(_ bytes: [UInt8], at offset: Int) {
    let written = pwrite(descriptor, bytes, bytes.count, off_t(offset))
    precondition(written == bytes.count, "pwrite: \(written)")
  }

  func write<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
    write(withUnsafeBytes(of: number.littleEndian) { Array($0) }, at: offset)
  }

  func truncate(to size: Int) {
    let result = ftruncate(descriptor, off_t(size))
    precondition(result == 0, "ftruncate: \(result)")
  }
}
