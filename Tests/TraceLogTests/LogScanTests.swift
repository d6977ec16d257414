import ChainModel
import Glibc
import Synchronization
import Testing
import TraceLog

/// A scan gives every record once, in the order of time, however the log came about; and so does what is scanned as it
/// grows, of which a snapshot is the first look.
@Suite(.serialized) struct LogScanTests {
  private func records(of scan: LogScan) -> (records: [Record], missing: Int) {
    var records: [Record] = []
    let missing = scan.forEachBatch { batch in
      for index in batch.indices { records.append(batch[index]) }
    }
    return (records, missing)
  }

  /// Checks a log that nobody writes to any more.
  private func check(_ log: ScratchLog, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let snapshot = try log.snapshot()
    let scan = try log.reader().scan()
    let (records, missing) = records(of: scan)
    #expect(missing == 0, sourceLocation: sourceLocation)
    #expect(records.count == snapshot.records.count, sourceLocation: sourceLocation)
    #expect(zip(records, records.dropFirst()).allSatisfy { !Record.precedes($1, $0) }, sourceLocation: sourceLocation)
    #expect(Set(records.map(\.word)).count == records.count, sourceLocation: sourceLocation)
    for own in Dictionary(grouping: records.filter { $0.kind == Payload.kind && $0.span > 0 }, by: \.thread).values {
      let numbers = Set(own.map(\.span))
      let between = (numbers.max() ?? 0) - (numbers.min() ?? 0) + 1
      #expect(numbers.count == own.count && between == own.count, sourceLocation: sourceLocation)
    }
    let difference = zip(records, snapshot.records).enumerated().first { $0.element.0 != $0.element.1 }
    #expect(difference == nil, "record \(difference?.offset ?? 0) differs", sourceLocation: sourceLocation)
    #expect(scan.recordCount == records.count, sourceLocation: sourceLocation)
    #expect(scan.lastTime == snapshot.records.last?.time ?? 0, sourceLocation: sourceLocation)
    #expect(scan.overview.records.isEmpty && scan.overview.loss == snapshot.loss, sourceLocation: sourceLocation)
    #expect(scan.overview.processes == snapshot.processes, sourceLocation: sourceLocation)
    #expect(scan.overview.completeSince == snapshot.completeSince, sourceLocation: sourceLocation)
    #expect(
      Set(records.map(\.name)).allSatisfy { scan.overview.strings[$0] == snapshot.strings[$0] },
      sourceLocation: sourceLocation)
  }

  /// Four processes, each with three threads that share its segments and an event loop that writes less.
  private func write(_ log: ScratchLog, _ count: Int, change: @escaping @Sendable (inout Record) -> Void) throws {
    let writers = try (0..<4).map { try log.writer("writer-\($0)") }
    for (index, writer) in writers.enumerated() {
      writer.state("pool", Record(kind: .pool, other: 64, arg: UInt32(index)))
      for number in 0..<50 {
        let time = writer.scribe(thread: 1).write(Record(kind: .stall))
        writer.state("thread:\(number)", Record(kind: .threadStart, other: time, thread: UInt32(number)))
      }
    }
    Threads.run(16) { index in
      let (writer, id) = (writers[index / 4], UInt32(index + 1))
      let scribe = index % 4 == 3 ? writer.scribeOfLoop(thread: id) : writer.scribe(thread: id)
      let names = (0..<20).map { writer.intern("GET /number/\($0)") }
      for number in 1...UInt64(index % 4 == 3 ? count / 20 : count) {
        var record = Payload(author: id, number: number).record
        record.name = names[Int(number % 20)]
        change(&record)
        scribe.write(record)
      }
    }
    for writer in writers { writer.close() }
  }

  @Test(.timeLimit(.minutes(2))) func aScanOfManyWritersIsTheirSnapshot() throws {
    let log = try ScratchLog()
    try write(log, 10_000) { _ in }
    try check(log)
  }

  @Test(.timeLimit(.minutes(2))) func aScanOfAWrappedLogIsItsSnapshot() throws {
    let log = try ScratchLog()
    try write(log, 100_000) { _ in }
    #expect(try log.snapshot().loss.overwritten > 500_000)
    try check(log)
  }

  /// As some records are: their times are those of what they tell, not of the writing.
  @Test(.timeLimit(.minutes(2)), arguments: [1, 1_000, 1_000_000, 10_000_000_000])
  func recordsThatAreOutOfOrderAreGivenInOrder(nanoseconds: UInt64) throws {
    let log = try ScratchLog()
    try write(log, 5_000) { record in
      record.time = Monotonic.now() &- record.other % nanoseconds / 1_000 * 1_000
    }
    try check(log)
  }

  @Test(.timeLimit(.minutes(2))) func recordsOfOneInstantKeepTheirOrder() throws {
    let log = try ScratchLog()
    try write(log, 5_000) { $0.time = 1_000 + $0.span / 1_000 }
    try check(log)
  }

  @Test func anEmptyLogGivesNothing() throws {
    let scan = try ScratchLog().reader().scan()
    #expect(scan.recordCount == 0 && scan.lastTime == 0 && scan.overview.loss.isNothing)
    #expect(records(of: scan).records.isEmpty)
  }

  @Test(.timeLimit(.minutes(2))) func aScanOfKilledWritersIsTheirSnapshot() async throws {
    for round in 0..<Storm.count(20, otherwise: 2) {
      let log = try ScratchLog()
      let words = "\(log.folder)/words"
      let victims = try (0..<4).map { try WriterProcess(index: $0, wordsPath: words) }
      let killer = Threads.start { WriterProcess.kill(victims, within: 100_000_000, seed: UInt64(round)) }
      await withTaskGroup { group in
        for index in 0..<4 { group.addTask { await WriterProcess.victim(index, log: log.path, words: words) } }
      }
      pthread_join(killer, nil)
      try check(log)
    }
  }

  /// How many writers still write.
  private final class Running: Sendable {
    private let left = Atomic(2)

    var count: Int { left.load(ordering: .acquiring) }

    func end() { left.subtract(1, ordering: .releasing) }
  }

  /// A thread of a pool and a loop, each of which writes so many records, with a pause in microseconds after every 16.
  private func twoWriters(_ writer: LogWriter, _ count: UInt64, pause: UInt32, _ running: Running) -> [pthread_t] {
    (1...2).map { id in
      Threads.start {
        let scribe = id == 1 ? writer.scribe(thread: 1) : writer.scribeOfLoop(thread: 2)
        for number in 1...count {
          scribe.write(Payload(author: scribe.thread, number: number).record)
          if number % 16 == 0 { usleep(pause) }
        }
        running.end()
      }
    }
  }

  @Test(.timeLimit(.minutes(2))) func aScanOfALiveLogIsWholeUpToItsMoment() throws {
    let log = try ScratchLog()
    let writer = try log.writer()
    defer { writer.close() }
    let count: UInt64 = 100_000
    let running = Running()
    let threads = twoWriters(writer, count, pause: 100, running)
    let reader = try log.reader()
    var (last, scans) = (0, 0)
    var isOver = false
    while !isOver {
      isOver = running.count == 0
      let scan = try reader.scan()
      let (records, missing) = records(of: scan)
      let remains = Remains.of(records)
      #expect(missing == 0 && records.count == scan.recordCount && records.count >= last)
      #expect(remains.values.allSatisfy { $0.first == 1 && $0.isWhole })
      #expect(records.allSatisfy { $0.time <= scan.overview.takenAt })
      #expect(zip(records, records.dropFirst()).allSatisfy { Record.precedes($0, $1) })
      if isOver { #expect(remains.mapValues(\.last) == [1: count, 2: count]) }
      (last, scans) = (records.count, scans + 1)
    }
    for thread in threads { pthread_join(thread, nil) }
    #expect(scans > 3)
  }

  /// One who comes late is given everything once: what there is by a scan, and then what is new.
  @Test(.timeLimit(.minutes(2))) func aLogIsCaughtUpWithAndThenFollowed() throws {
    let log = try ScratchLog()
    let writer = try log.writer()
    defer { writer.close() }
    let count: UInt64 = 60_000
    let running = Running()
    let threads = twoWriters(writer, count, pause: 50, running)
    while try log.snapshot().records.count < 10_000 { usleep(1_000) }
    let reader = try log.reader()
    var check = PayloadCheck()
    let (known, missing) = records(of: try reader.catchUp())
    check.read(known)
    #expect(missing == 0 && check.count > 5_000)
    var (isOver, news) = (false, 0)
    while !isOver {
      isOver = running.count == 0
      let new = try reader.readNew().records
      check.read(new)
      if !new.isEmpty { news += 1 }
    }
    for thread in threads { pthread_join(thread, nil) }
    #expect(news > 3)
    #expect(check.wrong == 0 && check.missingCount == 0)
    #expect(check.last == [1: count, 2: count])
  }

  @Test(.timeLimit(.minutes(1))) func whatIsOverwrittenBetweenThePassesIsCounted() throws {
    let log = try ScratchLog()
    let writer = try log.writer(ownThread: false)
    defer { writer.close() }
    let scribe = writer.scribe(thread: 1)
    var number: UInt64 = 0
    func write(_ count: Int) {
      for _ in 0..<count {
        number += 1
        scribe.write(Payload(author: 1, number: number).record)
      }
    }
    write(200_000)
    let scan = try log.reader().scan()
    write(150_000)
    let (records, missing) = records(of: scan)
    let remains = try #require(Remains.of(records)[1])
    #expect(remains.isWhole && remains.last == 200_000)
    #expect(missing > 50_000 && records.count + missing == scan.recordCount)
  }

  @Test func anErrorOfTheConsumerEndsTheScan() throws {
    let log = try ScratchLog()
    let writer = try log.writer(ownThread: false)
    for number in 1...5_000 as ClosedRange<UInt64> {
      writer.scribe(thread: 1).write(Payload(author: 1, number: number).record)
    }
    writer.close()
    var batches = 0
    #expect(throws: TraceLogError.noProcessSlot(path: "enough")) {
      try log.reader().scan().forEachBatch { batch throws(TraceLogError) in
        batches += 1
        #expect(!batch.isEmpty && batch.count <= 1_024)
        if batches == 2 { throw .noProcessSlot(path: "enough") }
      }
    }
    #expect(batches == 2)
  }
}
