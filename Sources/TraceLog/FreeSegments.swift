import Atomics
import ChainModel

/// The segments that may be claimed, best first. The table is looked through once for many claims: a segment that is
/// closed in the meantime holds newer records than all that are already known.
struct FreeSegments: Sendable {
  private struct Candidate {
    var index: Int
    var tag: SegmentTag
    /// When its newest record was written; 0 if it was never used.
    var lastWritten: UInt64
  }

  private let file: LogFile
  private let slot: Int
  private var candidates: ArraySlice<Candidate> = []
  /// Not to be claimed as long as there are others, oldest first.
  private var waiting: [Candidate] = []
  /// Until then no page is asked for that the file does not have yet.
  private var noSpaceUntil: UInt64 = 0

  /// How many unused segments are remembered: other processes take them as well.
  private static let unusedCount = 32
  private static let attempts = 10
  private static let retryAfter: UInt64 = 1_000_000_000

  init(file: LogFile, slot: Int) {
    self.file = file
    self.slot = slot
  }

  /// The best one, as it was found; it can have been claimed by another process since. Nil when there is none.
  mutating func next() -> (index: Int, tag: SegmentTag)? {
    if let known = nextKnown() { return known }
    // Other processes may take all that was found before this thread gets to it.
    for _ in 0..<Self.attempts {
      candidates = find()
      if candidates.isEmpty { return nil }
      if let known = nextKnown() { return known }
    }
    return nil
  }

  private mutating func nextKnown() -> (index: Int, tag: SegmentTag)? {
    if let first = waiting.first, isReady(first) || !isUnchanged(first) {
      candidates = waiting[...] + candidates
      waiting = []
    }
    while let candidate = candidates.popFirst() {
      guard isUnchanged(candidate) else { continue }
      // Behind one that a thread may still be writing into, all of its process have to wait: they hold what comes after.
      guard waiting.contains(where: { $0.tag.owner == candidate.tag.owner }) || !isReady(candidate) else {
        return (candidate.index, candidate.tag)
      }
      waiting.append(candidate)
    }
    // Nothing else is left.
    while let place = waiting.firstIndex(where: isReady) {
      let candidate = waiting.remove(at: place)
      if isUnchanged(candidate) { return (candidate.index, candidate.tag) }
    }
    waiting = []
    return nil
  }

  private func isUnchanged(_ candidate: Candidate) -> Bool {
    file.tag(candidate.index).load(ordering: .acquiring) == candidate.tag.rawValue
  }

  private func isReady(_ candidate: Candidate) -> Bool {
    candidate.tag.state != .closed || file.allPublished(candidate.tag, candidate.index)
      || file.isDead(candidate.tag.owner)
  }

  /// The file system is full: for a while, the log wraps in the segments that it has.
  mutating func skipUnused() {
    noSpaceUntil = Monotonic.now() &+ Self.retryAfter
    candidates = candidates.filter { $0.tag.state != .free }[...]
  }

  /// The segments of dead processes that have room left, with their tags.
  func leftWithRoom() -> [(index: Int, tag: SegmentTag)] {
    var dead = Dead(file: file, slot: slot)
    var left: [(index: Int, tag: SegmentTag)] = []
    for index in 0..<file.layout.segmentCount {
      let tag = SegmentTag(rawValue: file.tag(index).load(ordering: .acquiring))
      guard tag.state == .open, file.used(index) < file.layout.recordsPerSegment, dead.contains(tag.owner) else {
        continue
      }
      left.append((index, tag))
    }
    return left
  }

  /// The processes that are gone, each looked up once.
  private struct Dead {
    let file: LogFile
    let slot: Int
    private var known: [Int: Bool] = [:]

    init(file: LogFile, slot: Int) {
      self.file = file
      self.slot = slot
    }

    mutating func contains(_ owner: Int) -> Bool {
      guard owner != slot else { return false }
      if let isDead = known[owner] { return isDead }
      let isDead = file.isDead(owner)
      known[owner] = isDead
      return isDead
    }
  }

  private func find() -> ArraySlice<Candidate> {
    let now = Monotonic.now()
    let isFull = now < noSpaceUntil
    var dead = Dead(file: file, slot: slot)
    /// Nothing is lost with them; those that have memory already come first.
    var empty: [Candidate] = []
    var unused: [Candidate] = []
    var used: [Candidate] = []
    var left: [Candidate] = []
    for index in 0..<file.layout.segmentCount {
      let tag = SegmentTag(rawValue: file.tag(index).load(ordering: .acquiring))
      var candidate = Candidate(index: index, tag: tag, lastWritten: 0)
      switch tag.state {
      case .free: if !isFull, unused.count < Self.unusedCount { unused.append(candidate) }
      case .closed where file.used(index) == 0: empty.append(candidate)
      case .closed:
        candidate.lastWritten = file.closedAt(index).load(ordering: .relaxed)
        // Of one that was closed since, an earlier one of the same stream may have been passed while it was still open.
        if candidate.lastWritten < now { used.append(candidate) }
      case .open, .claiming:
        // Left behind, if its owner is dead.
        guard dead.contains(tag.owner) else { continue }
        guard tag.state == .open, file.used(index) > 0 else {
          empty.append(candidate)
          continue
        }
        candidate.lastWritten = file.lastWritten(tag, index)
        left.append(candidate)
      }
    }
    empty += unused
    guard empty.isEmpty else { return empty[...] }
    used += Self.ranked(left, behind: used)
    return used.sorted { ($0.lastWritten, $0.tag.sequence) < ($1.lastWritten, $1.tag.sequence) }[...]
  }

  /// What the dead have left open follows all that they have closed: a record may bear an earlier time than the closing
  /// of the segment before its own, if its thread was slow.
  private static func ranked(_ left: [Candidate], behind closed: [Candidate]) -> [Candidate] {
    guard !left.isEmpty else { return [] }
    var newest: [Int: UInt64] = [:]
    for candidate in closed {
      newest[candidate.tag.owner] = max(newest[candidate.tag.owner] ?? 0, candidate.lastWritten)
    }
    return left.sorted { $0.tag.sequence < $1.tag.sequence }.map { candidate in
      var candidate = candidate
      candidate.lastWritten = max(candidate.lastWritten, newest[candidate.tag.owner] ?? 0)
      newest[candidate.tag.owner] = candidate.lastWritten
      return candidate
    }
  }
}

extension LogFile {
  /// A process that has said that it stops is not gone yet: its threads may still be writing.
  func isDead(_ owner: Int) -> Bool {
    guard half(Self.process(owner, Layout.Process.state)).load(ordering: .acquiring) != ProcessState.free.rawValue
    else { return true }
    let pid = half(Self.process(owner, Layout.Process.pid)).load(ordering: .relaxed)
    let ticks = word(Self.process(owner, Layout.Process.startTicks)).load(ordering: .relaxed)
    return !ProcessIdentity(pid: Int32(truncatingIfNeeded: pid), startTicks: ticks).isAlive
  }

  /// How many places of a segment have been claimed.
  func used(_ segment: Int) -> Int {
    Int(min(cursor(segment).load(ordering: .relaxed), UInt64(layout.recordsPerSegment)))
  }

  /// The time of a record, if it has been published.
  func publishedTime(_ tag: SegmentTag, _ segment: Int, _ position: Int) -> UInt64? {
    let place = record(segment, position)
    guard place.load(as: UInt64.self) == tag.word(at: position) else { return nil }
    return place.load(fromByteOffset: 8, as: UInt64.self)
  }

  fileprivate func allPublished(_ tag: SegmentTag, _ segment: Int) -> Bool {
    (0..<used(segment)).allSatisfy { self.publishedTime(tag, segment, $0) != nil }
  }

  fileprivate func lastWritten(_ tag: SegmentTag, _ segment: Int) -> UInt64 {
    (0..<used(segment)).reversed().lazy.compactMap { self.publishedTime(tag, segment, $0) }.first ?? 0
  }
}
