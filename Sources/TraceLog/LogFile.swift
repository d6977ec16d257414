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
    file.keepRefusedText()
    file.word(Header.magic).store(Layout.magic, ordering: .releasing)
  }

  /// Maps an existing log of this user's for writing.
  static func open(path: String) throws(TraceLogError) -> LogFile {
    let file = try whole(path, O_RDWR, for: PROT_READ | PROT_WRITE, else: "write to it any more")
    try file.takeTables()
    return file
  }

  /// Maps an existing log of this user's for reading alone.
  static func openForReading(path: String) throws(TraceLogError) -> LogFile {
    try whole(path, O_RDONLY, for: PROT_READ, else: "mirror it")
  }

  /// Of a log that was cut off nobody can do what it is opened for.
  private static func whole(
    _ path: String, _ flags: Int32, for access: Int32, else what: String
  ) throws(TraceLogError) -> LogFile {
    let descriptor = try OwnFile.open(path, flags)
    defer { close(descriptor) }
    let header = try LogHeader(descriptor: descriptor, path: path)
    guard header.fileSize == header.layout.fileSize else {
      throw .notALog(path: path, reason: "it was cut off, so nobody can \(what)")
    }
    return try map(descriptor, path: path, layout: header.layout, for: access)
  }

  /// A full file system is met here, as an error; at the first write to a table it would be a SIGBUS.
  private func takeTables() throws(TraceLogError) {
    try take(0, Layout.page)
    try take(Layout.segmentTableOffset, layout.segmentsOffset - Layout.segmentTableOffset)
  }

  /// The table of processes is taken as they come.
  func takeProcess(_ slot: Int) throws(TraceLogError) {
    try take(Self.process(slot, 0) / Layout.page * Layout.page, Layout.page)
  }

  private func take(_ offset: Int, _ count: Int) throws(TraceLogError) {
    switch chain_populate(base + offset, count) {
    case 0: return
    case EINVAL: throw .cannotOpen(path: path, reason: "the log needs Linux 5.14 or later")
    default: throw .noSpace(path: path, needed: layout.tableBytes)
    }
  }

  private static func map(
    _ descriptor: Int32, path: String, layout: Layout, for access: Int32 = PROT_READ | PROT_WRITE
  ) throws(TraceLogError) -> LogFile {
    guard let base = mmap(nil, layout.fileSize, access, MAP_SHARED, descriptor, 0),
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
}
