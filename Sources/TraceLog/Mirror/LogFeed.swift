import Atomics
import CPlatform

/// Serves a log of this host to readers on others: says what a reader lacks of it. It keeps nothing of any reader, so that
/// feed and reader may both end at any instant and go on.
///
/// New records of a segment are given up to the first place that is not published: so a mirror never has to be told later
/// that there was a record after all. Behind a place that a dead process has left unfilled it goes on, since nobody will
/// fill that one any more.
package final class LogFeed {
  private let file: LogFile
  private let keeper: LogKeeper

  /// Maps a log of this host.
  /// - Throws: when the file is none, or not all of one.
  package init(path: String) throws(MirrorError) {
    do throws(TraceLogError) {
      file = try LogFile.openForReading(path: path)
      keeper = try LogKeeper(path: path)
    } catch {
      throw .log(error)
    }
  }

  private var createdAt: UInt64 { file.base.load(fromByteOffset: Layout.Header.createdAt, as: UInt64.self) }

  /// What a reader lacks.
  /// - Parameters:
  ///   - want: what it has.
  ///   - limit: about so many bytes at most, and a segment; it is told when that was not all.
  /// - Returns: that, to be written in its order.
  /// - Throws: when it has a part of another log.
  package func patches(for want: LogWant, limit: Int = 4 << 20) throws(MirrorError) -> LogPatches {
    guard want.createdAt == 0 || want.createdAt == createdAt else {
      throw .otherLog(found: createdAt, expected: want.createdAt)
    }
    keeper.look()
    let asOf = file.word(Layout.Header.lookedAt).load(ordering: .acquiring)
    var answer = LogPatches(layout: file.layout, createdAt: createdAt, asOf: asOf)
    // Looked at first: of a process that has stopped by now, the records below are the last.
    let states = ProcessStates(file)
    addSegments(to: &answer, for: want, limit: limit)
    // Copied last, and written first: so whatever records name is there, and a loss is said before the records are gone.
    let pages = pages(for: want, states)
    let most = max(1, limit / Layout.page)
    if pages.count > most {
      answer.progress = []
      answer.isMore = true
      answer.patches = Array(pages[..<most])
    } else {
      answer.patches = pages + answer.patches
    }
    return answer
  }

  // MARK: Pages

  private func pages(for want: LogWant, _ states: ProcessStates) -> [LogPatches.Patch] {
    let processes = file.word(Layout.Header.nextProcess).load(ordering: .acquiring)
    let strings = file.word(Layout.Header.stringCursor).load(ordering: .acquiring)
    return LogPages.offsets(file.layout, processes: processes, strings: strings).compactMap { offset in
      var bytes = [UInt8](UnsafeRawBufferPointer(start: file.base + offset, count: Layout.page))
      states.restore(&bytes, at: offset)
      let hash = LogPages.hash(bytes, at: offset)
      return want.pages[UInt32(offset / Layout.page)] == hash ? nil : LogPatches.Patch(offset: offset, bytes: bytes)
    }
  }

  /// Which processes had not stopped at one moment.
  private struct ProcessStates {
    /// By slot.
    private var isOver: [Bool]

    init(_ file: LogFile) {
      let count = min(
        file.word(Layout.Header.nextProcess).load(ordering: .acquiring), UInt64(Layout.processSlots))
      isOver = (0..<Int(count)).map { slot in
        let state = file.half(LogFile.process(slot, Layout.Process.state)).load(ordering: .acquiring)
        return Self.isOver(state)
      }
    }

    private static func isOver(_ state: UInt32) -> Bool {
      state == ProcessState.stopped.rawValue || state == ProcessState.died.rawValue
    }

    /// Takes back from a page what has ended since.
    func restore(_ page: inout [UInt8], at offset: Int) {
      guard (Layout.processesOffset..<Layout.segmentTableOffset).contains(offset) else { return }
      let first = (offset - Layout.processesOffset) / 64
      page.withUnsafeMutableBytes { page in
        for index in 0..<Layout.page / 64 {
          let (entry, slot) = (index * 64, first + index)
          let state = page.load(fromByteOffset: entry, as: UInt32.self)
          guard Self.isOver(state), slot >= isOver.count || !isOver[slot] else { continue }
          page.storeBytes(of: ProcessState.live.rawValue, toByteOffset: entry, as: UInt32.self)
          page.storeBytes(of: 0, toByteOffset: entry + Layout.Process.stoppedAt, as: UInt64.self)
        }
      }
    }
  }

  // MARK: Segments

  /// The oldest first, so that a reader that is late comes to all of them.
  private func addSegments(to answer: inout LogPatches, for want: LogWant, limit: Int) {
    var changed: [SegmentChange] = []
    for index in 0..<file.layout.segmentCount {
      let have = index < want.segments.count ? want.segments[index] : LogWant.Have()
      if let change = SegmentChange(file, index, since: have) { changed.append(change) }
    }
    changed.sort { $0.tag.sequence < $1.tag.sequence }
    var size = 0
    var held: Set<Int> = []
    for change in changed {
      guard size < limit else {
        answer.isMore = true
        return
      }
      // A thread's later records must not come before those that are held back: they may stand in a later segment.
      guard !held.contains(change.tag.owner) else { continue }
      if change.isHeldBack { held.insert(change.tag.owner) }
      guard let patches = change.patches(file) else { continue }
      answer.patches += patches
      answer.progress.append((change.index, change.after))
      size += patches.reduce(0) { $0 + $1.bytes.count }
    }
  }
}

/// What has become of one segment since a reader had it.
private struct SegmentChange {
  let index: Int
  let tag: SegmentTag
  /// What the reader has of it.
  private let before: LogWant.Have
  /// What it lacks: these places, then the entry.
  private let places: Range<Int>
  /// Whether a place is claimed and not published, and more may stand behind it.
  let isHeldBack: Bool
  private let cursor: UInt64
  private let closedAt: UInt64

  /// Nil when the reader has all.
  init?(_ file: LogFile, _ index: Int, since before: LogWant.Have) {
    self.index = index
    self.before = before
    tag = SegmentTag(rawValue: file.tag(index).load(ordering: .acquiring))
    let hasRecords = tag.state == .open || tag.state == .closed
    guard hasRecords || tag.state == .claiming else { return nil }
    let old = SegmentTag(rawValue: before.tag)
    let isSame = old.sequence == tag.sequence && old.owner == tag.owner && old.state != .claiming
    let count = file.cursor(index).load(ordering: .acquiring)
    let used = hasRecords ? Int(min(count, UInt64(file.layout.recordsPerSegment))) : 0
    let known = isSame ? min(Int(before.records), used) : 0
    var end = known
    while end < used, file.publishedTime(tag, index, end) != nil { end += 1 }
    if end < used, file.isDead(tag.owner) { end = used }
    places = known..<end
    isHeldBack = end < used
    // A place that is not there yet is not spoken of either.
    cursor = hasRecords && !isHeldBack ? count : UInt64(end)
    closedAt = file.closedAt(index).load(ordering: .acquiring)
    if before.tag == tag.rawValue, before.entry == after.entry, places.isEmpty, !isHeldBack { return nil }
  }

  var after: LogWant.Have {
    let words = [tag.rawValue, cursor, closedAt]
    return LogWant.Have(
      tag: tag.rawValue, records: UInt32(places.upperBound),
      entry: UInt32(truncatingIfNeeded: words.reduce(0, LogPages.mix)))
  }

  /// Nil when another process has taken the segment meanwhile: what was read is not what was meant.
  func patches(_ file: LogFile) -> [LogPatches.Patch]? {
    var patches: [LogPatches.Patch] = []
    let old = SegmentTag(rawValue: before.tag)
    let isNew = old.sequence != tag.sequence || old.state == .claiming
    // What readers of the mirror have of the old records is over before the new ones come.
    if isNew, before.tag != 0 { patches.append(entry(tag.with(.claiming), cursor: 0, closedAt: 0)) }
    let lacking = isNew && !hasTail(file) ? 0..<file.layout.recordsPerSegment : places
    if !lacking.isEmpty {
      let start = UnsafeRawPointer(file.record(index, lacking.lowerBound))
      patches.append(
        LogPatches.Patch(
          offset: start - UnsafeRawPointer(file.base),
          bytes: [UInt8](UnsafeRawBufferPointer(start: start, count: lacking.count * Layout.recordSize))))
    }
    chain_acquire_fence()
    let now = SegmentTag(rawValue: file.tag(index).load(ordering: .acquiring))
    guard now.sequence == tag.sequence, now.owner == tag.owner else { return nil }
    return patches + [entry(tag, cursor: cursor, closedAt: closedAt)]
  }

  /// Whether the reader's file has behind the new records what the log has there: nothing, or what is left of the records
  /// before them.
  private func hasTail(_ file: LogFile) -> Bool {
    let old = SegmentTag(rawValue: before.tag)
    let isWhole = before.records == file.layout.recordsPerSegment
    return (places.upperBound..<file.layout.recordsPerSegment).allSatisfy { place in
      let word = file.record(index, place).load(as: UInt64.self)
      return before.tag == 0 ? word == 0 : isWhole && word == old.word(at: place)
    }
  }

  private func entry(_ tag: SegmentTag, cursor: UInt64, closedAt: UInt64) -> LogPatches.Patch {
    var writer = MirrorWriter()
    for word in [tag.rawValue, cursor, closedAt] { writer.put(word) }
    return LogPatches.Patch(offset: Layout.segmentTableOffset + index * 64, bytes: writer.bytes)
  }
}
