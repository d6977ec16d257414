import ChainModel
import Glibc
import Synchronization
import Testing
import TraceLog

/// A service that is killed and started again, as often as one likes, takes from the log what it writes and no more.
@Suite struct LogRestartTests {
  private func write(_ author: UInt32, _ numbers: ClosedRange<UInt64>, by scribe: Scribe) {
    for number in numbers { scribe.write(Payload(author: author, number: number).record) }
  }

  @Test(.timeLimit(.minutes(1))) func restartsLoseNothingWhileTheLogHasRoom() throws {
    let log = try ScratchLog()
    var restarts = try Restarts(log)
    let follower = try log.reader()
    var (check, followed) = (PayloadCheck(), PayloadCheck())
    for round in 0..<1_100 as Range<UInt32> {
      try restarts.run { writer in
        let authors = (1...3).map { round * 3 + $0 }
        let scribes = [writer.scribe(thread: authors[0])] + authors[1...].map { writer.scribeOfLoop(thread: $0) }
        for scribe in scribes { write(scribe.thread, 1...20, by: scribe) }
        writer.help()
      }
      if round % 100 == 99 { followed.read(try follower.readNew().records) }
    }
    let snapshot = try log.snapshot()
    #expect(snapshot.completeSince == 0 && snapshot.loss.isNothing, "\(snapshot.loss.text)")
    check.read(snapshot.records)
    for found in [check, followed] {
      #expect(found.count == 1_100 * 3 * 20 && found.missingCount == 0 && found.wrong == 0)
    }
    let scan = try log.reader().scan()
    var scanned = 0
    let missing = scan.forEachBatch { scanned += $0.count }
    #expect(missing == 0 && scanned == snapshot.records.count)
    // What was written, and the ends of three streams.
    let full = snapshot.records.count / Layout(sizeMiB: 16).recordsPerSegment
    #expect(restarts.segmentsUsed <= full + 10, "\(restarts.segmentsUsed) segments for \(full)")
    #expect(snapshot.processes.count == 1_100 && snapshot.processes.allSatisfy { $0.name == "payment-service" })
  }

  /// Real processes, killed while they write into what the one before has left.
  @Test(.timeLimit(.minutes(10))) func nothingAcknowledgedIsLostByKillsAndRestarts() async throws {
    let log = try ScratchLog(sizeMiB: 256)
    let rounds = Storm.count(1_100, otherwise: 12)
    // Of 1,100, each must write little, however late a busy machine kills it, so that the log does not wrap.
    let (time, pause): (UInt64, UInt32) = Storm.isOn ? (1_000_000, 5) : (4_000_000, 0)
    var acknowledged: [[UInt64]] = []
    for round in 0..<rounds {
      let words = "\(log.folder)/words"
      unlink(words)
      let victim = try WriterProcess(index: 0, wordsPath: words, life: round)
      let killer = Threads.start { WriterProcess.kill([victim], within: time, seed: UInt64(round)) }
      await WriterProcess.victim(0, log: log.path, words: words, life: round, pause: pause)
      pthread_join(killer, nil)
      acknowledged.append((0..<WriterProcess.threads).map(victim.acknowledged))
    }
    let snapshot = try log.snapshot()
    var check = PayloadCheck()
    check.read(snapshot.records)
    #expect(snapshot.completeSince == 0 && check.wrong == 0 && check.missingCount == 0)
    #expect(check.count > rounds)
    for (round, counts) in acknowledged.enumerated() {
      for (thread, written) in counts.enumerated() {
        let found = check.last[WriterProcess.author(0, thread, life: round), default: 0]
        #expect(found == written || found == written + 1, "acknowledged \(written), found \(found)")
      }
    }
    #expect(snapshot.loss.pending == 0 && snapshot.loss.damaged == 0 && snapshot.loss.dropped == 0)
    #expect(snapshot.loss.holes <= rounds * (WriterProcess.threads + 1))
    print("restarts: \(rounds) processes killed, \(check.count) records, \(snapshot.loss.holes) holes")
  }

  @Test func whatADeadProcessHasNotFilledIsCountedWhoeverGoesOnThere() throws {
    let log = try ScratchLog()
    var restarts = try Restarts(log)
    try restarts.run { write(1, 1...5, by: $0.scribe(thread: 1)) }
    restarts.leaveHole()
    let reader = try log.reader()
    #expect(try reader.readNew().loss.holes == 1)
    let writer = try log.writer(ownThread: false)
    write(2, 1...5, by: writer.scribe(thread: 2))
    // Both are in one segment now, and the place between them belongs to nobody who lives.
    #expect(restarts.segmentsUsed == 1 + 2)
    for loss in [try log.snapshot().loss, try reader.readNew().loss] {
      #expect(loss.holes == 1 && loss.pending == 0 && loss.damaged == 0)
    }
    writer.close()
    #expect(Remains.of(try log.snapshot().records).mapValues(\.last) == [1: 5, 2: 5])
    #expect(try log.snapshot().loss.holes == 1)
  }

  /// Nobody goes on where a living process writes, or one that has said that it stops and is still there.
  @Test func theSegmentsOfTheLivingAreLeftAlone() throws {
    let log = try ScratchLog()
    let restarts = try Restarts(log)
    let writers = try (0..<3).map { _ in try log.writer(ownThread: false) }
    for (index, writer) in writers.enumerated() {
      write(UInt32(index), 1...3, by: writer.scribe(thread: UInt32(index)))
    }
    writers[0].close()
    let next = try log.writer(ownThread: false)
    write(9, 1...3, by: next.scribe(thread: 9))
    // Each has one with records and one ready; of the first one, that was given back and taken again.
    #expect(restarts.segmentsUsed == 3 * 2 + 1)
  }

  // MARK: Names

  @Test func aServiceThatIsStartedAgainTakesNoRoomForItsNames() throws {
    let log = try ScratchLog()
    var restarts = try Restarts(log)
    func start() throws {
      try restarts.run { writer in
        for number in 0..<50 {
          writer.scribe(thread: 1).write(
            Record(kind: .arrive, name: writer.intern("GET /users/{username}/\(number)")))
        }
      }
    }
    try start()
    let first = restarts.textBytes
    for _ in 0..<500 { try start() }
    #expect(restarts.textBytes == first)
    #expect(try log.snapshot().processes.allSatisfy { $0.name == "payment-service" })
  }

  @Test func threadsThatNeedATextAtOnceShareIt() throws {
    let log = try ScratchLog()
    let restarts = try Restarts(log)
    let writers = try (0..<4).map { try log.writer("service-\($0)", ownThread: false) }
    let before = restarts.textBytes
    let ids = SharedIDs()
    Threads.run(4) { thread in
      for number in 0..<2_000 { ids.add(writers[thread].intern("text \(number)"), of: number) }
    }
    #expect(ids.values.count == 2_000)
    for (number, found) in ids.values {
      #expect(found.count == 1, "text \(number) has \(found.count) ids")
    }
    // Two that store it at the same instant take its room twice; most do not.
    #expect(restarts.textBytes - before < 2_000 * 16 * 4)
    #expect(restarts.textBytes - before >= 2_000 * 16)
  }

  private final class SharedIDs: Sendable {
    private let ids = Mutex<[Int: Set<UInt32>]>([:])
    var values: [Int: Set<UInt32>] { ids.withLock { $0 } }
    func add(_ id: UInt32, of number: Int) { ids.withLock { _ = $0[number, default: []].insert(id) } }
  }

  @Test func aLongTextIsCutWithAMarkAndStaysItself() throws {
    let log = try ScratchLog()
    let writer = try log.writer(ownThread: false)
    let texts = ["1", "2"].map { "latency=" + String(repeating: "é", count: 3_000) + $0 }
    let ids = texts.map { writer.intern($0) }
    #expect(Set(ids).count == 2 && texts.map { writer.intern($0) } == ids)
    for id in ids { writer.scribe(thread: 1).write(Record(kind: .fault, detail: 1, name: id)) }
    let strings = try log.snapshot().strings
    for id in ids {
      let text = strings[id]
      #expect(text.utf8.count <= 256 && text.utf8.count > 240)
      #expect(text.wholeMatch(of: /latency=é+… #[0-9a-f]{8}/) != nil, "\(text)")
    }
    #expect(strings[ids[0]] != strings[ids[1]])
  }

  /// Fault texts by the thousand: a service that is started again afterwards still has its name, and its threads theirs.
  @Test func longTextsLeaveRoomForTheNamesOfServices() throws {
    let log = try ScratchLog()
    var restarts = try Restarts(log)
    var said: [String] = []
    try restarts.run("gateway") { writer in
      let scribe = writer.scribe(thread: 1)
      for number in 0..<8_000 {
        let id = writer.intern("fault: \(number) " + String(repeating: "x", count: 1_000))
        #expect(id != 0)
        if number % 500 == 0 { said.append((try? log.snapshot().loss.text) ?? "") }
        if number == 7_999 { scribe.write(Record(kind: .fault, detail: 1, name: id)) }
      }
    }
    // It is said before anything is refused.
    #expect(said.first == "nothing lost")
    #expect(said.contains { $0.hasPrefix("nothing lost; its table of names is ") })
    let writer = try log.writer("payment-service-17", ownThread: false)
    let thread = writer.intern("payment-w23", as: .identity)
    writer.scribe(thread: 23).write(Record(kind: .threadStart, detail: 1, name: thread))
    let snapshot = try log.snapshot()
    #expect(snapshot.loss.strings > 4_000 && snapshot.loss.text.contains("texts refused"))
    #expect(snapshot.processes.map(\.name) == ["gateway", "payment-service-17"])
    #expect(snapshot.strings[thread] == "payment-w23")
    let faults = snapshot.records.filter { $0.kind == .fault }.map { snapshot.strings[$0.name] }
    #expect(faults == ["(not kept: the log's table of names is full)"])
  }

  // MARK: Processes

  @Test func aProcessOfMoreThanFourThousandIsToldApart() throws {
    let log = try ScratchLog()
    var restarts = try Restarts(log, from: 4_095)
    for _ in 0..<3 { try restarts.run { write(1, 1...1, by: $0.scribe(thread: 1)) } }
    let writer = try log.writer("load", ownThread: false)
    write(2, 1...10, by: writer.scribeOfLoop(thread: 2))
    let snapshot = try log.snapshot()
    #expect(snapshot.processes.map(\.slot) == [4_095, 4_096, 4_097, 4_098])
    #expect(snapshot.processes.map(\.fate) == [.died, .died, .died, .running])
    let writers = Set(snapshot.records.filter { $0.thread == 2 }.map { snapshot.process($0)?.name })
    #expect(writers == ["load"])
    #expect(snapshot.loss.isNothing && snapshot.loss.pending == 0)
  }
}
