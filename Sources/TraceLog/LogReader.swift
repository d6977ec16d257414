import CPlatform
import ChainModel
import Glibc

/// Reads a log, live or finished, without ever disturbing a writer. The file is not trusted: it is read with `pread`,
/// never mapped, and every number in it is checked before use.
package final class LogReader {
  // `lseek`'s GNU extension (linux/fs.h), which Swift does not see.
  private static let seekData: Int32 = 3

  private let descriptor: Int32
  private let header: LogHeader
  private var fileSize = 0
  /// For `readNew`, by segment.
  private var progress: [SegmentProgress]
  /// Published while the log was being read the last time: see `readNew`.
  private var later: [Record] = []
  private var holes = 0
  private var damaged = 0
  /// The texts that records have named so far.
  private var strings: [UInt32: String] = [:]

  package init(path: String) throws(TraceLogError) {
    // Without O_NONBLOCK, opening a FIFO waits for somebody to write into it.
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: String(cString: strerror(errno))) }
    do {
      header = try LogHeader(descriptor: descriptor, path: path)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    progress = Array(repeating: SegmentProgress(), count: header.layout.segmentCount)
  }

  deinit {
    close(descriptor)
  }

  /// The whole log as it is now.
  package func snapshot() throws(TraceLogError) -> LogSnapshot {
    progress = Array(repeating: SegmentProgress(), count: header.layout.segmentCount)
    later = []
    (holes, damaged) = (0, 0)
    return try readNew()
  }

  /// What has been published since the last call: `records` holds only the new ones, everything else is complete.
  /// A place that was claimed but not filled at the last call is looked at again. While processes write, records of after
  /// `takenAt` are kept for the next call: so nothing is given that depends on a record which is not.
  package func readNew() throws(TraceLogError) -> LogSnapshot {
    let takenAt = Monotonic.now()
    fileSize = Int(lseek(descriptor, 0, SEEK_END))
    let tables = LogTables(layout: header.layout, bytes: read(at: 0, count: header.layout.stringsOffset))
    let processes = tables.processes { [self] id in text(id) }
    var records = later
    for segment in 0..<header.layout.segmentCount {
      read(segment, tables: tables, processes: processes, into: &records)
    }
    resolveNames(of: records)
    records.sort(by: Record.precedes)
    let isLive = processes.values.contains { $0.fate == .running }
    let end = isLive ? records.lastIndex { $0.time <= takenAt }.map { $0 + 1 } ?? 0 : records.count
    later = Array(records[end...])
    records.removeSubrange(end...)
    // Read last: who overwrites a segment says so here before it takes the segment.
    let head = read(at: 0, count: Layout.page) + [UInt8](repeating: 0, count: Layout.page)
    return LogSnapshot(
      runID: header.runID, wallOffset: header.wallOffset, createdAt: header.createdAt,
      completeSince: head.value(at: Layout.Header.completeSince, UInt64.self), takenAt: takenAt,
      processes: processes.values.sorted { $0.slot < $1.slot }, strings: LogStrings(strings), records: records,
      loss: loss(head: head, processes: processes))
  }

  private func loss(head: [UInt8], processes: [Int: LogProcess]) -> LogLoss {
    var loss = LogLoss()
    loss.overwritten = Int(clamping: head.value(at: Layout.Header.overwritten, UInt64.self))
    loss.strings = Int(clamping: head.value(at: Layout.Header.stringsRefused, UInt64.self))
    loss.dropped = processes.values.reduce(0) { $0 + $1.dropped }
    loss.pending = progress.reduce(0) { $0 + $1.unfilled.count }
    loss.holes = holes
    loss.damaged = damaged
    return loss
  }

  // MARK: Tables

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

  private func read(_ segment: Int, tables: LogTables, processes: [Int: LogProcess], into records: inout [Record]) {
    let (tag, cursor) = tables.segment(segment)
    guard tag.state == .open || tag.state == .closed else { return }
    if progress[segment].sequence != tag.sequence { progress[segment] = SegmentProgress(sequence: tag.sequence) }
    let seen = progress[segment]
    let used = Int(min(cursor, UInt64(header.layout.recordsPerSegment)))
    let present = max(seen.position, min(used, (fileSize - header.layout.segmentOffset(segment)) / Layout.recordSize))
    guard used > seen.first else { return }
    let isAlive = processes[tag.owner]?.fate == .running
    if let copy = copy(of: segment, places: seen.first..<present, isAlive: isAlive) {
      // Whoever claims the segment changes its tag first: the same tag afterwards means that nothing was overwritten.
      guard currentTag(segment).sequence == tag.sequence else { return }
      let found = progress[segment].look(at: copy, tag: tag, to: present, isAlive: isAlive)
      records += found.records
      holes += found.holes
      damaged += found.damaged
    } else if !isAlive {
      holes += seen.unfilled.count + present - seen.position
      progress[segment] = SegmentProgress(sequence: tag.sequence, position: present)
    }
    if progress[segment].position == present, used > present {
      damaged += used - present
      progress[segment].position = used
    }
  }

  /// Nil where the file has no bytes at all: a hostile one may claim gigabytes of them.
  private func copy(of segment: Int, places: Range<Int>, isAlive: Bool) -> SegmentCopy? {
    let offset = header.layout.segmentOffset(segment) + places.lowerBound * Layout.recordSize
    let size = places.count * Layout.recordSize
    let data = lseek(descriptor, off_t(offset), Self.seekData)
    guard size > 0, data >= 0 ? data < offset + size : errno != ENXIO else { return nil }
    let words = read(at: offset, count: size)
    guard isAlive else { return SegmentCopy(first: places.lowerBound, words: words, records: words) }
    // A record whose word was there before the second copy began is whole in that one.
    chain_acquire_fence()
    return SegmentCopy(first: places.lowerBound, words: words, records: read(at: offset, count: size))
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
