import CPlatform

/// Room for the records of one segment, copied out of the file; twice when somebody may be writing into them. To be used
/// again and again.
final class SegmentCopy {
  /// The place that the copy begins with.
  private var first = 0
  /// How many places it has: fewer than asked for where the file ends.
  private var count = 0
  private let capacity: Int
  private let records: UnsafeMutablePointer<Record>
  /// The earlier copy, if there is one.
  private var earlier: UnsafeMutablePointer<Record>?
  private var isTwice = false

  init(capacity: Int) {
    self.capacity = capacity
    records = .allocate(capacity: capacity)
  }

  deinit {
    records.deallocate()
    earlier?.deallocate()
  }

  /// Copies places of a segment.
  /// - Parameters:
  ///   - places: at most as many as there is room for.
  ///   - isTwice: whether the segment may be written into right now.
  ///   - read: fills the buffer from the file, beginning with the first place, and returns the number of bytes.
  func fill(_ places: Range<Int>, isTwice: Bool, read: (UnsafeMutableRawBufferPointer) -> Int) {
    precondition(places.count <= capacity)
    first = places.lowerBound
    self.isTwice = isTwice
    count = places.count
    if isTwice {
      let copy = earlier ?? .allocate(capacity: capacity)
      earlier = copy
      count = min(count, Self.fill(copy, places.count, read))
      // A record whose word was there before the second copy began is whole in that one.
      chain_acquire_fence()
    }
    count = min(count, Self.fill(records, places.count, read))
  }

  private static func fill(
    _ records: UnsafeMutablePointer<Record>, _ count: Int, _ read: (UnsafeMutableRawBufferPointer) -> Int
  ) -> Int {
    read(UnsafeMutableRawBufferPointer(start: records, count: count * Layout.recordSize)) / Layout.recordSize
  }

  /// Valid until the next `fill`. Nil where another word stands than that of a published record, or nothing.
  @inline(__always)
  func record(at place: Int, word: UInt64) -> UnsafePointer<Record>? {
    let index = place - first
    guard index >= 0, index < count, records[index].word == word else { return nil }
    if isTwice, earlier?[index].word != word { return nil }
    return UnsafePointer(records + index)
  }
}
