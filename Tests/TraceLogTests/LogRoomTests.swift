import ChainModel
import Glibc
import Testing
import TraceLog

/// A log that has no room is one clear error; one that runs out of it goes on as far as it can and says what it lost.
///
/// A file that is cut off behind the writer's back stands for a full file system where that cannot be had: both refuse
/// the next pages in the same call. `aFullFileSystem…` uses a real one.
@Suite struct LogRoomTests {
  private let layout = Layout(sizeMiB: 16)

  private func write(_ count: Int, by scribe: Scribe, from first: UInt64 = 1) {
    for number in first..<(first + UInt64(count)) {
      scribe.write(Payload(author: scribe.thread, number: number).record)
    }
  }

  @Test func recordsWithoutRoomAreDroppedAndCounted() throws {
    let log = try ScratchLog()
    let writer = try log.writer(ownThread: false)
    let scribes = [writer.scribe(thread: 1), writer.scribeOfLoop(thread: 2), writer.scribeOfLoop(thread: 3)]
    let poke = try Poke(log.path)
    poke.truncate(to: layout.segmentOffset(2))
    for scribe in scribes { write(10, by: scribe) }
    poke.truncate(to: layout.fileSize)
    // The first two have a segment each, for the third there was none.
    let snapshot = try log.snapshot()
    #expect(Remains.of(snapshot.records).mapValues(\.last) == [1: 10, 2: 10])
    #expect(writer.dropped == 10 && snapshot.loss.dropped == 10 && snapshot.processes.map(\.dropped) == [10])
    #expect(!snapshot.loss.isNothing && snapshot.loss.text.contains("10 dropped"))
    // There is room again, and the log tells when it had none.
    var number: UInt64 = 10
    let goesOn = try poll {
      number += 1
      write(1, by: scribes[2], from: number)
      return Remains.of(try log.snapshot().records)[3] != nil
    }
    #expect(goesOn)
    let dropped = writer.dropped
    #expect(UInt64(dropped) == number - 1)
    writer.help()
    writer.help()
    #expect(try log.snapshot().records.filter { $0.kind == .dropped }.map(\.arg) == [UInt32(dropped)])
    writer.close()
    #expect(try log.snapshot().processes.map(\.fate) == [.stopped])
  }

  @Test func aLogThatGetsNoMoreRoomWrapsInWhatItHas() throws {
    let log = try ScratchLog()
    let writer = try log.writer(ownThread: false)
    let poke = try Poke(log.path)
    poke.truncate(to: layout.segmentOffset(8))
    let count = layout.recordsPerSegment * 50
    write(count, by: writer.scribe(thread: 1))
    poke.truncate(to: layout.fileSize)
    let snapshot = try log.snapshot()
    let kept = try #require(Remains.of(snapshot.records)[1])
    #expect(kept.isWhole && kept.last == count)
    #expect(snapshot.records.count > layout.recordsPerSegment * 6)
    #expect(snapshot.loss.dropped == 0 && snapshot.loss.overwritten + snapshot.records.count == count + 1)
    #expect(snapshot.records.first?.time ?? 0 >= snapshot.completeSince && snapshot.completeSince > 0)
    writer.close()
  }

  @Test func aFileSizeLimitIsAnErrorAndNoSignal() async throws {
    let scratch = try ScratchLog(sizeMiB: nil)
    await #expect(processExitsWith: .success) { [path = scratch.path as String] in
      var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      let error = #expect(throws: TraceLogError.self) { try LogWriter.create(path: path, sizeMiB: 16, runID: "x") }
      #expect(error?.description.contains("limit for the size of files") == true, "\(String(describing: error))")
      #expect(access(path, F_OK) != 0)
    }
  }

  @Test func aFolderThatMustNotBeWrittenIsAnError() async throws {
    let scratch = try ScratchLog(sizeMiB: nil)
    #expect(chmod(scratch.folder, 0o555) == 0)
    await #expect(processExitsWith: .success) { [path = scratch.path as String] in
      // Root may write anywhere; somebody else must not.
      if geteuid() == 0 { #expect(setgid(65_534) == 0 && setuid(65_534) == 0) }
      #expect(throws: TraceLogError.cannotCreate(path: path, reason: "Permission denied")) {
        try LogWriter.create(path: path, sizeMiB: 16, runID: "x")
      }
    }
    #expect(chmod(scratch.folder, 0o755) == 0)
  }

  @Test(.enabled(if: TinyDisk.isPossible, TinyDisk.comment), arguments: [64, 512, 1_024])
  func aFullFileSystemTakesNoLog(sizeKiB: Int) throws {
    let disk = try TinyDisk(sizeKiB: sizeKiB)
    let path = "\(disk.folder)/trace.log"
    #expect(throws: TraceLogError.noSpace(path: path, needed: layout.tableBytes)) {
      try LogWriter.create(path: path, sizeMiB: 16, runID: "x")
    }
    // What had been taken is given back.
    #expect(access(path, F_OK) != 0)
    #expect(disk.freeKiB == sizeKiB)
  }

  @Test(.enabled(if: TinyDisk.isPossible, TinyDisk.comment))
  func aFullFileSystemStopsNoWriter() async throws {
    let disk = try TinyDisk(sizeKiB: (layout.tableBytes + Layout.page) / 1024 + 200)
    let path = "\(disk.folder)/trace.log"
    try LogWriter.create(path: path, sizeMiB: 16, runID: "x")
    await #expect(processExitsWith: .success) { [path = path as String] in
      let writer = try LogWriter(path: path, name: "gateway")
      Threads.run(4) { thread in
        let id = UInt32(thread + 1)
        let scribe = thread < 2 ? writer.scribe(thread: id) : writer.scribeOfLoop(thread: id)
        for number in 1...20_000 { scribe.write(Payload(author: id, number: UInt64(number)).record) }
      }
      writer.close()
    }
    #expect(disk.freeKiB < 16)
    let snapshot = try LogReader(path: path).snapshot()
    #expect(snapshot.loss.holes == 0 && snapshot.loss.damaged == 0 && snapshot.loss.pending == 0)
    #expect(snapshot.processes.map(\.fate) == [.stopped])
    let payloads = snapshot.records.count { Payload($0) != nil }
    let other = snapshot.records.count - payloads
    #expect(payloads > 200 * 1024 / 64 / 2)
    #expect(payloads + snapshot.loss.overwritten + snapshot.loss.dropped >= 80_000)
    #expect(other < 1_000)
  }
}
