import ChainModel
import FoundationEssentials
import Glibc
import Testing
import TraceLog

/// What a log of another host says of who lives and until when it is complete.
@Suite struct HostLogTests {
  /// A pid that no process of this host has.
  private static let nobody: Int32 = 0x3fff_ffff

  private func setPid(_ pid: Int32, of slot: Int, in log: ScratchLog) throws {
    try Poke(log.path).write(UInt32(pid), at: Layout.processesOffset + slot * 64 + Layout.Process.pid)
  }

  private func fates(_ log: ScratchLog, host: String?, isLive: Bool) throws -> [LogProcess.Fate] {
    try LogReader([LogSource(path: log.path, host: host, isLive: isLive)]).snapshot().processes.map(\.fate)
  }

  /// In another time namespace its start reads otherwise, in another container its pid is somebody else's.
  @Test func whoLivesIsNotAskedOfAnotherHostsPids() throws {
    let log = try ScratchLog()
    let (here, there, stopped) = (try log.writer("a"), try log.writer("b"), try log.writer("c"))
    stopped.close()
    try setPid(Self.nobody, of: 1, in: log)
    #expect(try fates(log, host: nil, isLive: true) == [.running, .died, .stopped])
    #expect(try fates(log, host: "green", isLive: true) == [.running, .running, .stopped])
    // The run is over: who has not said that it stops has died with it.
    #expect(try fates(log, host: "green", isLive: false) == [.died, .died, .stopped])
    here.close()
    there.close()
  }

  @Test func itsKeeperSaysInTheLogWhoIsGone() throws {
    let log = try ScratchLog()
    let (here, there) = (try log.writer("a"), try log.writer("b"))
    defer {
      here.close()
      there.close()
    }
    try setPid(Self.nobody, of: 1, in: log)
    try LogKeeper(path: log.path).look()
    #expect(try fates(log, host: "green", isLive: true) == [.running, .died])
    #expect(try fates(log, host: nil, isLive: true) == [.running, .died])
  }

  /// Two hosts whose clocks are the same, as their calls say.
  private func pair() throws -> (blue: ScratchLog, green: ScratchLog, writers: [LogWriter], sources: [LogSource]) {
    let logs = [try ScratchLog(), try ScratchLog()]
    let writers = [
      try LogWriter(path: logs[0].path, name: "gateway", place: ServicePlace(order: 0)),
      try LogWriter(path: logs[1].path, name: "user-service", place: ServicePlace(order: 1)),
    ]
    let (caller, callee) = (writers[0].scribe(thread: 1), writers[1].scribe(thread: 2))
    for call in UInt64(1)...20 {
      let flags = WaitFlags.held.rawValue
      caller.write(
        Record(kind: .waitStart, span: call, other: call + 100, detail: WaitCause.call.rawValue, arg: flags))
      callee.write(Record(kind: .arrive, span: call + 200, other: call + 100))
      callee.write(Record(kind: .end, span: call + 200, arg: 200))
      caller.write(Record(kind: .waitEnd, span: call, other: call + 100, arg: flags))
    }
    let sources = [
      LogSource(path: logs[0].path, host: "blue", isLive: true),
      LogSource(path: logs[1].path, host: "green", isLive: true),
    ]
    return (logs[0], logs[1], writers, sources)
  }

  private func touch(_ log: ScratchLog, secondsAgo: Int) throws {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    now.tv_sec -= secondsAgo
    let times = [now, now]
    try #require(utimensat(AT_FDCWD, log.path, times, 0) == 0)
  }

  @Test func theSlowestCopyHoldsTheMergeBack() throws {
    let (blue, green, writers, sources) = try pair()
    defer { for writer in writers { writer.close() } }
    let keepers = [try LogKeeper(path: blue.path), try LogKeeper(path: green.path)]
    for keeper in keepers { keeper.look() }
    for log in [blue, green] { try touch(log, secondsAgo: 0) }
    let reader = try LogReader(sources)
    let first = try reader.readNew()
    #expect(first.records.count { $0.kind == .arrive || $0.kind == .waitStart } == 40)
    #expect(first.hosts.allSatisfy(\.isClockKnown) && first.processes.allSatisfy { $0.fate == .running })

    let time = writers[0].scribe(thread: 1).write(Record(kind: .stall, other: 1))
    keepers[0].look()
    try touch(blue, secondsAgo: 0)
    let second = try reader.readNew()
    #expect(!second.records.contains { $0.kind == .stall }, "green has not got that far")
    #expect(second.takenAt <= time &+ (second.hosts[1].clock.bound ?? 0) + 1)

    keepers[1].look()
    try touch(green, secondsAgo: 0)
    let third = try reader.readNew()
    #expect(third.records.count { $0.kind == .stall } == 1)
    #expect(third.takenAt > second.takenAt)
    #expect(try reader.readNew().records.isEmpty)
  }

  @Test func aHostThatIsNotHeardHoldsNobodyBackAndIsNamed() throws {
    let (blue, green, writers, sources) = try pair()
    defer { for writer in writers { writer.close() } }
    let keepers = [try LogKeeper(path: blue.path), try LogKeeper(path: green.path)]
    for keeper in keepers { keeper.look() }
    // A copy that nobody writes to.
    let copy = try ScratchLog(sizeMiB: nil)
    try FileManager.default.copyItem(atPath: green.path, toPath: copy.path)
    try touch(copy, secondsAgo: 20)
    writers[0].scribe(thread: 1).write(Record(kind: .stall, other: 1))
    keepers[0].look()
    try touch(blue, secondsAgo: 0)
    let log = try LogReader([sources[0], LogSource(path: copy.path, host: "green", isLive: true)]).snapshot()
    #expect(log.records.contains { $0.kind == .stall })
    #expect(log.loss.silentHosts == ["green"])
    #expect(log.loss.text.contains("nothing comes from green"))
    #expect(log.hosts.map { $0.silence > 10_000_000_000 } == [false, true])
  }

  /// A better estimate of a clock moves nothing that has begun, and turns no thread's time back.
  @Test func whatIsReadLaterIsNeverEarlier() throws {
    let (blue, green, writers, sources) = try pair()
    defer { for writer in writers { writer.close() } }
    let keepers = [try LogKeeper(path: blue.path), try LogKeeper(path: green.path)]
    let thread = Record(kind: .threadStart, other: Monotonic.now(), thread: 2, detail: ThreadRole.worker.rawValue)
    let callee = writers[1].scribe(thread: 2)
    writers[1].state("thread", thread, by: callee)
    let reader = try LogReader(sources)
    var (last, began): (UInt64, Set<UInt64>) = (0, [])
    for round in UInt64(1)...20 {
      callee.write(Record(kind: .arrive, span: 1_000 + round, other: 2_000 + round))
      callee.write(Record(kind: .end, span: 1_000 + round, arg: 200))
      writers[1].state("thread", thread, by: callee)
      let caller = writers[0].scribe(thread: 1)
      let flags = WaitFlags.held.rawValue
      caller.write(
        Record(kind: .waitStart, span: 9, other: 3_000 + round, detail: WaitCause.call.rawValue, arg: flags))
      callee.write(Record(kind: .arrive, span: 4_000 + round, other: 3_000 + round))
      callee.write(Record(kind: .end, span: 4_000 + round, arg: 200))
      caller.write(Record(kind: .waitEnd, span: 9, other: 3_000 + round, arg: flags))
      for keeper in keepers { keeper.look() }
      for log in [blue, green] { try touch(log, secondsAgo: 0) }
      let log = try reader.readNew()
      for record in log.records where log.process(record)?.name == "user-service" {
        if record.kind == .threadStart {
          began.insert(record.other)
        } else if record.kind == .arrive || record.kind == .end {
          #expect(record.time >= last)
          last = record.time
        }
      }
    }
    #expect(last > 0 && began.count == 1)
  }
}
