import ChainModel
import Glibc
import Synchronization
import Testing
import TraceLog

/// What lasts is still in the log when its first record has been overwritten.
@Suite struct LogStateTests {
  private static let room = 262_144

  /// Writes so much that every earlier record is overwritten, and sees to the log as its helper thread would.
  private func wrap(_ writer: LogWriter, laps: Int) {
    let scribe = writer.scribe(thread: 99)
    for number in 1...UInt64(laps * Self.room) {
      scribe.write(Payload(author: 99, number: number).record)
      if number % 10_000 == 0 { writer.help() }
    }
  }

  private func lasting(_ records: [Record]) -> [Record] {
    var seen: Set<Record> = []
    return records.filter { $0.kind != Payload.kind }.map { record in
      var record = record
      record.word = 0
      return record
    }.filter { seen.insert($0).inserted }
  }

  @Test(.timeLimit(.minutes(1))) func aStateOutlivesItsFirstRecord() throws {
    let log = try ScratchLog()
    let writer = try log.writer(ownThread: false)
    defer { writer.close() }
    let worker = writer.scribe(thread: 5)
    writer.state("pool", Record(kind: .pool, other: 64, arg: 16))
    writer.state("model", Record(kind: .model, detail: 1))
    writer.state("model", Record(kind: .model, detail: 3))
    writer.state("fault:1", Record(kind: .fault, detail: 1, name: writer.intern("latency=1s")))
    writer.state("thread:5", Record(kind: .threadStart, other: 7, detail: 1, name: writer.intern("w1")), by: worker)
    let before = lasting(try log.snapshot().records)
    #expect(before.map(\.kind) == [.processStart, .pool, .model, .model, .fault, .threadStart])
    wrap(writer, laps: 3)
    let snapshot = try log.snapshot()
    #expect(snapshot.loss.overwritten > 2 * Self.room)
    // To the nanosecond, and without the model that another has replaced.
    #expect(lasting(snapshot.records) == before.enumerated().filter { $0.offset != 2 }.map(\.element))
    #expect(snapshot.records.allSatisfy { $0.time >= snapshot.completeSince || $0.kind != Payload.kind })
    #expect(snapshot.strings[snapshot.records.first { $0.kind == .fault }?.name ?? 0] == "latency=1s")
  }

  @Test(.timeLimit(.minutes(1))) func aStateThatIsOverDoesNotComeBack() throws {
    let log = try ScratchLog()
    let writer = try log.writer(ownThread: false)
    defer { writer.close() }
    let worker = writer.scribe(thread: 5)
    writer.state("thread:5", Record(kind: .threadStart, detail: 1), by: worker)
    wrap(writer, laps: 1)
    #expect(try log.snapshot().records.contains { $0.kind == .threadStart })
    writer.forget("thread:5")
    worker.write(Record(kind: .threadStop))
    wrap(writer, laps: 2)
    let kinds = Set(try log.snapshot().records.compactMap(\.kind))
    #expect(kinds == [.processStart, Payload.kind])
  }

  /// While the helper repeats states: what has ended must not begin once more behind its end.
  @Test(.timeLimit(.minutes(1))) func noStateIsRepeatedBehindItsEnd() throws {
    let log = try ScratchLog()
    let writer = try log.writer(ownThread: false)
    defer { writer.close() }
    // So many that to repeat them takes a while.
    let others = 1_000
    for number in 1...others { writer.state("other \(number)", Record(kind: .pool, arg: UInt32(number))) }
    let isDone = Atomic(false)
    Threads.run(3) { thread in
      switch thread {
      case 0:
        while !isDone.load(ordering: .relaxed) { writer.help() }
      case 1:
        let loop = writer.scribeOfLoop(thread: 99)
        for number in 1...UInt64(4 * Self.room) { loop.write(Payload(author: 99, number: number).record) }
        isDone.store(true, ordering: .relaxed)
      default:
        let scribe = writer.scribe(thread: 5)
        var number: UInt64 = 0
        while !isDone.load(ordering: .relaxed) {
          number += 1
          writer.state("thread", Record(kind: .threadStart, span: number), by: scribe)
          writer.forget("thread")
          scribe.write(Record(kind: .threadStop, span: number))
        }
      }
    }
    // In the order of writing.
    let records = try log.snapshot().records.sorted { $0.word < $1.word }
    var ended: UInt64 = 0
    for record in records {
      if record.kind == .threadStop { ended = record.span }
      if record.kind == .threadStart { #expect(record.span > ended, "\(record.span) begins again behind \(ended)") }
    }
    #expect(ended > 0)
    #expect(records.count { $0.kind == .pool } > 2 * others, "nothing was repeated")
  }
}
