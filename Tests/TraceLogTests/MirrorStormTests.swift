import ChainModel
import Glibc
import Testing
import TraceLog

/// A mirror is the log, byte for byte, whatever writes and whoever is killed.
@Suite(.serialized) struct MirrorStormTests {
  /// Four writers, each with two busy threads and an event loop that has little to say, and a log that they fill several
  /// times over while it is mirrored, now quickly and now with pauses in which whole laps are missed.
  @Test(.timeLimit(.minutes(3)), arguments: [0, 300_000] as [UInt32])
  func aLogThatWrapsIsMirroredByteForByte(pause: UInt32) throws {
    let log = try ScratchLog()
    let mirrored = try MirroredLog(log)
    let writers = try (0..<4).map { try log.writer("writer-\($0)") }
    let words = try SharedWords(path: "\(log.folder)/words")
    let end = Monotonic.now() + 60_000_000_000
    let running = Threads.start {
      Threads.run(12) { index in
        let (writer, id) = (writers[index / 3], UInt32(index + 1))
        let scribe = index % 3 == 2 ? writer.scribeOfLoop(thread: id) : writer.scribe(thread: id)
        let enough: UInt64 = index % 3 == 2 ? 4_000 : 400_000
        var number: UInt64 = 0
        // On a quick machine enough is written before the mirror has looked at anything.
        while number < enough || (words[1] == 0 && Monotonic.now() < end) {
          number += 1
          scribe.write(Payload(author: id, number: number).record)
        }
      }
      for writer in writers { writer.close() }
      words[0] = 1
    }
    var (pulls, looks) = (0, 0)
    while words[0] == 0 {
      try mirrored.pull()
      pulls += 1
      // Now and then: after 1, 2, 4, 8, … pulls.
      if pulls & (pulls - 1) == 0, try expectWholeThreads(mirrored) {
        looks += 1
        words[1] = 1
      }
      usleep(pause)
    }
    pthread_join(running, nil)
    try mirrored.pull()
    #expect(try mirrored.difference() == nil)
    let (original, copy) = (try log.snapshot(), try mirrored.snapshot())
    #expect(copy.records == original.records && copy.loss == original.loss)
    #expect(copy.completeSince == original.completeSince)
    #expect(original.loss.overwritten > 2_000_000 && looks > 0)
    print("mirror storm: \(pulls) pulls, \(mirrored.mirror.records) records, \(mirrored.mirror.received) bytes")
  }

  /// Between the moments that the mirror names, it has every record of every thread.
  /// - Returns: whether there were any.
  private func expectWholeThreads(_ mirrored: MirroredLog) throws -> Bool {
    let asOf = mirrored.mirror.asOf
    let copy = try mirrored.snapshot()
    let complete = copy.records.filter { $0.time >= copy.completeSince && $0.time <= asOf }
    let remains = Remains.of(complete)
    let torn = remains.filter { !$0.value.isWhole }
    #expect(torn.isEmpty, "\(torn)")
    return !remains.isEmpty
  }

  /// Words that the processes share: the mirror's pid once it is up, and that the writers are to end.
  private static let (up, over) = (500, 501)

  /// Feed and mirror in one process, which is killed and started again, while four writers write.
  @Test(.timeLimit(.minutes(5))) func nothingIsLostWhenFeedAndMirrorAreKilled() async throws {
    let log = try ScratchLog()
    let (words, mirror) = ("\(log.folder)/words", "\(log.folder)/mirror.log")
    let shared = try SharedWords(path: words)
    let writers = try (0..<4).map { try log.writer("writer-\($0)") }
    let running = Threads.start {
      Threads.run(8) { index in
        let scribe = writers[index / 2].scribe(thread: UInt32(index + 1))
        var number: UInt64 = 0
        while shared[Self.over] == 0 {
          number += 1
          scribe.write(Payload(author: scribe.thread, number: number).record)
          if number % 16 == 0 { usleep(100) }
        }
      }
      for writer in writers { writer.close() }
    }
    var random = IDGenerator(seed: 19)
    for _ in 0..<Storm.count(200, otherwise: 20) {
      shared[Self.up] = 0
      let instant = random.next() % 60_000_000
      let killer = Threads.start {
        _ = poll { shared[Self.up] != 0 }
        let end = Monotonic.now() + instant
        while Monotonic.now() < end { usleep(50) }
        let pid = pid_t(shared[Self.up])
        if pid != 0 { kill(pid, SIGKILL) }
      }
      await Self.mirrorUntilKilled(log.path, mirror, words)
      pthread_join(killer, nil)
    }
    shared[Self.over] = 1
    pthread_join(running, nil)
    _ = try MirroredLog.pull(LogFeed(path: log.path), LogMirror(path: mirror))
    #expect(try MirroredLog.difference(log.path, mirror) == nil)
    let (original, copy) = (try log.snapshot(), try LogReader(path: mirror).snapshot())
    #expect(copy.records == original.records && copy.loss == original.loss && !copy.records.isEmpty)
    print("mirror kills: \(copy.records.count) records, \(copy.loss.text)")
  }

  private static func mirrorUntilKilled(_ log: String, _ mirror: String, _ words: String) async {
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [log = log as String, mirror = mirror as String, words = words as String] in
      let (feed, mirror) = (try LogFeed(path: log), try LogMirror(path: mirror))
      let shared = try SharedWords(path: words)
      shared[MirrorStormTests.up] = UInt64(getpid())
      let end = Monotonic.now() + 60_000_000_000
      while Monotonic.now() < end { _ = try MirroredLog.pull(feed, mirror, limit: 100_000) }
    }
  }
}
