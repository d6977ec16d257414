import CPlatform
import ChainModel
import Glibc

/// Reads one log, live or finished, without ever disturbing a writer. The file is not trusted: it is read with `pread`,
/// never mapped, and every number in it is checked before use.
final class LogPart {
  // `lseek`'s GNU extension (linux/fs.h), which Swift does not see.
  private static let seekData: Int32 = 3

  let source: LogSource
  let header: LogHeader
  private let descriptor: Int32
  /// Of what is followed, by segment.
  private var progress: [SegmentProgress]
  /// Published while the log was being read the last time: see `LogReader.catchUp`.
  private var later: [Record] = []
  private var gaps = SegmentProgress.Gaps()
  /// The texts that records have named so far.
  private var strings: [UInt32: String] = [:]
  /// By id: whether a record has named it.
  private var isKnown: [Bool]
  /// By slot, the processes that have stopped or died.
  private var over: [Int: LogProcess] = [:]
  /// Of the records read so far.
  private(set) var lastTime: UInt64 = 0

  init(_ source: LogSource) throws(TraceLogError) {
    let path = source.path
    // Without O_NONBLOCK, opening a FIFO waits for somebody to write into it.
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: String(cString: strerror(errno))) }
    do {
      header = try LogHeader(descriptor: descriptor, path: path)
    } catch {
      close(descriptor)
      throw error
    }
    self.source = source
    self.descriptor = descriptor
    progress = Array(repeating: SegmentProgress(), count: header.layout.segmentCount)
    isKnown = Array(repeating: false, count: header.layout.stringBytes / 8)
  }

  deinit {
    close(descriptor)
  }

  /// Begins anew.
  func rewind() {
    progress = Array(repeating: SegmentProgress(), count: header.layout.segmentCount)
    later = []
    gaps = SegmentProgress.Gaps()
  }

  /// See `LogReader.readNew`.
  func readNew() -> LogSnapshot { scan(isFollowed: true).snapshot }

  /// See `LogReader.scan`; with `isFollowed`, `LogReader.catchUp`.
  func scan(isFollowed: Bool) -> LogScan {
    let view = look()
    let end = view.isLive && view.takenAt != 0 ? view.takenAt : .max
    var findings = LogScan.Findings()
    let overview = survey(view, isFollowed: isFollowed, end: end, as: nil, &findings)
    return LogScan([LogScan.Source(part: self, reading: nil)], overview, findings, end: end)
  }

  /// The first pass of a scan.
  /// - Parameters:
  ///   - view: the log as it is now.
  ///   - isFollowed: whether only what is new since the last such pass is gone through, and the next goes on from here.
  ///   - end: later records are left to that.
  ///   - reading: how records are read as those of a log over several hosts; nil: as they are.
  ///   - findings: what is found is added to them.
  /// - Returns: everything but the records.
  func survey(
    _ view: View, isFollowed: Bool, end: UInt64, as reading: HostReading?, _ findings: inout LogScan.Findings
  ) -> LogSnapshot {
    var (gaps, pending) = (isFollowed ? self.gaps : SegmentProgress.Gaps(), 0)
    if isFollowed {
      findings.keep(later, as: reading, end: end)
      later.removeAll { (reading?.translated($0) ?? $0).time <= end }
    }
    let copy = SegmentCopy(capacity: header.layout.recordsPerSegment)
    for segment in 0..<header.layout.segmentCount {
      let (tag, _) = view.tables.segment(segment)
      var progress = isFollowed ? self.progress[segment] : SegmentProgress()
      var plan = LogScan.Plan(
        part: reading?.host ?? 0, index: segment, tag: tag, keepsStates: findings.states.count < LogScan.stateLimit)
      plan.begin = progress.sequence == tag.sequence ? progress.position : 0
      if let reading {
        gaps += read(segment, view, copy, &progress) { record, place in
          learn(record.pointee.name)
          lastTime = max(lastTime, record.pointee.time)
          var translated = reading.translated(record.pointee)
          findings.add(&translated, at: place, to: &plan, end: end)
          if isFollowed, translated.time > end { later.append(record.pointee) }
        }
      } else {
        gaps += read(segment, view, copy, &progress) { record, place in
          learn(record.pointee.name)
          findings.add(record, at: place, to: &plan, end: end)
          if isFollowed, record.pointee.time > end { later.append(record.pointee) }
        }
      }
      if isFollowed { self.progress[segment] = progress }
      pending += progress.unfilled.count
      (plan.end, plan.unfilled) = (progress.position, progress.unfilled)
      if plan.earliest <= end { findings.plans.append(plan) }
    }
    if isFollowed { self.gaps = gaps }
    if reading == nil { lastTime = max(lastTime, findings.lastTime) }
    var view = view
    if view.takenAt == 0 { view.takenAt = lastTime }
    return snapshot(view, [], gaps, pending: pending)
  }

  /// The file's tables and processes at one moment.
  struct View {
    /// 0: not known before the records are read.
    var takenAt: UInt64
    var fileSize: Int
    var tables: LogTables
    var processes: [Int: LogProcess]

    var isLive: Bool { processes.values.contains { $0.fate == .running } }
    func isAlive(_ owner: Int) -> Bool { processes[owner]?.fate == .running }
  }

  func look() -> View {
    // Of another host's log nothing is believed to be complete but what its keeper says: see `LogKeeper`.
    let takenAt = source.host == nil ? Monotonic.now() : lookedAt
    let fileSize = Int(lseek(descriptor, 0, SEEK_END))
    let tables = LogTables(layout: header.layout) { [self] offset, count in read(at: offset, count: count) }
    let processes = tables.processes(over: over, isAlive: source.isAlive) { [self] id in text(id) }
    for (slot, process) in processes where process.fate != .running { over[slot] = process }
    return View(takenAt: takenAt, fileSize: fileSize, tables: tables, processes: processes)
  }

  private var lookedAt: UInt64 { read(at: Layout.Header.lookedAt, count: 8).value(at: 0, UInt64.self) }

  /// For how long nothing has been written to the copy of another host's log whose keeper says how far it is, in
  /// nanoseconds; 0 for one that nobody continues.
  var silence: UInt64 {
    var information = stat()
    guard source.host != nil, source.isLive, lookedAt != 0, fstat(descriptor, &information) == 0 else { return 0 }
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let written = information.st_mtim
    let nanoseconds = (now.tv_sec - written.tv_sec) * 1_000_000_000 + now.tv_nsec - written.tv_nsec
    return UInt64(max(0, nanoseconds))
  }

  /// Everything but the records, as far as it is known before they are read.
  func overview(_ view: View) -> LogSnapshot {
    var view = view
    if view.takenAt == 0 { view.takenAt = lastTime }
    return snapshot(view, [], SegmentProgress.Gaps(), pending: 0)
  }

  private func snapshot(
    _ view: View, _ records: [Record], _ gaps: SegmentProgress.Gaps, pending: Int
  ) -> LogSnapshot {
    // Read last: who overwrites a segment says so here before it takes the segment.
    let head = read(at: 0, count: Layout.page) + [UInt8](repeating: 0, count: Layout.page)
    var loss = LogLoss()
    loss.overwritten = Int(clamping: head.value(at: Layout.Header.overwritten, UInt64.self))
    loss.strings = Int(clamping: head.value(at: Layout.Header.stringsRefused, UInt64.self))
    loss.textRoom = header.layout.textRoom(cursor: head.value(at: Layout.Header.stringCursor, UInt64.self))
    loss.dropped = view.processes.values.reduce(0) { $0 + $1.dropped }
    (loss.pending, loss.holes, loss.damaged) = (pending, gaps.holes, gaps.damaged)
    return LogSnapshot(
      runID: header.runID, wallOffset: header.wallOffset, createdAt: header.createdAt,
      completeSince: head.value(at: Layout.Header.completeSince, UInt64.self), takenAt: view.takenAt,
      processes: view.processes.values.sorted { $0.slot < $1.slot }, strings: LogStrings(strings), records: records,
      loss: loss)
  }

  // MARK: Tables

  /// An id is where its text stands, so that a text left unfinished by a dying process hides no other.
  func text(_ id: UInt32) -> String? {
    if let known = strings[id] { return known }
    let offset = Int(id) * 8
    guard id != 0, offset + 4 <= header.layout.stringBytes else { return nil }
    let start = header.layout.stringsOffset + offset
    let length = Int(read(at: start, count: 8).value(at: 0, UInt32.self))
    guard length > 0, length <= Layout.textLimit, offset + 4 + length <= header.layout.stringBytes else { return nil }
    let text = String(decoding: read(at: start + 4, count: length).prefix(length), as: UTF8.self)
    strings[id] = text
    return text
  }

  /// Reads the text that a record names, the first time.
  private func learn(_ name: UInt32) {
    guard Int(name) < isKnown.count, !isKnown[Int(name)] else { return }
    // A copy that grows may get its texts after its records.
    isKnown[Int(name)] = text(name) != nil || source.host == nil || !source.isLive
  }

  // MARK: Segments

  /// Takes what has been published in a segment since the last time.
  @inline(__always)
  private func read(
    _ segment: Int, _ view: View, _ copy: SegmentCopy, _ progress: inout SegmentProgress,
    take: (UnsafePointer<Record>, Int) -> Void
  ) -> SegmentProgress.Gaps {
    var gaps = SegmentProgress.Gaps()
    let (tag, cursor) = view.tables.segment(segment)
    guard tag.state == .open || tag.state == .closed else { return gaps }
    if progress.sequence != tag.sequence { progress = SegmentProgress(sequence: tag.sequence) }
    let used = Int(min(cursor, UInt64(header.layout.recordsPerSegment)))
    let inFile = (view.fileSize - header.layout.segmentOffset(segment)) / Layout.recordSize
    let present = max(progress.position, min(used, inFile))
    guard used > progress.first else { return gaps }
    let isAlive = view.isAlive(tag.owner)
    if fill(copy, segment, progress.first..<present, isAlive: isAlive) {
      // Whoever claims the segment changes its tag first: the same number afterwards means that nothing was overwritten.
      let current = currentTag(segment)
      guard current.sequence == tag.sequence else { return gaps }
      // A process that goes on where a dead one has left off fills what that one has not.
      if current.owner != tag.owner { _ = fill(copy, segment, progress.first..<present, isAlive: true) }
      gaps = progress.look(at: copy, tag: tag, to: present, isAlive: isAlive, take: take)
    } else if !isAlive {
      gaps.holes += progress.unfilled.count + present - progress.position
      progress = SegmentProgress(sequence: tag.sequence, position: present)
    }
    if progress.position == present, used > present {
      gaps.damaged += used - present
      progress.position = used
    }
    return gaps
  }

  /// Reads the records of a scanned segment once more; none where it has been overwritten since.
  /// - Returns: how many.
  func load(_ plan: LogScan.Plan, _ copy: SegmentCopy, into records: UnsafeMutablePointer<Record>) -> Int {
    // What was whole at the first pass is whole for good, unless the segment was taken for other records.
    guard fill(copy, plan.index, plan.begin..<plan.end, isAlive: false),
      currentTag(plan.index).sequence == plan.tag.sequence
    else { return 0 }
    let (known, lasting) = (KindSet.all, KindSet.lasting)
    var count = 0
    var unfilled = plan.unfilled.drop { $0 < plan.begin }
    for place in plan.begin..<plan.end {
      if let next = unfilled.first, Int(next) == place {
        unfilled.removeFirst()
        continue
      }
      guard let record = copy.record(at: place, word: plan.tag.word(at: place)) else { continue }
      let code = record.pointee.kindCode
      guard known.contains(code), !(plan.keepsStates && lasting.contains(code)) else { continue }
      (records + count).initialize(to: record.pointee)
      count += 1
    }
    return count
  }

  var recordsPerSegment: Int { header.layout.recordsPerSegment }

  /// False where the file has no bytes at all: a hostile one may claim gigabytes of them.
  private func fill(_ copy: SegmentCopy, _ segment: Int, _ places: Range<Int>, isAlive: Bool) -> Bool {
    let offset = header.layout.segmentOffset(segment) + places.lowerBound * Layout.recordSize
    let size = places.count * Layout.recordSize
    let data = lseek(descriptor, off_t(offset), Self.seekData)
    guard size > 0, data >= 0 ? data < offset + size : errno != ENXIO else { return false }
    copy.fill(places, isTwice: isAlive) { read(at: offset, into: $0) }
    return true
  }

  private func currentTag(_ segment: Int) -> SegmentTag {
    SegmentTag(
      rawValue: read(at: Layout.segmentTableOffset + segment * 64, count: 8).value(at: 0, UInt64.self))
  }

  /// At most `count` bytes; fewer where the file ends, zero-filled only to the 8 bytes a single number needs.
  private func read(at offset: Int, count: Int) -> [UInt8] {
    var bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      initialized = read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
    }
    while bytes.count < min(count, 8) { bytes.append(0) }
    return bytes
  }

  /// - Returns: how many bytes there were.
  private func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var total = 0
    while total < buffer.count {
      let result = pread(
        descriptor, buffer.baseAddress?.advanced(by: total), buffer.count - total, off_t(offset + total))
      if result < 0 && errno == EINTR { continue }
      guard result > 0 else { break }
      total += result
    }
    return total
  }
}
