import ChainModel
import Glibc

/// Reads a log, live or finished, without ever disturbing a writer. The file is not trusted: it is read with `pread`,
/// never mapped, and every number in it is checked before use.
package final class LogReader {
  private let descriptor: Int32
  private let path: String
  private let header: LogHeader
  /// Per segment: the sequence last seen and how many of its places have been read. For `readNew`.
  private var progress: [(sequence: UInt64, position: Int)]
  /// The texts that records have named so far.
  private var strings: [UInt32: String] = [:]

  package init(path: String) throws(TraceLogError) {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: String(cString: strerror(errno))) }
    do {
      header = try LogHeader(descriptor: descriptor, path: path)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    self.path = path
    progress = Array(repeating: (0, 0), count: header.layout.segmentCount)
  }

  deinit {
    close(descriptor)
  }

  /// The whole log as it is now.
  package func snapshot() throws(TraceLogError) -> LogSnapshot {
    progress = Array(repeating: (0, 0), count: header.layout.segmentCount)
    return try readNew()
  }

  /// What has been published since the last call: `records` holds only the new ones, everything else is complete.
  /// A place that was claimed but not filled at the last call is looked at again.
  package func readNew() throws(TraceLogError) -> LogSnapshot {
    let takenAt = Monotonic.now()
    var loss = LogLoss()
    let tables = readTables()
    let processes = tables.processes { [self] id in text(id) }
    var records: [Record] = []
    for segment in 0..<header.layout.segmentCount {
      read(segment, tables: tables, processes: processes, into: &records, &loss)
    }
    resolveNames(of: records)
    records.sort(by: Record.precedes)
    let head = Array(tables.bytes[..<Layout.page])
    loss.overwritten = Int(clamping: head.value(at: Layout.Header.overwritten, UInt64.self))
    loss.strings = Int(clamping: head.value(at: Layout.Header.stringsRefused, UInt64.self))
    loss.dropped = processes.values.reduce(0) { $0 &+ $1.dropped }
    return LogSnapshot(
      runID: header.runID, wallOffset: header.wallOffset, createdAt: header.createdAt,
      completeSince: head.value(at: Layout.Header.completeSince, UInt64.self), takenAt: takenAt,
      processes: processes.values.sorted { $0.slot < $1.slot }, strings: LogStrings(strings), records: records,
      loss: loss)
  }

  // MARK: Tables

  private func readTables() -> LogTables {
    LogTables(layout: header.layout, bytes: read(at: 0, count: header.layout.stringsOffset))
  }

  /// An id is where its text stands, so that a text left unfinished by a dying process hides no other.
  private func text(_ id: UInt32) -> String? {
    if let known = strings[id] { return known }
    let offset = Int(id) * 8
    guard id != 0, offset + 4 <= header.layout.stringBytes else { return nil }
    let start = header.layout.stringsOffset + offset
    let length = Int(read(at: start, count: 8).value(at: 0, UInt32.self))
    guard length > 0, length <= 1024, offset + 4 + length <= header.layout.stringBytes else { return nil }
    let text = String(decoding: read(at: start + 4, count: length).prefix(length), as: UTF8.self)
    strings[id] = text
    return text
  }

  private func resolveNames(of records: [Record]) {
    var last: UInt32 = 0
    for record in records where record.name != last {
      last = record.name
      if strings[last] == nil, text(last) == nil { strings[last] = "" }
    }
  }

  // MARK: Segments

  private func read(
    _ segment: Int, tables: LogTables, processes: [Int: LogProcess], into records: inout [Record], _ loss: inout LogLoss
  ) {
    let (tag, cursor) = tables.segment(segment)
    guard tag.state == .open || tag.state == .closed else { return }
    let used = Int(min(cursor, UInt64(header.layout.recordsPerSegment)))
    var seen = progress[segment]
    if seen.sequence != tag.sequence { seen = (tag.sequence, 0) }
    guard used > seen.position else {
      progress[segment] = seen
      return
    }
    let offset = header.layout.segmentOffset(segment) + seen.position * Layout.recordSize
    let wanted = (used - seen.position) * Layout.recordSize
    let bytes = read(at: offset, count: wanted)
    // Whoever claims the segment changes its tag first: the same tag afterwards means that nothing was overwritten.
    guard currentTag(segment).sequence == tag.sequence else { return }
    if bytes.count < wanted { loss.damaged += (wanted - bytes.count + Layout.recordSize - 1) / Layout.recordSize }
    let alive = processes[tag.owner]?.fate == .running
    var complete = true
    bytes.withUnsafeBytes { raw in
      for place in 0..<(raw.count / Layout.recordSize) {
        let word = raw.loadUnaligned(fromByteOffset: place * Layout.recordSize, as: UInt64.self)
        if word == tag.word(at: seen.position) {
          let record = raw.loadUnaligned(fromByteOffset: place * Layout.recordSize, as: Record.self)
          if record.kind == nil { loss.damaged += 1 } else { records.append(record) }
        } else if alive {
          loss.pending += 1
          complete = false
          break
        } else {
          loss.holes += 1
        }
        seen.position += 1
      }
    }
    progress[segment] = complete ? (seen.sequence, max(seen.position, used)) : seen
  }

  private func currentTag(_ segment: Int) -> SegmentTag {
    SegmentTag(
      rawValue: read(at: Layout.segmentTableOffset + segment * 64, count: 8).value(at: 0, UInt64.self))
  }

  /// At most `count` bytes; fewer where the file ends, zero-filled only to the 8 bytes a single number needs.
  private func read(at offset: Int, count: Int) -> [UInt8] {
    var total = 0
    var bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while total < count {
        let result = pread(descriptor, buffer.baseAddress?.advanced(by: total), count - total, off_t(offset + total))
        if result < 0 && errno == EINTR { continue }
        guard result > 0 else { break }
        total += result
      }
      initialized = total
    }
    while bytes.count < min(count, 8) { bytes.append(0) }
    return bytes
  }
}
