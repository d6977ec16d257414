import Atomics
import CPlatform
import ChainModel
import Glibc

/// The log mapped for writing: tables, segments and the atomic words in them.
///
/// Layout and protocol are in `Layout`, `SegmentTag` and `TraceStream`.
final class LogFile: @unchecked Sendable {  // shared memory: every mutable word in it is accessed atomically
  let path: String
  let layout: Layout
  let base: UnsafeMutableRawPointer

  private init(path: String, layout: Layout, base: UnsafeMutableRawPointer) {
    self.path = path
    self.layout = layout
    self.base = base
  }

  deinit {
    munmap(base, layout.fileSize)
  }

  /// Makes a new log. The space for its tables is taken at once, that for records as they come.
  static func create(path: String, sizeMiB: Int, runID: String) throws(TraceLogError) {
    let layout = Layout(sizeMiB: sizeMiB)
    // Beyond this limit the kernel sends SIGXFSZ, which ends the process without a word.
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0, limit.rlim_cur < layout.fileSize {
      let most = "the limit for the size of files is \(limit.rlim_cur / 1024) KiB (ulimit -f)"
      throw .cannotCreate(path: path, reason: "it takes \(layout.fileSize / 1024) KiB, \(most)")
    }
    let descriptor = chain_open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .cannotCreate(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    do {
      try fill(descriptor, path: path, layout: layout, runID: runID)
    } catch {
      unlink(path)
      throw error
    }
  }

  private static func fill(
    _ descriptor: Int32, path: String, layout: Layout, runID: String
  ) throws(TraceLogError) {
    guard ftruncate(descriptor, layout.fileSize) == 0 else {
      throw .cannotCreate(path: path, reason: String(cString: strerror(errno)))
    }
    let file = try map(descriptor, path: path, layout: layout)
    try file.takeTables()
    typealias Header = Layout.Header
    let base = file.base
    base.storeBytes(of: Layout.version, toByteOffset: Header.version, as: UInt32.self)
    base.storeBytes(of: UInt32(Layout.recordSize), toByteOffset: Header.recordSize, as: UInt32.self)
    base.storeBytes(of: UInt32(layout.segmentCount), toByteOffset: Header.segmentCount, as: UInt32.self)
    base.storeBytes(of: UInt32(layout.recordsPerSegment), toByteOffset: Header.recordsPerSegment, as: UInt32.self)
    base.storeBytes(of: UInt64(layout.stringBytes), toByteOffset: Header.stringBytes, as: UInt64.self)
    base.storeBytes(of: Monotonic.wallOffset(), toByteOffset: Header.wallOffset, as: UInt64.self)
    base.storeBytes(of: Monotonic.now(), toByteOffset: Header.createdAt, as: UInt64.self)
    for (index, byte) in runID.utf8.prefix(63).enumerated() {
      base.storeBytes(of: byte, toByteOffset: Header.runID + index, as: UInt8.self)
    }
    file.word(Header.nextSequence).store(1, ordering: .relaxed)
    file.word(Header.stringCursor).store(8, ordering: .relaxed)  // id 0 stays the empty string
    file.word(Header.magic).store(Layout.magic, ordering: .releasing)
  }

  /// Maps an existing log for writing.
  static func open(path: String) throws(TraceLogError) -> LogFile {
    let descriptor = chain_open(path, O_RDWR | O_CLOEXEC, 0)
    guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    let header = try LogHeader(descriptor: descriptor, path: path)
    guard header.fileSize == header.layout.fileSize else {
      throw .notALog(path: path, reason: "it was cut off, so nobody can write to it any more")
    }
    let file = try map(descriptor, path: path, layout: header.layout)
    try file.takeTables()
    return file
  }

  /// A full file system is met here, as an error; at the first write to a table it would be a SIGBUS.
  private func takeTables() throws(TraceLogError) {
    switch chain_populate(base, layout.segmentsOffset) {
    case 0: return
    case EINVAL: throw .cannotOpen(path: path, reason: "the log needs Linux 5.14 or later")
    default: throw .noSpace(path: path, needed: layout.segmentsOffset)
    }
  }

  private static func map(_ descriptor: Int32, path: String, layout: Layout) throws(TraceLogError) -> LogFile {
    guard let base = mmap(nil, layout.fileSize, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
      base != MAP_FAILED
    else { throw .cannotOpen(path: path, reason: String(cString: strerror(errno))) }
    return LogFile(path: path, layout: layout, base: base)
  }

  // MARK: Words

  func word(_ offset: Int) -> UnsafeAtomic<UInt64> {
    UnsafeAtomic(at: (base + offset).assumingMemoryBound(to: UnsafeAtomic<UInt64>.Storage.self))
  }

  func half(_ offset: Int) -> UnsafeAtomic<UInt32> {
    UnsafeAtomic(at: (base + offset).assumingMemoryBound(to: UnsafeAtomic<UInt32>.Storage.self))
  }

  func tag(_ segment: Int) -> UnsafeAtomic<UInt64> {
    word(Layout.segmentTableOffset + segment * 64 + Layout.Segment.tag)
  }

  func cursor(_ segment: Int) -> UnsafeAtomic<UInt64> {
    word(Layout.segmentTableOffset + segment * 64 + Layout.Segment.cursor)
  }

  func closedAt(_ segment: Int) -> UnsafeAtomic<UInt64> {
    word(Layout.segmentTableOffset + segment * 64 + Layout.Segment.closedAt)
  }

  static func process(_ slot: Int, _ field: Int) -> Int { Layout.processesOffset + slot * 64 + field }

  func record(_ segment: Int, _ position: Int) -> UnsafeMutableRawPointer {
    base + layout.segmentOffset(segment) + position * Layout.recordSize
  }

  // MARK: Strings

  /// Puts a text into the string table, which is never emptied; 0 (the empty string) when it is full.
  func intern(_ text: String) -> UInt32 {
    var text = text
    return text.withUTF8 { bytes in
      let length = min(bytes.count, 1024)
      let size = (4 + length + 7) / 8 * 8
      let cursor = word(Layout.Header.stringCursor)
      guard length > 0 else { return 0 }
      let offset = Int(clamping: cursor.loadThenWrappingIncrement(by: UInt64(size), ordering: .relaxed))
      guard offset <= layout.stringBytes - size, let start = bytes.baseAddress else {
        word(Layout.Header.stringsRefused).wrappingIncrement(ordering: .relaxed)
        return 0
      }
      let entry = layout.stringsOffset + offset
      (base + entry + 4).copyMemory(from: start, byteCount: length)
      half(entry).store(UInt32(length), ordering: .releasing)
      return UInt32(offset / 8)
    }
  }
}
