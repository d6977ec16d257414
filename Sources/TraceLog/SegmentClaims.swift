import Atomics
import CPlatform
import Synchronization

/// Claims segments for one process, oldest first, and keeps a few ready whose memory is already touched, since a first
/// touch on the request path costs up to 10 µs.
final class SegmentClaims: Sendable {
  private let file: LogFile
  private let slot: Int
  private let ready = Mutex<[SegmentTag.Claim]>([])
  /// One claim at a time, so that segments are used in the order of their numbers: a thread's records only grow.
  private let claiming = Mutex(())

  static let readyCount = 2

  init(file: LogFile, slot: Int) {
    self.file = file
    self.slot = slot
  }

  /// For a stream that needs a segment now.
  func take() -> SegmentTag.Claim? {
    nextReady() ?? claiming.withLock { _ in nextReady() ?? claim() }
  }

  private func nextReady() -> SegmentTag.Claim? { ready.withLock { $0.isEmpty ? nil : $0.removeFirst() } }

  /// For the writer's helper thread.
  func refill() {
    while ready.withLock({ $0.count }) < Self.readyCount, addReady() {}
  }

  private func addReady() -> Bool {
    claiming.withLock { _ in
      guard let claim = claim() else { return false }
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

  private func claim() -> SegmentTag.Claim? {
    let count = file.layout.segmentCount
    let sequence = file.word(Layout.Header.nextSequence).loadThenWrappingIncrement(ordering: .relaxed)
    for step in 0..<count {
      let index = Int((sequence &+ UInt64(step)) % UInt64(count))
      let old = SegmentTag(rawValue: file.tag(index).load(ordering: .acquiring))
      guard isFree(old, index: index) else { continue }
      guard reserve(index) else { return nil }
      let lost = announceLoss(of: old, index: index)
      let mine = SegmentTag(sequence: sequence, owner: slot, state: .claiming)
      guard
        file.tag(index).compareExchange(
          expected: old.rawValue, desired: mine.rawValue, ordering: .acquiringAndReleasing
        ).exchanged
      else {
        file.word(Layout.Header.overwritten).wrappingDecrement(by: lost, ordering: .relaxed)
        continue
      }
      file.cursor(index).store(0, ordering: .relaxed)
      file.tag(index).store(mine.with(.open).rawValue, ordering: .releasing)
      return SegmentTag.Claim(sequence: sequence, index: index)
    }
    return nil
  }

  /// A full file system is met here, as an error; at the first write it would be a SIGBUS.
  private func reserve(_ index: Int) -> Bool {
    chain_populate(file.record(index, 0), file.layout.segmentBytes) == 0
  }

  /// Free: never used; closed with every record published; or left behind by a process that is dead.
  private func isFree(_ tag: SegmentTag, index: Int) -> Bool {
    switch tag.state {
    case .free: true
    case .closed: allPublished(tag, index: index) || isDead(tag.owner)
    case .open, .claiming: tag.owner != slot && isDead(tag.owner)
    }
  }

  private func allPublished(_ tag: SegmentTag, index: Int) -> Bool {
    (0..<used(index)).allSatisfy { position in
      file.record(index, position).load(as: UInt64.self) == tag.word(at: position)
    }
  }

  private func used(_ index: Int) -> Int {
    Int(min(file.cursor(index).load(ordering: .relaxed), UInt64(file.layout.recordsPerSegment)))
  }

  /// A process that has said that it stops is not gone yet: its threads may still be writing.
  private func isDead(_ owner: Int) -> Bool {
    guard
      file.half(LogFile.process(owner, Layout.Process.state)).load(ordering: .acquiring) != ProcessState.free.rawValue
    else { return true }
    let pid = file.half(LogFile.process(owner, Layout.Process.pid)).load(ordering: .relaxed)
    let ticks = file.word(LogFile.process(owner, Layout.Process.startTicks)).load(ordering: .relaxed)
    return !ProcessIdentity(pid: Int32(truncatingIfNeeded: pid), startTicks: ticks).isAlive
  }

  /// Moves "complete since" past the newest record that is about to be overwritten, and counts them. It comes before the
  /// claim, so that a reader who finds the segment gone, or whoever looks after a crash at this point, finds it said.
  private func announceLoss(of tag: SegmentTag, index: Int) -> UInt64 {
    var newest: UInt64 = 0
    var lost: UInt64 = 0
    for position in 0..<used(index) {
      let place = file.record(index, position)
      guard place.load(as: UInt64.self) == tag.word(at: position) else { continue }
      newest = max(newest, place.load(fromByteOffset: 8, as: UInt64.self))
      lost += 1
    }
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
