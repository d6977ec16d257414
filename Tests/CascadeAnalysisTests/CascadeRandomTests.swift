import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

/// Random logs, each made from its number: right ones agree with the definition, any at all are conserved and harmless.
@Suite struct CascadeRandomTests {
  @Test(.timeLimit(.minutes(2))) func theFoldAgreesWithTheDefinition() {
    for seed in 0..<25 {
      var dice = IDGenerator(seed: UInt64(seed))
      func pick(_ range: ClosedRange<UInt64>) -> UInt64 {
        range.lowerBound + dice.next() % (range.upperBound - range.lowerBound + 1)
      }
      var chain = ReferenceChain()
      chain.pools = [.gateway, .userService, .orderService, .paymentService].map { ($0, Int(pick(1...5))) }
      chain.usesLock = false
      chain.work = pick(500...5_000)
      chain.hold = pick(5_000...150_000)
      chain.interval = pick(5_000...40_000)
      chain.duration = 700_000
      let snapshot = chain.log().snapshot
      let report = CascadeReport(snapshot)
      report.expectConservation("seed \(seed)")
      let naive = NaiveBlame(snapshot)
      #expect(naive.blocked == Double(report.blame.reduce(0) { $0 + $1.blamed }), "seed \(seed)")
      for row in report.blame {
        let known = naive.blamed[row.text] ?? 0
        #expect(abs(known - Double(row.blamed)) < 1_000, "seed \(seed): \(row.text)")
      }
      #expect(report.blame.count == naive.blamed.values.count { $0 >= 1 }, "seed \(seed)")
    }
  }

  private static let kinds = RecordKind.allCases

  private func record(_ number: UInt64, _ ids: UInt64, _ isSorted: Bool, _ dice: inout IDGenerator) -> Record {
    let kind = Self.kinds[Int(dice.next() % UInt64(Self.kinds.count))]
    var record = Record(kind: kind, time: TestLog.time(number * 7), span: dice.next() % ids, other: dice.next() % ids)
    record.thread = UInt32(dice.next() % 5)
    record.process = UInt16(dice.next() % 4)
    record.detail = UInt8(dice.next() % 10)
    record.name = UInt32(dice.next() % 7)
    record.arg = UInt32(dice.next() % 4)
    if dice.next() % 8 == 0 { record.arg |= UInt32(dice.next() % 5) << 8 }
    // A process that is over says no more: rarely, so that most of a log is taken.
    let isOver = kind == .processStop || kind == .processDied
    if isOver, dice.next() % 8 != 0 { record.kindCode = RecordKind.waitEnd.rawValue }
    if !isSorted, dice.next() % 10 == 0 { record.time = dice.next() }
    record.word = number
    return record
  }

  private func snapshot(_ seed: UInt64, isSorted: Bool) -> LogSnapshot {
    var dice = IDGenerator(seed: seed)
    var snapshot = TestLog.wellBehaved().snapshot
    let texts = ["gateway", "order-service", "user-service", "GET /a", "lock", "\u{1b}[31m"]
    snapshot.strings = LogStrings(Dictionary(uniqueKeysWithValues: zip(UInt32(1)..., texts)))
    let ids: UInt64 = 3 + dice.next() % 12
    snapshot.records = []
    let count = 50 + dice.next() % 250
    for number in UInt64(0)..<count { snapshot.records.append(record(number, ids, isSorted, &dice)) }
    snapshot.takenAt = TestLog.time(3_000)
    for index in snapshot.processes.indices { snapshot.processes[index].fate = .running }
    return snapshot
  }

  @Test(.timeLimit(.minutes(3))) func anyRecordsAtAllAreConserved() {
    for seed in UInt64(0)..<4_000 {
      let report = CascadeReport(snapshot(seed, isSorted: true))
      report.expectConservation("seed \(seed)")
      #expect(report.threads.allSatisfy { $0.lifetime <= report.window &* UInt64($0.threads) }, "seed \(seed)")
    }
  }

  @Test(.timeLimit(.minutes(3))) func noRecordsStopIt() throws {
    for seed in UInt64(0)..<2_000 {
      var snapshot = snapshot(seed &+ 1_000_000, isSorted: false)
      snapshot.takenAt = seed % 3 == 0 ? 0 : seed % 3 == 1 ? .max : snapshot.takenAt
      let report = CascadeReport(snapshot, options: CascadeOptions(from: seed % 5 == 0 ? TestLog.time(500) : 0))
      let text = report.text(width: 100)
      #expect(text.contains("WHAT HAPPENED"))
      #expect(!text.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
      if seed % 20 == 0 { #expect(try JSON(report)["verdict"] != .null) }
    }
  }

  @Test func anEmptyLogIsAnsweredToo() throws {
    let report = CascadeReport(TestLog().snapshot)
    #expect(report.verdict.kind == .notEnoughData)
    #expect(report.window == 0)
    #expect(try JSON(report)["schema"].number == CascadeReport.schema)
    #expect(report.text(width: 80).contains("No request came"))
  }

  @Test(.timeLimit(.minutes(1))) func aLongLogOfOneKindTakesNoLongerThanItsLength() {
    for kind in RecordKind.allCases {
      var snapshot = TestLog.wellBehaved().snapshot
      snapshot.records = []
      for number in UInt64(0)..<20_000 {
        var record = Record(kind: kind, time: TestLog.time(1_000 + number), span: number % 5_000, other: number)
        record.thread = UInt32(number % 3)
        record.process = UInt16(number % 7)
        record.detail = 1
        record.name = 1
        record.arg = UInt32(number & 1)
        snapshot.records.append(record)
      }
      snapshot.takenAt = TestLog.time(100_000)
      CascadeReport(snapshot).expectConservation("\(kind)")
    }
  }

  @Test func theSameLogGivesTheSameAnswer() {
    for seed in [UInt64(1), 2, 3] {
      let snapshot = snapshot(seed, isSorted: true)
      #expect(CascadeReport(snapshot).text(width: 100) == CascadeReport(snapshot).text(width: 100))
    }
  }
}
