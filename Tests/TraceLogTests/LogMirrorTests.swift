import ChainModel
import Glibc
import Testing
import TraceLog

/// A log of another host is copied as it grows; the copy is a log like any other.
@Suite struct LogMirrorTests {
  private func write(_ scribe: Scribe, _ numbers: ClosedRange<UInt64>) {
    for number in numbers { scribe.write(Payload(author: scribe.thread, number: number).record) }
  }

  @Test func theMirrorOfALogEqualsItAndReadsAsIt() throws {
    let log = try ScratchLog()
    let mirrored = try MirroredLog(log)
    try mirrored.pull()
    #expect(try mirrored.difference() == nil, "before anybody has written")
    let writer = try log.writer(ownThread: false)
    let name = writer.intern("GET /users/{username}/payment-status")
    for number in 1...1_000 as ClosedRange<UInt64> {
      var record = Payload(author: 1, number: number).record
      record.name = name
      writer.scribe(thread: 1).write(record)
      if number % 100 == 0 { try mirrored.pull() }
    }
    writer.close()
    try mirrored.pull()
    #expect(try mirrored.difference() == nil)
    let (original, copy) = (try log.snapshot(), try mirrored.snapshot())
    #expect(copy.records == original.records && copy.records.count == 1_002)
    #expect(copy.strings[name] == "GET /users/{username}/payment-status")
    #expect(copy.processes == original.processes && copy.loss == original.loss && copy.runID == "run-of-the-test")
  }

  @Test func whatIsThereIsNotFetchedAgain() throws {
    let log = try ScratchLog()
    let scribe = try log.writer(ownThread: false).scribe(thread: 1)
    write(scribe, 1...20_000)
    do {
      let mirrored = try MirroredLog(log)
      #expect(try mirrored.pull() > 20_000 * 64)
      #expect(try mirrored.pull() < 200, "nothing was new")
      // Two thousand at a time: a fifth of a second of a busy host.
      var count = 0
      for lap in 10..<20 as Range<UInt64> {
        write(scribe, (lap * 2_000 + 1)...(lap * 2_000 + 2_000))
        count += try mirrored.pull()
      }
      #expect(count / 20_000 <= 72, "\(count) bytes for 20,000 records")
    }
    let mirrored = try MirroredLog(log)
    write(scribe, 40_001...40_010)
    let again = try mirrored.pull()
    #expect(again < 100_000, "one that goes on has fetched \(again) bytes")
    #expect(try mirrored.difference() == nil)
  }

  /// With a limit that is less than what there is, and than its tables.
  @Test(arguments: [1, 10_000, 200_000]) func aLargeLogComesInParts(limit: Int) throws {
    let log = try ScratchLog()
    let mirrored = try MirroredLog(log)
    let writer = try log.writer(ownThread: false)
    for number in 0..<2_000 { _ = writer.intern("GET /number/\(number)") }
    write(writer.scribe(thread: 1), 1...30_000)
    let most = try mirrored.answer(limit: limit).count
    #expect(most < 2 * limit + 40_000, "\(most)")
    try mirrored.pull(limit: limit)
    #expect(try mirrored.difference() == nil)
  }

  /// A reader of the mirror must not take a place that is about to be filled for one that never was.
  @Test func aPlaceThatIsNotFilledYetIsNotSpokenOf() throws {
    let log = try ScratchLog()
    let mirrored = try MirroredLog(log)
    let poke = try Poke(log.path)
    var restarts = try Restarts(log)
    let entry = Layout.segmentTableOffset
    try restarts.run { writer in
      write(writer.scribe(thread: 1), 1...5)
      // Claimed, and not filled.
      poke.write(UInt64(7), at: entry + Layout.Segment.cursor)
      write(writer.scribe(thread: 1), 6...10)
      #expect((try? mirrored.pull()) != nil)
    }
    let cursor = try Poke(mirrored.mirrorPath).bytes(at: entry + Layout.Segment.cursor, count: 1)
    #expect(cursor == [6], "the process's beginning and five records")
    let behind = try mirrored.snapshot()
    #expect(behind.records.count == 6 && behind.loss.holes == 0 && behind.loss.pending == 0)
    // Its process is gone: nobody will fill it.
    try mirrored.pull()
    #expect(try mirrored.difference() == nil)
    let copy = try mirrored.snapshot()
    let original = try log.snapshot()
    #expect(copy.loss.holes == 1 && copy.records == original.records)
    // Another process goes on there, and says so in the place.
    write(try log.writer(ownThread: false).scribe(thread: 2), 1...5)
    try mirrored.pull()
    #expect(try mirrored.difference() == nil)
  }

  /// Many processes that come and go: none is said to have stopped before its last record is there.
  @Test(.timeLimit(.minutes(1))) func aProcessThatHasStoppedIsThereWithAllThatItWrote() throws {
    let log = try ScratchLog()
    let mirrored = try MirroredLog(log)
    let (each, count) = (50, 150)
    let writing = Threads.start {
      for index in 0..<count {
        guard let writer = try? log.writer("process-\(index)", ownThread: false) else { return }
        let scribe = writer.scribe(thread: UInt32(index + 1))
        for number in 1...UInt64(each) { scribe.write(Payload(author: scribe.thread, number: number).record) }
        writer.close()
      }
    }
    var stopped = 0
    while stopped < count {
      try mirrored.pull()
      let copy = try mirrored.snapshot()
      let written = Dictionary(grouping: copy.records.filter { $0.kind == Payload.kind }, by: \.process)
      let over = copy.processes.filter { $0.fate == .stopped }
      let short = over.filter { written[UInt16($0.slot)]?.count != each }
      try #require(short.isEmpty, "\(short.map(\.name))")
      stopped = over.count
    }
    pthread_join(writing, nil)
    try mirrored.pull()
    #expect(try mirrored.difference() == nil)
  }

  @Test func aFileHasOneMirrorAtATime() throws {
    let mirrored = try MirroredLog(try ScratchLog())
    let error = #expect(throws: MirrorError.self) { try LogMirror(path: mirrored.mirrorPath) }
    #expect(error == .busy(path: mirrored.mirrorPath))
  }

  @Test func whatIsNoMirrorIsLeftAlone() throws {
    let scratch = try ScratchLog(sizeMiB: nil)
    let path = scratch.path
    #expect(creat(path, 0o600) >= 0)
    try Poke(path).write(Array("a letter to somebody, longer than a page".utf8), at: 0)
    #expect(throws: MirrorError.self) { try LogMirror(path: path) }
    #expect(symlink(path, "\(path).link") == 0)
    #expect(throws: MirrorError.self) { try LogMirror(path: "\(path).link") }
    #expect(throws: MirrorError.self) { try LogMirror(path: "\(scratch.folder)/none/mirror.log") }
  }

  @Test func anotherLogIsNotMirroredIntoTheFile() throws {
    let mirrored = try MirroredLog(try ScratchLog())
    try mirrored.pull()
    let log = try ScratchLog()
    let other = try LogFeed(path: log.path)
    let error = #expect(throws: MirrorError.self) { try other.patches(for: mirrored.mirror.want) }
    #expect(error?.description.contains("mirror into another file") == true)
    // Nor when the feed does not care.
    let answer = try other.patches(for: LogWant()).bytes
    #expect(throws: MirrorError.self) { try mirrored.mirror.apply(answer) }
    #expect(try mirrored.difference() == nil)
  }
}
