/// A log that has been gone through once, so that its records can be had in the order of time without being held in
/// memory all at once.
///
/// The first pass checks every place, counts what is lost, and notes for each segment its earliest record. The second
/// (`forEachBatch`) opens a segment when its time has come and merges those that are open: about one for each thread of
/// an event loop and one for each process. What lasting states repeat bears the time of their beginning, long before
/// the segment it stands in; such records are few and are kept from the first pass.
package final class LogScan {
  /// A log, and how its records are read as those of a log over several hosts; nil: as they are.
  struct Source {
    var part: LogPart
    var reading: HostReading?
  }

  /// One segment, as the first pass found it.
  struct Plan {
    /// Of which source.
    var part: Int
    var index: Int
    var tag: SegmentTag
    /// Whether lasting states are kept from the first pass.
    var keepsStates: Bool
    /// Places before this one were read by an earlier scan, but for some that were filled since: those are kept too.
    var begin = 0
    /// Places from here on are not looked at.
    var end = 0
    /// Places that were not filled yet, in order. They stay unread: what follows from them is not there either.
    var unfilled: [UInt16] = []
    /// Of the records that the second pass has to read; the largest number if there are none.
    var earliest = UInt64.max

    init(part: Int, index: Int, tag: SegmentTag, keepsStates: Bool) {
      self.part = part
      self.index = index
      self.tag = tag
      self.keepsStates = keepsStates
    }

    /// Of equal records, that of the earlier segment comes first.
    var rank: Int { part << 16 | index }
  }

  /// What the first pass has found.
  struct Findings {
    var plans: [Plan] = []
    /// Records that are kept from the first pass.
    var states: [Record] = []
    var count = 0
    var lastTime: UInt64 = 0

    @inline(__always)
    mutating func add(_ record: UnsafePointer<Record>, at place: Int, to plan: inout Plan, end: UInt64) {
      let time = record.pointee.time
      if time <= end {
        count += 1
        lastTime = max(lastTime, time)
      }
      if place < plan.begin || plan.keepsStates && KindSet.lasting.contains(record.pointee.kindCode) {
        states.append(record.pointee)
      } else {
        plan.earliest = min(plan.earliest, time)
      }
    }

    /// Keeps those that are not later than `end`.
    mutating func keep(_ records: [Record], as reading: HostReading?, end: UInt64) {
      for record in records {
        let record = reading?.translated(record) ?? record
        guard record.time <= end else { continue }
        count += 1
        lastTime = max(lastTime, record.time)
        states.append(record)
      }
    }
  }

  /// Everything but the records.
  package let overview: LogSnapshot
  /// The same with them, all in memory.
  package var snapshot: LogSnapshot {
    var log = overview
    log.records.reserveCapacity(recordCount)
    _ = forEachBatch { records in
      for index in records.indices { log.records.append(records[index]) }
    }
    return log
  }
  package let recordCount: Int
  /// Of the last record; 0 if there is none.
  package let lastTime: UInt64

  private let sources: [Source]
  private let plans: [Plan]
  private let states: [Record]
  /// Records that are later are left to another scan: see `LogReader.catchUp`.
  private let end: UInt64

  /// How many lasting states are kept at most; more are read in their segments, which are then open for longer.
  static let stateLimit = 1 << 16

  init(_ sources: [Source], _ overview: LogSnapshot, _ findings: Findings, end: UInt64) {
    self.sources = sources
    self.overview = overview
    self.end = end
    plans = findings.plans.sorted { ($0.earliest, $0.rank) < ($1.earliest, $1.rank) }
    states = findings.states.sorted(by: Record.precedes)
    (recordCount, lastTime) = (findings.count, findings.lastTime)
  }

  /// Of records that are in memory.
  convenience init(_ log: LogSnapshot) {
    var (findings, overview) = (Findings(), log)
    findings.keep(log.records, as: nil, end: .max)
    overview.records = []
    self.init([], overview, findings, end: .max)
  }

  /// Gives all records, in the order of time.
  /// - Parameter body: takes up to 1,024 at once.
  /// - Returns: how many records could not be given because they have been overwritten since the first pass; they are
  ///   the oldest.
  /// - Throws: what the body throws.
  package func forEachBatch<Failure: Error>(_ body: (Span<Record>) throws(Failure) -> Void) throws(Failure) -> Int {
    var merge = LogMerge(end: end)
    merge.open(segment: -1, capacity: states.count) { memory in
      memory.initialize(from: states, count: states.count)
      return states.count
    }
    let copy = SegmentCopy(capacity: sources.map(\.part.recordsPerSegment).max() ?? 0)
    let batch = UnsafeMutablePointer<Record>.allocate(capacity: Self.batchSize)
    defer { batch.deallocate() }
    var (given, next, count) = (0, 0, 0)
    while true {
      while next < plans.count, merge.needs(plans[next].earliest) {
        let plan = plans[next]
        let source = sources[plan.part]
        merge.open(segment: plan.rank, capacity: plan.end - plan.begin) { memory in
          let count = source.part.load(plan, copy, into: memory)
          source.reading?.translate(memory, count)
          return count
        }
        next += 1
      }
      let isOver = merge.take(
        into: batch, &count, upTo: Self.batchSize, before: next < plans.count ? plans[next].earliest : nil)
      guard count == Self.batchSize || isOver else { continue }
      if count > 0 { try body(UnsafeBufferPointer(start: batch, count: count).span) }
      given += count
      count = 0
      if isOver { return recordCount - given }
    }
  }

  private static let batchSize = 1024
}
