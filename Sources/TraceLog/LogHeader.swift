import CPlatform
import Glibc

/// The header as a reader may believe it: checked against the file's real size.
struct LogHeader {
  let layout: Layout
  let runID: String
  let wallOffset: UInt64
  let createdAt: UInt64
  let fileSize: Int

  /// - Throws: when the file is no log, of another version, or shorter than its tables.
  init(descriptor: Int32, path: String) throws(TraceLogError) {
    var information = stat()
    guard fstat(descriptor, &information) == 0 else {
      throw .cannotOpen(path: path, reason: String(cString: strerror(errno)))
    }
    fileSize = Int(information.st_size)
    guard information.st_mode & S_IFMT == S_IFREG else { throw .notALog(path: path, reason: "it is no regular file") }
    var bytes = [UInt8](repeating: 0, count: Layout.page)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    guard count == bytes.count else {
      throw .notALog(path: path, reason: "it has \(max(count, 0)) bytes, a log has at least \(Layout.page)")
    }
    typealias Header = Layout.Header
    guard bytes.value(at: Header.magic, UInt64.self) == Layout.magic else {
      throw .notALog(path: path, reason: "it does not begin with CHAINLOG")
    }
    let version = bytes.value(at: Header.version, UInt32.self)
    guard version == Layout.version else { throw .wrongVersion(path: path, found: version) }
    guard let layout = Self.sizes(bytes) else {
      throw .notALog(path: path, reason: "its header holds impossible sizes")
    }
    guard fileSize >= layout.segmentsOffset, fileSize <= layout.fileSize else {
      throw .notALog(
        path: path,
        reason: "it has \(fileSize) bytes where its header says \(layout.segmentsOffset) to \(layout.fileSize)")
    }
    self.layout = layout
    runID = String(
      decoding: bytes[Header.runID..<Header.runID + 64].prefix { $0 != 0 }, as: UTF8.self)
    wallOffset = bytes.value(at: Header.wallOffset, UInt64.self)
    createdAt = bytes.value(at: Header.createdAt, UInt64.self)
  }

  /// The sizes that a page says a log has; nil when it is no header of this version.
  static func sizes(_ page: [UInt8]) -> Layout? {
    typealias Header = Layout.Header
    guard page.value(at: Header.magic, UInt64.self) == Layout.magic,
      page.value(at: Header.version, UInt32.self) == Layout.version,
      page.value(at: Header.recordSize, UInt32.self) == UInt32(Layout.recordSize)
    else { return nil }
    return Layout(
      untrusted: page.value(at: Header.segmentCount, UInt32.self),
      page.value(at: Header.recordsPerSegment, UInt32.self), page.value(at: Header.stringBytes, UInt64.self))
  }
}

extension [UInt8] {
  /// The little-endian number at a byte offset, which the caller has checked to be inside.
  func value<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int, _ type: Number.Type) -> Number {
    withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
  }
}
