import Atomics
import CPlatform
import ChainModel
import Synchronization

/// Claims segments for one process, and keeps a few ready whose memory is already touched, since a first touch on the
/// request path costs up to 10 µs.
///
/// A stream begins where a dead process has left off, in what that one has not used of its last segment: so processes
/// that are started again and again take no more room than what they write. Only its first segment may be such a one,
/// since a stream's segments must have rising numbers.
///
/// Otherwise a segment that holds nothing comes first, then the one whose newest record is the oldest: so the log is
/// complete for as long as it can be, and of a stream's segments the earlier goes before the later. In any other order a
/// wait would be left in the log whose end is lost.
final class SegmentClaims: Sendable {
  private let file: LogFile
  private let slot: Int
  private let ready = Mutex<[SegmentTag.Claim]>([])
  /// One claim at a time, so that segments are used in the order of their numbers: a thread's records only grow.
  private let claiming: Mutex<FreeSegments>

  static let readyCount = 2

  init(file: LogFile, slot: Int) {
    self.file = file
    self.slot = slot
    claiming = Mutex(FreeSegments(file: file, slot: slot))
  }

  /// For a stream that needs a segment now, its first or a further one.
  func take(isFirst: Bool) -> SegmentTag.Claim? {
    if isFirst, let left = claiming.withLock({ adopt(of: $0) }) { return left }
    return nextReady() ?? claiming.withLock { nextReady() ?? claim(of: &$0) }
  }

  private func nextReady() -> SegmentTag.Claim? { ready.withLock { $0.isEmpty ? nil : $0.removeFirst() } }

  /// For the writer's helper thread.
  func refill() {
    while ready.withLock({ $0.count }) < Self.readyCount, addReady() {}
  }

  private func addReady() -> Bool {
    claiming.withLock { free in
      guard let claim = claim(of: &free) else { return false }
      ready.withLock { $0.append(claim) }
      return true
    }
  }

  func giveBack() {
    for claim in ready.withLock({ claims in
      defer { claims = [] }
      return claims
    }) {
      file.tag(claim.index).store(
        SegmentTag(sequence: claim.sequence, owner: slot, state: .closed).rawValue, ordering: .releasing)
    }
  }

  /// Goes on in a segment of a dead process.
  private func adopt(of free: FreeSegments) -> SegmentTag.Claim? {
    for (index, old) in free.leftWithRoom() {
      guard chain_populate(file.record(index, 0), file.layout.segmentBytes) == 0 else { return nil }
      let mine = SegmentTag(sequence: old.sequence, owner: slot, state: .open)
      guard
        file.tag(index).compareExchange(
          expected: old.rawValue, desired: mine.rawValue, ordering: .acquiringAndReleasing
        ).exchanged
      else { continue }
      markHoles(mine, index)
      return SegmentTag.Claim(sequence: mine.sequence, index: index)
    }
    return nil
  }

  /// What the dead one has claimed and not filled would look as if a living process were about to fill it.
  private func markHoles(_ tag: SegmentTag, _ index: Int) {
    for position in 0..<file.used(index) where file.publishedTime(tag, index, position) == nil {
      var hole = Record(kind: .dropped, time: Monotonic.now())
      hole.kindCode = Record.holeCode
      file.write(hole, slot: slot, at: file.record(index, position), word: tag.word(at: position))
    }
  }

  private func claim(of free: inout FreeSegments) -> SegmentTag.Claim? {
    while let (index, old) = free.next() {
      // A full file system is met here, as an error; at the first write it would be a SIGBUS.
      guard chain_populate(file.record(index, 0), file.layout.segmentBytes) == 0 else {
        guard old.state == .free else { return nil }
        free.skipUnused()
        continue
      }
      guard let lost = announceLoss(of: old, index: index) else { continue }
      let sequence = file.word(Layout.Header.nextSequence).loadThenWrappingIncrement(ordering: .relaxed)
      let mine = SegmentTag(sequence: sequence, owner: slot, state: .claiming)
      guard
        file.tag(index).compareExchange(
          expected: old.rawValue, desired: mine.rawValue, ordering: .acquiringAndReleasing
        ).exchanged
      else {
        file.word(Layout.Header.overwritten).wrappingDecrement(by: lost, ordering: .relaxed)
        continue
      }
      file.closedAt(index).store(0, ordering: .relaxed)
      // Whoever finds a place by the new cursor finds the new tag: see `TraceStream.append`.
      file.cursor(index).store(0, ordering: .releasing)
      file.tag(index).store(mine.with(.open).rawValue, ordering: .releasing)
      return SegmentTag.Claim(sequence: sequence, index: index)
    }
    return nil
  }

  /// Moves "complete since" past the newest record that is about to be overwritten, and counts them. It comes before the
  /// claim, so that a reader who finds the segment gone, or whoever looks after a crash at this point, finds it said.
  /// - Returns: how many; nil if another process has taken the segment meanwhile.
  private func announceLoss(of tag: SegmentTag, index: Int) -> UInt64? {
    var newest: UInt64 = 0
    var lost: UInt64 = 0
    for position in 0..<file.used(index) {
      guard let time = file.publishedTime(tag, index, position) else { continue }
      let code = file.record(index, position).load(fromByteOffset: 54, as: UInt8.self)
      if code == Record.voidCode || code == Record.holeCode { continue }
      newest = max(newest, time)
      lost += 1
    }
    // The next owner may have written into what was just read.
    chain_acquire_fence()
    guard file.tag(index).load(ordering: .acquiring) == tag.rawValue else { return nil }
    guard lost > 0 else { return 0 }
    file.word(Layout.Header.overwritten).wrappingIncrement(by: lost, ordering: .relaxed)
    let since = file.word(Layout.Header.completeSince)
    var seen = since.load(ordering: .relaxed)
    while seen <= newest {
      let (exchanged, original) = since.compareExchange(
        expected: seen, desired: max(newest, newest &+ 1), ordering: .acquiringAndReleasing)
      if exchanged { break }
      seen = original
    }
    return lost
  }
}
