import ChainModel
import FoundationEssentials
import Glibc
import Synchronization
import Testing
import TraceLog

/// P7: whatever path a reader or a writer is given, there is one clear error, and it comes at once.
@Suite struct ForeignFileTests {
  /// What opening the path for reading and for writing says; nil where it did not end within ten seconds.
  private func open(_ path: String) -> [TraceLogError?]? {
    let found = Found()
    _ = Threads.start {
      var errors: [TraceLogError?] = []
      do throws(TraceLogError) { _ = try LogReader(path: path); errors.append(nil) } catch { errors.append(error) }
      do throws(TraceLogError) { try LogWriter(path: path, name: "x").close(); errors.append(nil) } catch {
        errors.append(error)
      }
      found.errors.withLock { $0 = errors }
    }
    _ = poll { found.errors.withLock { $0 != nil } }
    return found.errors.withLock { $0 }
  }

  private final class Found: Sendable {
    let errors = Mutex<[TraceLogError?]?>(nil)
  }

  /// Both errors, each of which names the path.
  private func refusals(_ path: String) throws -> [TraceLogError] {
    let errors = try #require(open(path), "opening \(path) hangs")
    let refusals = errors.compactMap { $0 }
    #expect(refusals.count == 2)
    #expect(refusals.allSatisfy { $0.description.contains(path) })
    return refusals
  }

  private func refusals(holding bytes: [UInt8]) throws -> [TraceLogError] {
    let scratch = try ScratchLog(sizeMiB: nil)
    try Data(bytes).write(to: URL(filePath: scratch.path))
    return try refusals(scratch.path)
  }

  private func isNotALog(_ error: TraceLogError) -> Bool {
    if case .notALog = error { true } else { false }
  }

  private func cannotOpen(_ error: TraceLogError) -> Bool {
    if case .cannotOpen = error { true } else { false }
  }

  @Test func aMissingFileCannotBeOpened() throws {
    let path = try ScratchLog(sizeMiB: nil).path
    #expect(try refusals(path).allSatisfy { cannotOpen($0) && $0.description.contains("No such file") })
  }

  @Test func aFolderIsNoLog() throws {
    let errors = try refusals(try ScratchLog(sizeMiB: nil).folder + "/..")
    #expect(errors.allSatisfy { isNotALog($0) || cannotOpen($0) })
  }

  @Test(.timeLimit(.minutes(1))) func aFIFOIsNoLogAndNobodyWaitsForIt() throws {
    let scratch = try ScratchLog(sizeMiB: nil)
    #expect(mkfifo(scratch.path, 0o600) == 0)
    #expect(try refusals(scratch.path).allSatisfy { isNotALog($0) && $0.description.contains("no regular file") })
  }

  @Test(arguments: ["/dev/null", "/dev/zero"]) func aDeviceIsNoLog(path: String) throws {
    #expect(try refusals(path).allSatisfy(isNotALog))
  }

  @Test func aLinkThatLeadsToItselfCannotBeOpened() throws {
    let scratch = try ScratchLog(sizeMiB: nil)
    #expect(symlink(scratch.path, scratch.path) == 0)
    #expect(try refusals(scratch.path).allSatisfy(cannotOpen))
  }

  @Test(arguments: [0, 1, 7, 8, 4_095]) func aShortFileIsNoLog(size: Int) throws {
    let errors = try refusals(
      holding: Array("CHAINLOG".utf8.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - 8)))
    #expect(errors.allSatisfy { isNotALog($0) && $0.description.contains("it has \(size) bytes") })
  }

  @Test(arguments: [4_096, 3 << 20]) func textAndZerosAreNoLog(size: Int) throws {
    for byte in [0, UInt8(ascii: "x"), 0xff] {
      #expect(try refusals(holding: [UInt8](repeating: byte, count: size)).allSatisfy(isNotALog))
    }
  }

  @Test(arguments: [0, 1, 2, UInt32.max]) func anotherVersionIsSaid(version: UInt32) throws {
    let log = try ScratchLog()
    try Poke(log.path).write(version, at: Layout.Header.version)
    #expect(try refusals(log.path) == Array(repeating: .wrongVersion(path: log.path, found: version), count: 2))
  }

  @Test func aHeaderOfImpossibleSizesIsRefused() throws {
    typealias Header = Layout.Header
    let wrong: [(Int, [UInt32])] = [
      (Header.recordSize, [0, 63, 128, .max]), (Header.segmentCount, [0, 65_536, .max, 1_025, 65_535]),
      (Header.recordsPerSegment, [0, 1, 63, 65, 320, 65_536, .max, 65_472]),
      (Header.stringBytes, [1, 4_095, 1 << 30, .max, 8_192, 1 << 28]), (Header.stringBytes + 4, [1, .max]),
    ]
    for (offset, values) in wrong {
      for value in values {
        let log = try ScratchLog()
        try Poke(log.path).write(value, at: offset)
        // One size alone that is too small leaves the file longer than it says.
        // To a reader one that is too large is a file cut short, of which nothing is left; a writer takes neither.
        let errors = try #require(open(log.path), "opening \(log.path) hangs")
        #expect(errors[1].map(isNotALog) == true, "\(value) at \(offset)")
        #expect(errors[0].map(isNotALog) ?? true, "\(value) at \(offset)")
      }
    }
  }

  @Test func aLogThatWasCutOffIsReadAsFarAsItGoesAndNotWritten() throws {
    let log = try ScratchLog()
    let writer = try log.writer(ownThread: false)
    for number in 1...100 as ClosedRange<UInt64> {
      writer.scribe(thread: 1).write(Payload(author: 1, number: number).record)
    }
    writer.close()
    let whole = try log.snapshot()
    try Poke(log.path).truncate(to: Layout(sizeMiB: 16).fileSize - 64)
    #expect(try log.snapshot().records == whole.records)
    let errors = try #require(open(log.path))
    #expect(errors[0] == nil)
    #expect(errors[1].map(isNotALog) == true)
    try Poke(log.path).truncate(to: Layout(sizeMiB: 16).segmentsOffset)
    let cut = try log.snapshot()
    #expect(cut.records.isEmpty && cut.loss.damaged == whole.records.count)
    try Poke(log.path).truncate(to: Layout(sizeMiB: 16).segmentsOffset - 1)
    #expect(try refusals(log.path).allSatisfy(isNotALog))
  }

  @Test func aLogIsNotMadeTwiceNorWhereThereIsNoFolder() throws {
    let log = try ScratchLog()
    let before = try Poke(log.path).bytes(at: 0, count: Layout.page)
    for path in [log.path, log.folder + "/none/trace.log", log.folder] {
      let error = #expect(throws: TraceLogError.self) { try LogWriter.create(path: path, sizeMiB: 16, runID: "x") }
      #expect(error?.description.contains(path) == true && error?.description.contains("trace_log.directory") == true)
    }
    #expect(try Poke(log.path).bytes(at: 0, count: Layout.page) == before)
  }

  /// 64 GiB of holes, every place of which is claimed, by a process that lives and by one that does not.
  @Test(.timeLimit(.minutes(1)), arguments: [true, false]) func aHugeSparseFileTakesNoTimeAndNoMemory(alive: Bool)
    throws
  {
    let log = try ScratchLog(sizeMiB: 65_536)
    let layout = Layout(sizeMiB: 65_536)
    let poke = try Poke(log.path)
    let owner = alive ? ProcessIdentity.current : ProcessIdentity(pid: 1, startTicks: 1)
    poke.write(UInt64(1), at: Layout.Header.nextProcess)
    poke.write(ProcessState.live.rawValue, at: Layout.processesOffset + Layout.Process.state)
    poke.write(owner.pid, at: Layout.processesOffset + Layout.Process.pid)
    poke.write(owner.startTicks, at: Layout.processesOffset + Layout.Process.startTicks)
    for segment in 0..<layout.segmentCount {
      let entry = Layout.segmentTableOffset + segment * 64
      poke.write(SegmentTag(sequence: UInt64(segment + 1), owner: 0, state: .open).rawValue, at: entry)
      poke.write(UInt64.max, at: entry + Layout.Segment.cursor)
    }
    let began = Monotonic.now()
    let reader = try log.reader()
    let first = try reader.readNew()
    let second = try reader.readNew()
    #expect(first.records.isEmpty && second.records.isEmpty)
    #expect(first.loss.holes == (alive ? 0 : 1 << 30))
    #expect(second.loss == first.loss)
    // Reading all of it would take some 20 seconds.
    #expect(Monotonic.now() - began < 5_000_000_000)
  }
}
