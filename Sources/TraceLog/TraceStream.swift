import Atomics
import ChainModel
import CPlatform
import Synchronization

/// A sequence of segments into which one event loop, or all worker threads of a process, write.
///
/// To write a record: claim a position by one atomic increment, void the slot's word, fill the slot, publish the word.
/// A reader that sees the right word sees the whole record. When a segment is full, the stream goes on in the next one
/// that the process holds ready.
final class TraceStream: @unchecked Sendable {  // `current` and all shared words are atomic; `roll` holds a lock
  private let file: LogFile
  private let slot: Int
  private let capacity: UInt64
  private let next: @Sendable (_ isFirst: Bool) -> SegmentTag.Claim?
  /// The segment in use: sequence << 16 | index; `none` before the first and while there is no room.
  private let current = ManagedAtomic<UInt64>(TraceStream.none)
  private let rolling = Mutex(Rolling())

  private struct Rolling {
    /// When the log last had no room, or a segment was last taken.
    var triedAt: UInt64 = 0
    var isFinished = false
    var hasBegun = false
  }

  private static let none = UInt64.max

  init(file: LogFile, slot: Int, next: @escaping @Sendable (_ isFirst: Bool) -> SegmentTag.Claim?) {
    self.file = file
    self.slot = slot
    self.next = next
    capacity = UInt64(file.layout.recordsPerSegment)
  }

  /// False when the record had to be dropped because the log has no room at all.
  func append(_ record: borrowing Record) -> Bool {
    while true {
      let packed = current.load(ordering: .acquiring)
      if packed != Self.none {
        let index = Int(packed & 0xffff)
        let position = file.cursor(index).loadThenWrappingIncrement(ordering: .acquiring)
        if position < capacity {
          let tag = SegmentTag(rawValue: file.tag(index).load(ordering: .acquiring))
          let word = tag.word(at: Int(position))
          if tag.sequence == packed >> 16 {
            file.write(record, slot: slot, at: file.record(index, Int(position)), word: word)
            return true
          }
          // This thread has slept since it looked at `current`, and its segment is somebody else's by now. The place that
          // it has just claimed there would never be filled by anybody else, and the segment never be free again.
          var nothing = Record(kind: .dropped, time: record.time)
          nothing.kindCode = Record.voidCode
          file.write(nothing, slot: slot, at: file.record(index, Int(position)), word: word)
        }
      }
      guard roll(from: packed) else { return false }
    }
  }

  /// Goes on to the next segment, unless another thread has already done so.
  private func roll(from seen: UInt64) -> Bool {
    rolling.withLock { rolling in
      guard current.load(ordering: .acquiring) == seen else { return true }
      // While the log has no room, look for some only now and then.
      let now = Monotonic.now()
      if rolling.isFinished { return false }
      if seen == Self.none, rolling.triedAt != 0, now &- rolling.triedAt < 10_000_000 { return false }
      rolling.triedAt = now
      let claim = next(!rolling.hasBegun)
      if claim != nil { rolling.hasBegun = true }
      current.store(claim?.packed ?? Self.none, ordering: .releasing)
      if seen != Self.none { close(seen, at: now) }
      return claim != nil
    }
  }

  private func close(_ packed: UInt64, at now: UInt64) {
    let index = Int(packed & 0xffff)
    file.closedAt(index).store(now, ordering: .relaxed)
    let tag = file.tag(index)
    let old = SegmentTag(sequence: packed >> 16, owner: slot, state: .open)
    _ = tag.compareExchange(
      expected: old.rawValue, desired: old.with(.closed).rawValue, ordering: .acquiringAndReleasing)
  }

  /// Records that come later go nowhere. The segment stays open, since another thread may be writing into it right now:
  /// it is free once the process is gone.
  func finish() {
    rolling.withLock { rolling in
      rolling.isFinished = true
      current.store(Self.none, ordering: .releasing)
    }
  }
}

extension SegmentTag {
  /// A segment that its owner may write into.
  struct Claim: Sendable {
    var sequence: UInt64
    var index: Int

    var packed: UInt64 { sequence << 16 | UInt64(index) }
  }
}

extension LogFile {
  /// Fills a place that has been claimed, and publishes it.
  @inline(__always)
  func write(_ record: borrowing Record, slot: Int, at place: UnsafeMutableRawPointer, word: UInt64) {
    let published = UnsafeAtomic<UInt64>(at: place.assumingMemoryBound(to: UnsafeAtomic<UInt64>.Storage.self))
    published.store(0, ordering: .relaxed)
    chain_release_fence()
    place.storeBytes(of: record.time, toByteOffset: 8, as: UInt64.self)
    place.storeBytes(of: record.traceHigh, toByteOffset: 16, as: UInt64.self)
    place.storeBytes(of: record.traceLow, toByteOffset: 24, as: UInt64.self)
    place.storeBytes(of: record.span, toByteOffset: 32, as: UInt64.self)
    place.storeBytes(of: record.other, toByteOffset: 40, as: UInt64.self)
    place.storeBytes(
      of: UInt64(record.thread) | UInt64(slot) << 32 | UInt64(record.kindCode) << 48
        | UInt64(record.detail) << 56, toByteOffset: 48, as: UInt64.self)
    place.storeBytes(of: UInt64(record.name) | UInt64(record.arg) << 32, toByteOffset: 56, as: UInt64.self)
    published.store(word, ordering: .releasing)
  }
}
