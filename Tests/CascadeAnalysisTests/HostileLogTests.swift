import CascadeAnalysis
import ChainModel
import Glibc
import Testing
import TraceLog

/// Whatever a file may hold, no instrument stops on it. Each stream is made from its number, so a failure can be had again.
///
/// `CHAINLAB_STORM` runs 100,000 streams.
@Suite struct HostileLogStormTests {
  private static let isFull = getenv("CHAINLAB_STORM") != nil
  private static let streams = isFull ? 50_000 : 5_000
  private static let comparisons = isFull ? 20_000 : 1_000
  private static let minutes = isFull ? 20 : 3

  /// Runs every instrument over the log.
  /// - Returns: something that depends on all of them.
  private func instruments(_ snapshot: LogSnapshot) throws -> Int {
    let dump = ThreadDump(snapshot)
    let audit = LogAudit(snapshot)
    let list = TraceList(snapshot, limit: 3)
    let cascade = CascadeReport(snapshot)
    var lines = RecordText()
    var size = dump.text(width: 100, limit: 2).count + audit.text.count + list.text(width: 100).count
    size += lines.lines(snapshot).count + cascade.text(width: 100).count
    let agreement = KernelAgreement(
      snapshot,
      ports: [ReplicaName(.gateway): 8080, ReplicaName(.userService): 1, ReplicaName(.orderService, 2): 65_535])
    size += agreement.text(limit: 5).count
    for trace in list.traces {
      size += TraceWaterfall(snapshot, trace: trace.trace)?.text(width: 100).count ?? 0
    }
    #expect(audit.violations.count <= LogAudit.violationLimit)
    #expect(audit.violations.count <= audit.counts.values.reduce(0, +))
    return size
  }

  @Test(.timeLimit(.minutes(Self.minutes))) func randomRecordsNeverStopAnInstrument() throws {
    for seed in 0..<Self.streams {
      var dice = Dice(seed: UInt64(seed))
      #expect(try instruments(dice.snapshot()) > 0)
    }
  }

  @Test(.timeLimit(.minutes(Self.minutes))) func mutationsOfARightLogNeverStopAnInstrument() throws {
    let right = [TestLog.wellBehaved().snapshot, TestLog.jam().snapshot]
    for seed in 0..<Self.streams {
      var dice = Dice(seed: UInt64(seed) &+ 1_000_000)
      var snapshot = right[seed % right.count == 0 || seed % 20 != 1 ? 0 : 1]
      for _ in 0...dice.below(4) { dice.mutate(&snapshot) }
      #expect(try instruments(snapshot) > 0)
    }
  }

  /// It looks at a log many times over, so it gets fewer of them.
  @Test(.timeLimit(.minutes(Self.minutes))) func noLogStopsAComparison() {
    let right = TestLog.jam().snapshot
    for seed in 0..<Self.comparisons {
      var dice = Dice(seed: UInt64(seed) &+ 3_000_000)
      var mutated = right
      for _ in 0...dice.below(4) { dice.mutate(&mutated) }
      let options = CompareOptions(slices: 5, bin: 10_000_000, trim: 10_000_000)
      let runs = [dice.snapshot(), mutated].map { ComparedRun($0, options: options) }
      #expect(!RunComparison([runs[0]], [runs[1]]).text(width: 100).isEmpty)
    }
  }

  @Test func whatIsWrittenAsJSONIsJSON() throws {
    for seed in 0..<300 {
      var dice = Dice(seed: UInt64(seed) &+ 2_000_000)
      let snapshot = dice.snapshot()
      #expect(try JSON(ThreadDump(snapshot))["services"] != .null)
      #expect(try JSON(LogAudit(snapshot))["holds"] != .null)
      #expect(try JSON(TraceList(snapshot, limit: 3))["traces"] != .null)
    }
  }

  @Test(.timeLimit(.minutes(1))) func aLongLogOfOneKindTakesNoLongerThanItsLength() {
    for kind in RecordKind.allCases {
      var snapshot = TestLog.wellBehaved().snapshot
      snapshot.records = (0..<30_000).map { number in
        var record = Record(
          kind: kind, time: TestLog.time(1_000 + UInt64(number)), span: UInt64(number % 5_000), other: UInt64(number),
          thread: UInt32(number % 3), process: UInt16(number % 7), detail: 1, name: 1, arg: UInt32(number & 1))
        record.traceLow = 7
        return record
      }
      snapshot.takenAt = TestLog.time(100_000)
      let audit = LogAudit(snapshot)
      let dump = ThreadDump(snapshot)
      #expect(audit.violations.count <= LogAudit.violationLimit)
      #expect(!dump.text(width: 80, limit: 1).isEmpty)
    }
  }

  @Test func theSameLogGivesTheSameAnswers() throws {
    var dice = Dice(seed: 3)
    for snapshot in [TestLog.jam().snapshot, dice.snapshot()] {
      #expect(ThreadDump(snapshot).text(width: 100, limit: 3) == ThreadDump(snapshot).text(width: 100, limit: 3))
      #expect(LogAudit(snapshot).text == LogAudit(snapshot).text)
    }
  }
}

/// Random records: ids from small ranges, so that they meet, and now and then any number at all.
private struct Dice {
  private static let right = TestLog.wellBehaved().snapshot

  private var numbers: IDGenerator

  init(seed: UInt64) {
    numbers = IDGenerator(seed: seed)
  }

  mutating func below(_ limit: UInt64) -> UInt64 { numbers.next() % limit }

  private mutating func id(_ limit: UInt64) -> UInt64 {
    switch below(20) {
    case 0: numbers.next()
    case 1: below(2) == 0 ? .max : 0
    default: below(limit)
    }
  }

  mutating func record(number: UInt64) -> Record {
    var record = Record(
      kind: RecordKind.allCases[Int(below(UInt64(RecordKind.allCases.count)))],
      time: below(10) == 0 ? id(5_000_000_000) : TestLog.time(number * 10), span: id(8), other: id(12),
      thread: UInt32(truncatingIfNeeded: id(4)), process: UInt16(truncatingIfNeeded: id(4)),
      detail: UInt8(truncatingIfNeeded: id(8)), name: UInt32(truncatingIfNeeded: id(6)),
      arg: UInt32(truncatingIfNeeded: id(4)))
    if below(40) == 0 { record.kindCode = UInt8(truncatingIfNeeded: numbers.next()) }
    record.traceLow = id(3)
    record.traceHigh = below(30) == 0 ? numbers.next() : 0
    record.word = number
    return record
  }

  mutating func snapshot() -> LogSnapshot {
    var snapshot = Self.right
    let texts = ["user", "gateway", "GET /users/{username}", "order-service", "\u{1b}[31m"]
    snapshot.strings = LogStrings(Dictionary(uniqueKeysWithValues: zip(UInt32(1)..., texts)))
    snapshot.records = (0..<(20 + below(60))).map { record(number: $0) }
    if below(4) != 0 { snapshot.records.sort(by: Record.precedes) }
    snapshot.takenAt = id(6_000_000_000)
    snapshot.completeSince = below(3) == 0 ? id(5_000_000_000) : 0
    for index in snapshot.processes.indices {
      snapshot.processes[index].fate = [.running, .running, .died, .stopped][Int(below(4))]
      if below(10) == 0 { snapshot.processes[index].slot = Int(truncatingIfNeeded: numbers.next()) }
    }
    snapshot.loss.pending = Int(below(2))
    return snapshot
  }

  mutating func mutate(_ snapshot: inout LogSnapshot) {
    guard !snapshot.records.isEmpty else { return }
    let place = Int(below(UInt64(snapshot.records.count)))
    switch below(9) {
    case 0: snapshot.records.remove(at: place)
    case 1: snapshot.records.insert(snapshot.records[place], at: Int(below(UInt64(snapshot.records.count))))
    case 2: snapshot.records.swapAt(place, Int(below(UInt64(snapshot.records.count))))
    case 3: snapshot.records[place].time ^= 1 << below(64)
    case 4: snapshot.records[place].span ^= 1 << below(6)
    case 5: snapshot.records[place].other ^= 1 << below(6)
    case 6: snapshot.records[place].kindCode ^= 1 << UInt8(below(8))
    case 7: snapshot.records[place].detail ^= 1 << UInt8(below(8))
    default: snapshot.records.removeLast(place)
    }
  }
}
