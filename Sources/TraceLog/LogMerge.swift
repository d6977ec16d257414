/// Merges sorted runs of records, of which more can be added as long as they begin no earlier than what has been taken.
struct LogMerge: ~Copyable {
  /// What is left of a run.
  private struct Head {
    /// Of the next record.
    var time: UInt64
    var word: UInt64
    var next: UnsafePointer<Record>
    var end: UnsafePointer<Record>
    /// Of equal records, that of the earlier segment comes first.
    var segment: Int
    /// Where its memory is to be found.
    var run: Int

    @inline(__always)
    func precedes(_ other: borrowing Head) -> Bool {
      if time != other.time { return time < other.time }
      return word != other.word ? word < other.word : segment < other.segment
    }
  }

  /// A heap: the smallest is the first.
  private var heads: [Head] = []
  /// Memory, of which what is used up is filled again.
  private var runs: [UnsafeMutableBufferPointer<Record>] = []
  private var unused: [Int] = []
  private let end: UInt64

  /// - Parameter end: records that are later are not given.
  init(end: UInt64) {
    self.end = end
  }

  deinit {
    for run in runs { run.deallocate() }
  }

  /// Whether a run that begins at this time has to be opened now.
  func needs(_ earliest: UInt64) -> Bool { heads.first.map { earliest <= $0.time } ?? true }

  /// Adds a run.
  /// - Parameters:
  ///   - segment: its rank among equal records.
  ///   - capacity: the most records that it has.
  ///   - fill: writes them to the memory, and returns their number.
  mutating func open(segment: Int, capacity: Int, fill: (UnsafeMutablePointer<Record>) -> Int) {
    let index = unused.popLast() ?? runs.count
    if index == runs.count { runs.append(.allocate(capacity: capacity)) }
    if runs[index].count < capacity {
      runs[index].deallocate()
      runs[index] = .allocate(capacity: capacity)
    }
    guard let records = runs[index].baseAddress else { return unused.append(index) }
    let count = fill(records)
    guard count > 0 else { return unused.append(index) }
    Self.sort(records, count)
    heads.append(
      Head(
        time: records.pointee.time, word: records.pointee.word, next: records, end: records + count, segment: segment,
        run: index))
    siftUp()
  }

  /// Adds records to a batch until it is full or another run has to be opened.
  /// - Parameters:
  ///   - batch: memory for `size` records.
  ///   - count: how many of them are there.
  ///   - size: when the batch is full.
  ///   - earliest: when the run begins that is to be opened next; nil if there is none.
  /// - Returns: whether that was the last one.
  mutating func take(
    into batch: UnsafeMutablePointer<Record>, _ count: inout Int, upTo size: Int, before earliest: UInt64?
  ) -> Bool {
    let (limit, isLast) = (earliest ?? .max, earliest == nil)
    while count < size, var top = heads.first {
      if !isLast, top.time >= limit { return false }
      guard top.time <= end else { return true }
      let rival = rival
      // Until another run's turn comes.
      repeat {
        (batch + count).initialize(to: top.next.pointee)
        count += 1
        top.next += 1
        guard top.next != top.end else { break }
        (top.time, top.word) = (top.next.pointee.time, top.next.pointee.word)
        if let rival, rival.precedes(top) { break }
      } while count < size && top.time <= end && (isLast || top.time < limit)
      replaceTop(top)
    }
    return heads.isEmpty && isLast
  }

  /// The smallest head but the first.
  private var rival: Head? {
    guard heads.count > 1 else { return nil }
    guard heads.count > 2 else { return heads[1] }
    return heads[1].precedes(heads[2]) ? heads[1] : heads[2]
  }

  private mutating func replaceTop(_ top: Head) {
    var top = top
    if top.next == top.end {
      unused.append(top.run)
      guard let last = heads.popLast(), !heads.isEmpty else { return }
      top = last
    }
    heads.withUnsafeMutableBufferPointer { heads in
      var index = 0
      while 2 * index + 1 < heads.count {
        var child = 2 * index + 1
        if child + 1 < heads.count, heads[child + 1].precedes(heads[child]) { child += 1 }
        guard heads[child].precedes(top) else { break }
        heads[index] = heads[child]
        index = child
      }
      heads[index] = top
    }
  }

  private mutating func siftUp() {
    var index = heads.count - 1
    while index > 0, heads[index].precedes(heads[(index - 1) / 2]) {
      heads.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  /// The records of many threads are nearly in order: few have to move, and not far. Where that is not so, it takes
  /// longer.
  private static func sort(_ records: UnsafeMutablePointer<Record>, _ count: Int) {
    var moves = 0
    for index in stride(from: 1, to: count, by: 1) where Record.precedes(records[index], records[index - 1]) {
      let record = records[index]
      var place = index
      repeat {
        records[place] = records[place - 1]
        place -= 1
        moves += 1
      } while place > 0 && Record.precedes(record, records[place - 1])
      records[place] = record
      guard moves > 32 * count else { continue }
      var all = UnsafeMutableBufferPointer(start: records, count: count)
      return all.sort(by: Record.precedes)
    }
  }
}
