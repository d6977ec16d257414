import ChainModel
import Testing
import TraceLog

@Suite struct LogRoundTripTests {
  private func payloads(_ records: [Record]) -> [UInt64] { records.filter { $0.kind == Payload.kind }.map(\.span) }

  @Test func whatIsWrittenIsReadInOrder() throws {
    let log = try ScratchLog()
    let writer = try log.writer("order-service")
    let scribe = writer.scribe(thread: 7)
    let times = (1...1_000).map { scribe.write(Payload(author: 7, number: $0).record) }
    writer.close()
    let snapshot = try log.snapshot()
    let records = snapshot.records.filter { $0.kind == Payload.kind }
    #expect(records.allSatisfy { Payload($0) != nil })
    #expect(records.map(\.span) == Array(1...1_000))
    #expect(records.map(\.time) == times)
    #expect(zip(records, records.dropFirst()).allSatisfy { $0.word < $1.word })
    #expect(snapshot.runID == "run-of-the-test")
    #expect(snapshot.loss.isNothing && snapshot.completeSince == 0)
    #expect(snapshot.records.first?.kind == .processStart && snapshot.records.last?.kind == .processStop)
    #expect(snapshot.createdAt <= times[0] && snapshot.takenAt >= times[999])
    #expect(snapshot.processes.map(\.name) == ["order-service"])
    #expect(snapshot.process(records[0])?.identity == .current)
  }

  @Test func aRecordIsThereAssoonAsItIsWritten() throws {
    let log = try ScratchLog()
    let writer = try log.writer()
    defer { writer.close() }
    let reader = try log.reader()
    let scribe = writer.scribeOfLoop(thread: 1)
    _ = try reader.readNew()
    for number in 1...500 as ClosedRange<UInt64> {
      scribe.write(Payload(author: 1, number: number).record)
      #expect(payloads(try reader.readNew().records) == [number])
    }
    #expect(payloads(try reader.readNew().records).isEmpty)
    #expect(payloads(try reader.snapshot().records) == Array(1...500))
    #expect(try reader.readNew().records.isEmpty)
  }

  @Test func aRecordOfAfterTheSnapshotIsLeftToTheNext() throws {
    let log = try ScratchLog()
    let writer = try log.writer()
    defer { writer.close() }
    let reader = try log.reader()
    var record = Payload(author: 1, number: 1).record
    record.time = Monotonic.now() + 50_000_000
    writer.scribe(thread: 1).write(record)
    writer.scribe(thread: 1).write(Payload(author: 1, number: 2).record)
    let first = try reader.readNew()
    #expect(payloads(first.records) == (first.takenAt < record.time ? [2] : [2, 1]))
    var later: [Record] = first.records
    #expect(
      try poll {
        later += try reader.readNew().records; return later.contains { $0.span == 1 }
      })
    #expect(payloads(later) == [2, 1])
    #expect(later.last?.time == record.time)
  }

  @Test func timesThatTheCallerGivesAreKept() throws {
    let log = try ScratchLog()
    let writer = try log.writer()
    let scribe = writer.scribe(thread: 1)
    #expect(scribe.write(Record(kind: .enqueue, time: 30)) == 30)
    scribe.write(Record(kind: .dequeue, time: 30))
    scribe.write(Record(kind: .arrive, time: 20))
    writer.close()
    // Within one instant, the order of writing.
    #expect(try log.snapshot().records.prefix(3).map(\.kind) == [.arrive, .enqueue, .dequeue])
  }

  @Test func textsAreInternedOnceAndReadByTheirIds() throws {
    let log = try ScratchLog()
    let (writer, other) = (try log.writer("gateway"), try log.writer("load"))
    let texts = ["GET /users/{username}", "é\u{1f600}", "x", String(repeating: "long", count: 64)]
    let ids = texts.map { writer.intern($0) }
    #expect(Set(ids).count == texts.count && !ids.contains(0))
    #expect(texts.map { writer.intern($0) } == ids && texts.map { other.intern($0) } == ids)
    #expect(writer.intern("") == 0)
    for id in ids { writer.scribe(thread: 1).write(Record(kind: .arrive, name: id)) }
    other.scribe(thread: 2).write(Record(kind: .arrive, name: other.intern("x")))
    writer.scribe(thread: 1).write(Record(kind: .arrive, name: 123_456))
    writer.scribe(thread: 1).write(Record(kind: .arrive, name: .max))
    let snapshot = try log.snapshot()
    let names = snapshot.records.filter { $0.kind == .arrive }.map { snapshot.strings[$0.name] }
    #expect(names == texts + ["x", "", ""])
    #expect(snapshot.processes.map(\.name) == ["gateway", "load"])
    [writer, other].forEach { $0.close() }
  }

  @Test func aProcessIsRunningUntilItSaysThatItStops() throws {
    let log = try ScratchLog()
    let (first, second) = (try log.writer("gateway"), try log.writer("gateway"))
    first.close()
    #expect(try log.snapshot().processes.map(\.fate) == [.stopped, .running])
    second.close()
    let snapshot = try log.snapshot()
    #expect(snapshot.processes.map(\.fate) == [.stopped, .stopped])
    #expect(snapshot.processes.map(\.slot) == [0, 1])
    #expect(Set(snapshot.records.filter { $0.kind == .processStop }.map(\.process)) == [0, 1])
  }

  /// The process has said that nothing more comes; what was open then is told by its records, so that nothing is lost.
  @Test func whatIsWrittenAfterTheEndBelongsToNoRun() throws {
    let log = try ScratchLog()
    let writer = try log.writer()
    let (shared, own) = (writer.scribe(thread: 1), writer.scribeOfLoop(thread: 2))
    own.write(Payload(author: 2, number: 1).record)
    writer.close()
    for scribe in [shared, own] { scribe.write(Payload(author: scribe.thread, number: 2).record) }
    #expect(!writer.help())
    let snapshot = try log.snapshot()
    #expect(payloads(snapshot.records) == [1])
    #expect(snapshot.records.last?.kind == .processStop)
    #expect(writer.dropped == 0 && snapshot.loss.isNothing)
  }

  /// As a thread leaves it that finds its segment to be somebody else's, and as a process leaves a place that a dead one
  /// has not filled; an unknown kind is something else.
  @Test(arguments: [(127, 0, 0), (126, 0, 1), (125, 1, 0)])
  func aPlaceThatSaysNothingIsPassedOver(code: UInt8, damaged: Int, holes: Int) throws {
    let log = try ScratchLog()
    let writer = try log.writer(ownThread: false)
    for number in 1...3 as ClosedRange<UInt64> {
      writer.scribe(thread: 1).write(Payload(author: 1, number: number).record)
    }
    writer.close()
    let place = Layout(sizeMiB: 16).segmentsOffset + 2 * Layout.recordSize
    let kind = try #require(MemoryLayout<Record>.offset(of: \.kindCode))
    try Poke(log.path).write(code, at: place + kind)
    let snapshot = try log.snapshot()
    #expect(payloads(snapshot.records) == [1, 3])
    #expect(snapshot.loss.damaged == damaged && snapshot.loss.holes == holes)
    let scan = try log.reader().scan()
    #expect(scan.recordCount == snapshot.records.count && scan.overview.loss == snapshot.loss)
    var scanned = 0
    let missing = scan.forEachBatch { scanned += $0.count }
    #expect(missing == 0 && scanned == scan.recordCount)
  }

  @Test func aServiceWithoutALogHasSilentScribes() {
    let scribe = Scribe.silent(thread: 9)
    #expect(scribe.thread == 9)
    #expect(scribe.write(Record(kind: .end, time: 5)) == 5)
    #expect(scribe.write(Record(kind: .end)) > 5)
  }

  @Test func moreProcessesThanSlotsAreRefused() throws {
    let log = try ScratchLog()
    try Poke(log.path).write(UInt64(Layout.processSlots - 1), at: Layout.Header.nextProcess)
    let last = try log.writer(ownThread: false)
    #expect(throws: TraceLogError.noProcessSlot(path: log.path)) { try log.writer() }
    #expect(TraceLogError.noProcessSlot(path: log.path).description.contains("65536"))
    last.close()
    #expect(try log.snapshot().processes.map(\.slot) == [Layout.processSlots - 1])
  }
}
