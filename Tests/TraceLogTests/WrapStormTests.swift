import ChainModel
import Glibc
import Synchronization
import Testing
import TraceLog

/// P6: a log that wraps keeps the newest records, and says what it has lost.
@Suite(.serialized) struct WrapStormTests {
  /// One thread's pen, and when it wrote its numbers 1, 2, 3, …
  private final class Author: Sendable {
    let scribe: Scribe
    let times = Mutex<[UInt64]>([])

    init(_ scribe: Scribe) {
      self.scribe = scribe
    }

    func write(_ count: Int) {
      times.withLock { times in
        for _ in 0..<count {
          let number = UInt64(times.count + 1)
          times.append(scribe.write(Payload(author: scribe.thread, number: number).record))
        }
      }
    }

    var written: Int { times.withLock { $0.count } }
    func time(of number: UInt64) -> UInt64 { times.withLock { $0[Int(number) - 1] } }
  }

  /// Four writers: each with two busy threads, and an event loop that has little to say and so holds an old segment.
  @Test(.timeLimit(.minutes(5))) func theNewestRecordsOfFourWritersAreKept() throws {
    for _ in 0..<Storm.count(100, otherwise: 3) {
      let (kept, complete) = try wrapOnce()
      #expect(complete > kept / 2, "of \(kept) records, the log is complete for \(complete) only")
    }
  }

  /// - Returns: how many records are left, and how many of them are not older than `completeSince`.
  private func wrapOnce() throws -> (kept: Int, complete: Int) {
    let log = try ScratchLog()
    let writers = try (0..<4).map { try log.writer("writer-\($0)", ownThread: false) }
    let authors = writers.enumerated().flatMap { index, writer in
      (0..<3).map { thread in
        let id = UInt32(index * 3 + thread + 1)
        return Author(thread == 2 ? writer.scribeOfLoop(thread: id) : writer.scribe(thread: id))
      }
    }
    Threads.run(authors.count) { index in
      for _ in 0..<1_000 { authors[index].write(index % 3 == 2 ? 1 : 150) }
    }
    let snapshot = try log.snapshot()
    let layout = Layout(sizeMiB: 16)
    let room = layout.segmentCount * layout.recordsPerSegment
    let written = authors.reduce(0) { $0 + $1.written }
    #expect(written > 4 * room)
    // Nobody repeats a state here: the four beginnings are all that was written besides.
    #expect(snapshot.loss.overwritten + snapshot.records.count == written + 4)
    #expect(snapshot.loss.dropped == 0 && snapshot.loss.holes == 0 && snapshot.loss.pending == 0)
    #expect(snapshot.records.count > room * 9 / 10)
    let remains = Remains.of(snapshot.records)
    var newestLost: UInt64 = 0
    for author in authors {
      // Of a thread that was done early, nothing may be left.
      let end = UInt64(author.written)
      let kept = remains[author.scribe.thread] ?? Remains(first: end + 1, last: end)
      #expect(kept.isWhole && kept.last == end, "thread \(author.scribe.thread) has gaps: \(kept)")
      if kept.first > 1 { newestLost = max(newestLost, author.time(of: kept.first - 1)) }
    }
    #expect(snapshot.completeSince == newestLost + 1)
    let complete = snapshot.records.count { $0.time >= snapshot.completeSince }
    print("wrap: \(written) records through room for \(room); complete for the last \(complete)")
    return (snapshot.records.count, complete)
  }

  /// Four processes that write as fast as they can until they are killed, one after another.
  @Test(.timeLimit(.minutes(10))) func theNewestRecordsOfKilledWritersAreKept() async throws {
    var (overwritten, laps) = (0, 0)
    for round in 0..<Storm.count(50, otherwise: 3) {
      let log = try ScratchLog()
      let words = "\(log.folder)/words"
      let victims = try (0..<4).map { try WriterProcess(index: $0, wordsPath: words) }
      let killer = Threads.start { WriterProcess.kill(victims, within: 200_000_000, seed: UInt64(round)) }
      await withTaskGroup { group in
        for index in 0..<4 { group.addTask { await WriterProcess.victim(index, log: log.path, words: words) } }
      }
      pthread_join(killer, nil)
      let loss = try checkRemains(log, of: victims)
      overwritten += loss.overwritten
      laps += loss.overwritten / (1_024 * 256)
    }
    print("wrap storm: \(overwritten) records overwritten in \(laps) laps")
    #expect(laps > 0)
  }

  /// A thread that was slow to write may have the last record of its process, with a time from before its segment.
  @Test(.timeLimit(.minutes(1))) func theLastRecordOfTheDeadOutlivesTheOnesBefore() async throws {
    let log = try ScratchLog()
    let layout = Layout(sizeMiB: 16)
    let last = UInt64(layout.recordsPerSegment * 2)
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = log.path as String, last = last as UInt64] in
      let writer = try LogWriter(path: path, name: "victim", ownThread: false)
      let early = Monotonic.now()
      for number in 1...last {
        var record = Payload(author: 1, number: number).record
        if number == last { record.time = early }
        writer.scribe(thread: 1).write(record)
      }
      kill(getpid(), SIGKILL)
    }
    let scribe = try log.writer(ownThread: false).scribe(thread: 2)
    var (number, isThere, losses) = (UInt64(0), true, 0)
    while isThere {
      for _ in 0..<layout.recordsPerSegment / 4 {
        number += 1
        scribe.write(Payload(author: 2, number: number).record)
      }
      guard number > UInt64(layout.recordsPerSegment * (layout.segmentCount - 10)) else { continue }
      let kept = try log.snapshot().records.filter { $0.thread == 1 && $0.kind == Payload.kind }.map(\.span)
      isThere = !kept.isEmpty
      if isThere, kept.count < last {
        losses += 1
        let hasLast = kept.contains(last)
        #expect(hasLast, "\(kept.count) are left, but not the last")
      }
      try #require(number < UInt64(layout.recordsPerSegment * layout.segmentCount * 3))
    }
    #expect(losses > 0)
  }

  private func checkRemains(_ log: ScratchLog, of victims: [WriterProcess]) throws -> LogLoss {
    let snapshot = try log.snapshot()
    let remains = Remains.of(snapshot.records)
    for victim in victims {
      for thread in 0..<WriterProcess.threads {
        let acknowledged = victim.acknowledged(thread)
        guard let kept = remains[victim.author(thread)] else { continue }
        #expect(kept.isWhole, "\(kept)")
        #expect(kept.last == acknowledged || kept.last == acknowledged + 1, "acknowledged \(acknowledged), \(kept)")
      }
    }
    #expect(snapshot.loss.dropped == 0 && snapshot.loss.damaged == 0 && snapshot.loss.pending == 0)
    #expect(snapshot.loss.holes <= victims.count * (WriterProcess.threads + 1))
    return snapshot.loss
  }
}
