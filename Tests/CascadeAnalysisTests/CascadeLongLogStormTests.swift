import CascadeAnalysis
import ChainModel
import FoundationEssentials
import Glibc
import Testing
import TraceLog

/// What it takes to explain a long log, from its file to the report. `CHAINLAB_STORM` makes it 10 million records.
@Suite struct CascadeLongLogStormTests {
  private static let wanted = getenv("CHAINLAB_STORM") == nil ? 1_000_000 : 10_000_000

  @Test(.timeLimit(.minutes(5))) func aLongLogIsExplainedInSecondsAndInLittleMemory() async throws {
    let folder = "/dev/shm/chainlab-long-\(getpid())-\(UInt64.random(in: .min ... .max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let count = try Self.write("\(folder)/trace.log")
    // In a process of its own, whose memory nobody else has used before.
    await #expect(processExitsWith: .success) { [folder = folder as String] in
      try CascadeLongLogStormTests.explain(folder)
    }
    let figures = try String(contentsOfFile: "\(folder)/figures", encoding: .utf8).split(separator: " ").map {
      Int($0) ?? 0
    }
    let (requests, milliseconds, memory) = (figures[0], figures[1], figures[2])
    print(
      "cascade: \(count) records, \(requests) requests, \(milliseconds) ms "
        + "(\(count / max(1, milliseconds)) thousand records/s), \(memory) KiB beside the log")
    #expect(requests > count / 200)
    #expect(memory < 48 * 1024)
    #expect(milliseconds < count / 1_000)
  }

  /// The records of a chain under load, written through its services' own writers: the times are new, the order is kept.
  private static func write(_ path: String) throws -> Int {
    try LogWriter.create(path: path, sizeMiB: wanted * Layout.recordSize / 1_048_576 * 5 / 4 + 64, runID: "long")
    let log = ReferenceChain(hold: 19_000, duration: 4_000_000).log()
    let snapshot = log.snapshot
    let writers = try snapshot.processes.map { try LogWriter(path: path, name: $0.name, ownThread: false) }
    var scribes: [UInt32: Scribe] = [:]
    for record in snapshot.records where scribes[record.thread] == nil {
      let writer = writers[Int(record.process)]
      scribes[record.thread] =
        record.thread >= 9_000 ? writer.scribeOfLoop(thread: record.thread) : writer.scribe(thread: record.thread)
    }
    var count = 0
    func put(_ record: Record, turn: UInt64) {
      var record = record
      record.time = 0
      record.name = writers[Int(record.process)].intern(snapshot.strings[record.name])
      record.span += turn * 1_000_000
      if record.other != 0 { record.other += turn * 1_000_000 }
      scribes[record.thread]?.write(record)
      count += 1
      if count % 20_000 == 0 { for writer in writers { writer.help() } }
    }
    for record in snapshot.records where record.span == 0 {
      var state = record
      state.time = 0
      state.other = record.kind == .threadStart ? 0 : record.other
      state.name = writers[Int(record.process)].intern(snapshot.strings[record.name])
      scribes[record.thread]?.write(state)
    }
    let stretch = CascadeScaleTests.LongLog(log, repeats: 1).map { $0 }
    for turn in 0..<UInt64(wanted / stretch.count + 1) {
      for record in stretch { put(record, turn: turn) }
    }
    for writer in writers { writer.close() }
    return count
  }

  private static func explain(_ folder: String) throws {
    let before = memory("VmRSS")
    let start = ContinuousClock.now
    let report = CascadeReport(try LogReader(path: "\(folder)/trace.log").scan())
    let time = (ContinuousClock.now - start).seconds
    let figures = "\(report.requests) \(Int(time * 1_000)) \(memory("VmHWM") - before)"
    try Data(figures.utf8).write(to: URL(filePath: "\(folder)/figures"))
  }

  /// KiB, of this process.
  private static func memory(_ key: String) -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix(key + ":") } ?? ""
    return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0
  }
}
