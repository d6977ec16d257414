import CascadeAnalysis
import ChainModel
import Glibc
import Testing
import TraceLog

/// Time and memory on long logs.
@Suite struct CascadeScaleTests {
  /// A log as long as one wants of a chain under load: the records of one stretch, again and again, with new times and ids.
  struct LongLog: Sequence, IteratorProtocol {
    private let stretch: [Record]
    private let length: UInt64
    private let repeats: UInt64
    private var place = 0
    private var turn: UInt64 = 0

    init(_ log: TestLog, repeats: UInt64) {
      // Requests that are open at the end of a stretch would never end.
      var ended: Set<UInt64> = []
      for record in log.snapshot.records where record.kind == .end { ended.insert(record.span) }
      let isWhole = { (span: UInt64) in ended.contains(span / 100 * 100) }
      stretch = log.snapshot.records.filter { $0.span != 0 && isWhole($0.span) }
      length = (stretch.last?.time ?? 0) - (stretch.first?.time ?? 0) + 1_000_000
      self.repeats = repeats
    }

    var count: Int { stretch.count * Int(repeats) }

    mutating func next() -> Record? {
      if place == stretch.count { (place, turn) = (0, turn + 1) }
      guard turn < repeats, !stretch.isEmpty else { return nil }
      var record = stretch[place]
      place += 1
      record.time += turn * length
      record.span += turn * 1_000_000
      if record.other != 0 { record.other += turn * 1_000_000 }
      return record
    }
  }

  private func fold(
    _ log: TestLog, repeats: UInt64, blames: Bool = true
  ) -> (fold: CascadeFold, records: Int, seconds: Double) {
    let snapshot = log.snapshot
    var fold = CascadeFold(
      processes: snapshot.processes, strings: snapshot.strings, options: CascadeOptions(blames: blames))
    for record in snapshot.records where record.span == 0 { fold.apply(record) }
    let long = LongLog(log, repeats: repeats)
    let start = Self.processorTime
    for record in long { fold.apply(record) }
    return (fold, long.count, Self.processorTime - start)
  }

  /// Of this thread, in seconds: what others do with the machine meanwhile is not in it.
  private static var processorTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static let loaded = ReferenceChain(hold: 19_000, duration: 4_000_000).log()

  @Test(.timeLimit(.minutes(2))) func whatIsKeptDoesNotGrowWithTheLog() {
    let short = fold(Self.loaded, repeats: 2).fold.size
    let long = fold(Self.loaded, repeats: 40)
    #expect(long.fold.size <= short + 16)
    #expect(long.records > 50_000)
  }

  @Test(.timeLimit(.minutes(2))) func timeIsLinearInRecords() {
    _ = fold(Self.loaded, repeats: 4)
    let short = fold(Self.loaded, repeats: 20)
    let long = fold(Self.loaded, repeats: 160)
    let aggregate = fold(Self.loaded, repeats: 160, blames: false)
    print("aggregate figures: \(Int(Double(aggregate.records) / aggregate.seconds)) records/s")
    #expect(aggregate.seconds < long.seconds)
    print("cascade fold: \(Int(Double(long.records) / long.seconds)) records/s over \(long.records) records")
    #expect(long.seconds / short.seconds < 8 * 3)
  }
}
