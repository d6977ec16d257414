import CPlatform
import Glibc

/// Writes a snapshot as a log file of its own, for logs that no process wrote live: imported ones and parts of others.
/// It reads back as the same snapshot, but for records' words, which are numbered anew, and for processes that ran when
/// it was taken, which are stopped: nobody writes to such a file any more.
package enum LogArchive {
  private static let recordsPerSegment = 32_768

  /// Makes the file; it is an error if there is one.
  /// - Throws: when the file cannot be written, or the snapshot has more records or texts than a log can hold.
  package static func write(_ snapshot: LogSnapshot, to path: String) throws(TraceLogError) {
    var texts = Texts()
    for process in snapshot.processes { texts.add(process.name) }
    var ids: [UInt32: UInt32] = [:]
    for record in snapshot.records where ids[record.name] == nil {
      ids[record.name] = texts.add(snapshot.strings[record.name])
    }
    let segments = max(1, (snapshot.records.count + recordsPerSegment - 1) / recordsPerSegment)
    guard
      let layout = Layout(
        untrusted: UInt32(clamping: segments), UInt32(recordsPerSegment), UInt64(texts.size(pages: Layout.page)))
    else {
      throw .cannotCreate(path: path, reason: "a log cannot hold \(snapshot.records.count) records with their texts")
    }
    let descriptor = chain_open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .cannotCreate(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    let isWritten =
      ftruncate(descriptor, off_t(layout.fileSize)) == 0
      && put(header(snapshot, layout, texts), at: 0, descriptor)
      && put(processes(snapshot, texts), at: Layout.processesOffset, descriptor)
      && put(table(snapshot, layout), at: Layout.segmentTableOffset, descriptor)
      && put(texts.bytes, at: layout.stringsOffset, descriptor)
      && putRecords(snapshot, layout, ids, descriptor)
    guard isWritten else {
      let reason = String(cString: strerror(errno))
      unlink(path)
      throw .cannotCreate(path: path, reason: reason)
    }
  }

  // MARK: Parts

  private static func header(_ snapshot: LogSnapshot, _ layout: Layout, _ texts: Texts) -> [UInt8] {
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
    bytes.store(UInt64(texts.bytes.count), at: Field.stringCursor)
    bytes.store(UInt64(clamping: snapshot.loss.strings), at: Field.stringsRefused)
    bytes.store(UInt64((snapshot.processes.map(\.slot).max() ?? -1) + 1), at: Field.nextProcess)
    for (index, byte) in snapshot.runID.utf8.prefix(63).enumerated() { bytes[Field.runID + index] = byte }
    return bytes
  }

  private static func processes(_ snapshot: LogSnapshot, _ texts: Texts) -> [UInt8] {
    typealias Field = Layout.Process
    let slots = min(Layout.processSlots, (snapshot.processes.map(\.slot).max() ?? -1) + 1)
    var bytes = [UInt8](repeating: 0, count: max(0, slots) * 64)
    for process in snapshot.processes where (0..<Layout.processSlots).contains(process.slot) {
      let entry = process.slot * 64
      // One that died reads as live and gone. A start time of zero would make any process with its pid be taken for it.
      let state: ProcessState = process.fate == .died ? .live : .stopped
      bytes.store(state.rawValue, at: entry + Field.state)
      bytes.store(UInt32(bitPattern: process.identity.pid), at: entry + Field.pid)
      bytes.store(max(1, process.identity.startTicks), at: entry + Field.startTicks)
      bytes.store(texts.id(process.name), at: entry + Field.name)
      bytes.store(UInt64(clamping: process.dropped), at: entry + Field.dropped)
      bytes.store(process.attachedAt, at: entry + Field.attachedAt)
    }
    return bytes
  }

  private static func table(_ snapshot: LogSnapshot, _ layout: Layout) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: layout.segmentCount * 64)
    for segment in 0..<layout.segmentCount {
      let count = min(max(0, snapshot.records.count - segment * recordsPerSegment), recordsPerSegment)
      bytes.store(tag(segment).rawValue, at: segment * 64 + Layout.Segment.tag)
      bytes.store(UInt64(count), at: segment * 64 + Layout.Segment.cursor)
    }
    return bytes
  }

  private static func tag(_ segment: Int) -> SegmentTag {
    SegmentTag(sequence: UInt64(segment) + 1, owner: 0, state: .closed)
  }

  private static func putRecords(
    _ snapshot: LogSnapshot, _ layout: Layout, _ ids: [UInt32: UInt32], _ descriptor: Int32
  ) -> Bool {
    let records = snapshot.records
    for segment in 0..<layout.segmentCount {
      let first = segment * recordsPerSegment
      guard first < records.count else { return true }
      let part = records[first..<min(first + recordsPerSegment, records.count)].enumerated().map { position, record in
        var record = record
        record.word = tag(segment).word(at: position)
        record.name = ids[record.name] ?? 0
        return record
      }
      let isWritten = part.withUnsafeBytes { put($0, at: layout.segmentOffset(segment), descriptor) }
      guard isWritten else { return false }
    }
    return true
  }

  private static func put(_ bytes: [UInt8], at offset: Int, _ descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { put($0, at: offset, descriptor) }
  }

  private static func put(_ bytes: UnsafeRawBufferPointer, at offset: Int, _ descriptor: Int32) -> Bool {
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

  /// The string table as it is built; an id is a text's place in it.
  private struct Texts {
    private(set) var bytes = [UInt8](repeating: 0, count: 8)  // id 0 stays the empty text
    private var ids: [String: UInt32] = [:]

    @discardableResult
    mutating func add(_ text: String) -> UInt32 {
      if text.isEmpty { return 0 }
      if let id = ids[text] { return id }
      let id = UInt32(clamping: bytes.count / 8)
      ids[text] = id
      let content = Array(CutText.fit(text, to: Layout.textLimit).utf8)
      for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: content.count >> shift)) }
      bytes += content
      while bytes.count % 8 != 0 { bytes.append(0) }
      return id
    }

    func id(_ text: String) -> UInt32 { ids[text] ?? 0 }

    /// With as much again of free room, of which the file has no bytes: such a log is not about to be full.
    func size(pages: Int) -> Int { (2 * bytes.count + pages - 1) / pages * pages }
  }
}

extension [UInt8] {
  fileprivate mutating func store(_ value: some FixedWidthInteger & BitwiseCopyable, at offset: Int) {
    withUnsafeMutableBytes { $0.storeBytes(of: value.littleEndian, toByteOffset: offset, as: type(of: value)) }
  }
}
