/// Merges sorted runs of records, of which more can be added as long as they begin no earlier than what has been taken.
struct LogMerge {
  /// The first record of a run that has not been taken.
  private struct Head {
    var time: UInt64
    var word: UInt64
    /// Of equal records, that of the earlier segment comes first.
    var segment: Int
    var run: Int

    @inline(__always)
    func precedes(_ other: Head) -> Bool {
      if time != other.time { return time < other.time }
      return word != other.word ? word < other.word : segment < other.segment
    }
  }

  /// A heap: the smallest is the first.
  private var heads: [Head] = []
  /// Those that are used up are filled again.
  private var runs: [LogRun] = []
  private var unused: [Int] = []
  private let end: UInt64

  /// - Parameters:
  ///   - states: records that are sorted already.
  ///   - end: records that are later are not given.
  init(states: [Record], end: UInt64) {
    self.end = end
    open(segment: -1, capacity: states.count) { run in states.forEach(run.append) }
  }

  /// Whether a run that begins at this time has to be opened now.
  func needs(_ earliest: UInt64) -> Bool { heads.first.map { earliest <= $0.time } ?? true }

  mutating func open(segment: Int, capacity: Int, fill: (LogRun) -> Void) {
    let index = unused.popLast() ?? runs.count
    if index == runs.count { runs.append(LogRun(capacity: capacity)) }
    if runs[index].capacity < capacity { runs[index] = LogRun(capacity: capacity) }
    let run = runs[index]
    fill(run)
    run.sort()
    guard let first = run.first else { return unused.append(index) }
    heads.append(Head(time: first.time, word: first.word, segment: segment, run: index))
    siftUp(heads.count - 1)
  }

  /// Adds records to a batch until it is full or another run has to be opened.
  /// - Returns: whether that was the last one.
  mutating func take(into batch: inout [Record], upTo size: Int, before earliest: UInt64?) -> Bool {
    let limit = earliest ?? .max
    while batch.count < size, let top = heads.first {
      if let earliest, earliest <= top.time { return false }
      guard top.time <= end else { return true }
      let run = runs[top.run]
      let rival = self.rival
      // Until another run's turn comes.
      while let record = run.first, batch.count < size {
        let head = Head(time: record.time, word: record.word, segment: top.segment, run: top.run)
        if let rival, rival.precedes(head) { break }
        guard record.time <= end, record.time < limit || earliest == nil else { break }
        batch.append(record)
        run.removeFirst()
      }
      replaceTop(top, run)
    }
    return heads.isEmpty && earliest == nil
  }

  /// The smallest head but the first.
  private var rival: Head? {
    guard heads.count > 1 else { return nil }
    guard heads.count > 2 else { return heads[1] }
    return heads[1].precedes(heads[2]) ? heads[1] : heads[2]
  }

  private mutating func replaceTop(_ top: Head, _ run: LogRun) {
    if let first = run.first {
      heads[0] = Head(time: first.time, word: first.word, segment: top.segment, run: top.run)
    } else {
      unused.append(top.run)
      heads[0] = heads[heads.count - 1]
      heads.removeLast()
    }
    siftDown()
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    while index > 0, heads[index].precedes(heads[(index - 1) / 2]) {
      heads.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  private mutating func siftDown() {
    var index = 0
    while true {
      var least = index
      for child in (2 * index + 1)..<(2 * index + 3) where child < heads.count && heads[child].precedes(heads[least]) {
        least = child
      }
      if least == index { return }
      heads.swapAt(index, least)
      index = least
    }
  }
}

/// Records of one segment, in the order of time, taken one after another.
final class LogRun {
  let capacity: Int
  private let records: UnsafeMutablePointer<Record>
  private var count = 0
  private var next = 0

  init(capacity: Int) {
    self.capacity = capacity
    records = .allocate(capacity: capacity)
  }

  deinit {
    records.deallocate()
  }

  @inline(__always)
  var first: Record? { next < count ? records[next] : nil }

  @inline(__always)
  func removeFirst() { next += 1 }

  func removeAll() { (count, next) = (0, 0) }

  @inline(__always)
  func append(_ record: Record) {
    precondition(count < capacity)
    (records + count).initialize(to: record)
    count += 1
  }

  /// The records of many threads are nearly in order: few have to move, and not far. Where that is not so, it takes
  /// longer.
  func sort() {
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
