import Atomics
import CPlatform
import Synchronization

/// Claims segments for one process, oldest first, and keeps a few ready whose memory is already touched, since a first
/// touch on the request path costs up to 10 µs.
final class SegmentClaims: Sendable {
  private let file: LogFile
  private let slot: Int
  private let ready = Mutex<[SegmentTag.Claim]>([])

  static let readyCount = 2

  init(file: LogFile, slot: Int) {
    self.file = file
    self.slot = slot
  }

  /// For a stream that needs a segment now.
  func take() -> SegmentTag.Claim? {
    ready.withLock { $0.isEmpty ? nil : $0.removeFirst() } ?? claim()
  }

  /// For the writer's helper thread.
  func refill() {
    while ready.withLock({ $0.count }) < Self.readyCount {
      guard let claim = claim() else { return }
      ready.withLock { $0.append(claim) }
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
      let mine = SegmentTag(sequence: sequence, owner: slot, state: .claiming)
      guard
        file.tag(index).compareExchange(
          expected: old.rawValue, desired: mine.rawValue, ordering: .acquiringAndReleasing
        ).exchanged
      else { continue }
      guard reserve(index) else {
        file.tag(index).store(old.rawValue, ordering: .releasing)
        return nil
      }
      if old.state != .free { countOverwritten(old, index: index) }
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

  private func isDead(_ owner: Int) -> Bool {
    guard
      file.half(LogFile.process(owner, Layout.Process.state)).load(ordering: .acquiring) == ProcessState.live.rawValue
    else { return true }
    let pid = file.half(LogFile.process(owner, Layout.Process.pid)).load(ordering: .relaxed)
    let ticks = file.word(LogFile.process(owner, Layout.Process.startTicks)).load(ordering: .relaxed)
    return !ProcessIdentity(pid: Int32(truncatingIfNeeded: pid), startTicks: ticks).isAlive
  }

  /// Moves "complete since" past the newest record that is about to be overwritten.
  private func countOverwritten(_ tag: SegmentTag, index: Int) {
    var newest: UInt64 = 0
    var lost: UInt64 = 0
    for position in 0..<used(index) {
      let place = file.record(index, position)
      guard place.load(as: UInt64.self) == tag.word(at: position) else { continue }
      newest = max(newest, place.load(fromByteOffset: 8, as: UInt64.self))
      lost += 1
    }
    guard lost > 0 else { return }
    file.word(Layout.Header.overwritten).wrappingIncrement(by: lost, ordering: .relaxed)
    let since = file.word(Layout.Header.completeSince)
    var seen = since.load(ordering: .relaxed)
    while seen <= newest {
      let (exchanged, original) = since.compareExchange(
        expected: seen, desired: newest + 1, ordering: .acquiringAndReleasing)
      if exchanged { return }
      seen = original
    }
  }
}
