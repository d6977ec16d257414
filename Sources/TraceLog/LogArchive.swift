import CPlatform
import Glibc

/// Writes a snapshot as a log file of its own, for logs that no process wrote live: imported ones and parts of others.
/// It reads back as the same snapshot, but for records' words, which are numbered anew, and for processes that ran when
/// it was taken, which are stopped: nobody writes to such a file any more.
package enum LogArchive {
  /// Makes the file; it is an error if there is one.
  /// - Throws: when the file cannot be written, or the snapshot has more records or texts than a log can hold.
  package static func write(_ snapshot: LogSnapshot, to path: String) throws(TraceLogError) {
    var names: Set<UInt32> = []
    for record in snapshot.records { names.insert(record.name) }
    let texts = Set(names.map { snapshot.strings[$0] }).union(snapshot.processes.map(\.name))
    let writer = try LogArchiveWriter(
      path: path, records: snapshot.records.count, textBytes: LogArchiveTexts.size(of: texts.map { $0.utf8.count }))
    var ids: [UInt32: UInt32] = [:]
    for var record in snapshot.records {
      let id = ids[record.name] ?? writer.intern(snapshot.strings[record.name])
      ids[record.name] = id
      record.name = id
      writer.append(record)
    }
    try writer.finish(snapshot)
  }

  // MARK: Parts

  static func header(_ snapshot: LogSnapshot, _ layout: Layout, textBytes: Int) -> [UInt8] {
    typealias Field = Layout.Header
    var bytes = [UInt8](repeating: 0, count: Layout.page)
    bytes.store(Layout.magic, at: Field.magic)
    bytes.store(Layout.version, at: Field.version)
    bytes.store(UInt32(Layout.recordSize), at: Field.recordSize)
    bytes.store(UInt32(layout.segmentCount), at: Field.segmentCount)
    bytes.store(UInt32(layout.recordsPerSegment), at: Field.recordsPerSegment)
    bytes.store(UInt64(layout.stringBytes), at: Field.stringBytes)
    bytes.store(snapshot.wallOffset, at: Field.wallOffset)
    bytes.store(snapshot.createdAt, at: Field.createdAt)
    bytes.store(UInt64(layout.segmentCount) + 1, at: Field.nextSequence)
    bytes.store(snapshot.completeSince, at: Field.completeSince)
    bytes.store(UInt64(clamping: snapshot.loss.overwritten), at: Field.overwritten)
    bytes.store(UInt64(textBytes), at: Field.stringCursor)
    bytes.store(UInt64(clamping: snapshot.loss.strings), at: Field.stringsRefused)
    bytes.store(UInt64((snapshot.processes.map(\.slot).max() ?? -1) + 1), at: Field.nextProcess)
    for (index, byte) in snapshot.runID.utf8.prefix(63).enumerated() { bytes[Field.runID + index] = byte }
    return bytes
  }

  static func processes(_ snapshot: LogSnapshot, id: (String) -> UInt32) -> [UInt8] {
    typealias Field = Layout.Process
    let slots = min(Layout.processSlots, (snapshot.processes.map(\.slot).max() ?? -1) + 1)
    var bytes = [UInt8](repeating: 0, count: max(0, slots) * 64)
    for process in snapshot.processes where (0..<Layout.processSlots).contains(process.slot) {
      let entry = process.slot * 64
      let state: ProcessState = process.fate == .died ? .died : .stopped
      bytes.store(state.rawValue, at: entry + Field.state)
      bytes.store(UInt32(bitPattern: process.identity.pid), at: entry + Field.pid)
      bytes.store(process.identity.startTicks, at: entry + Field.startTicks)
      bytes.store(id(process.name), at: entry + Field.name)
      bytes.store(UInt64(clamping: process.dropped), at: entry + Field.dropped)
      bytes.store(process.place?.code ?? 0, at: entry + Field.place)
      bytes.store(process.attachedAt, at: entry + Field.attachedAt)
    }
    return bytes
  }

  /// - Parameter counts: of records, by segment.
  /// - Returns: the table's bytes.
  static func table(_ counts: [Int]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: counts.count * 64)
    for (segment, count) in counts.enumerated() {
      bytes.store(LogArchiveWriter.tag(segment).rawValue, at: segment * 64 + Layout.Segment.tag)
      bytes.store(UInt64(count), at: segment * 64 + Layout.Segment.cursor)
    }
    return bytes
  }

  static func put(_ bytes: [UInt8], at offset: Int, _ descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { put($0, at: offset, descriptor) }
  }

  static func put(_ bytes: UnsafeRawBufferPointer, at offset: Int, _ descriptor: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }
}

extension [UInt8] {
  fileprivate mutating func store(_ value: some FixedWidthInteger & BitwiseCopyable, at offset: Int) {
    withUnsafeMutableBytes { $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: type(of: value)) }
  }
}
