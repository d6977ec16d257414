import CascadeAnalysis
import ChainModel
import Glibc
import Testing
import TraceExport
import TraceLog

/// What comes from outside may be anything: each input gives a log or an error, and what is made of it is sound.
///
/// `CHAINLAB_STORM` runs 100,000 inputs; a failure names the seed of its input.
@Suite struct ImportFuzzStormTests {
  static let inputs = getenv("CHAINLAB_STORM") == nil ? 1_500 : 100_000
  static let minutes = getenv("CHAINLAB_STORM") == nil ? 2 : 40

  @Test(.timeLimit(.minutes(Self.minutes))) func noDocumentCrashesAnImport() throws {
    let foreign = [
      ForeignDocuments.otlp, ForeignDocuments.jaeger, ForeignDocuments.zipkin, ForeignDocuments.csv,
      ForeignDocuments.tempo,
    ]
    var samples = foreign.map { Array($0.utf8) } + [ForeignDocuments.gzip]
    let own = SampleLog(requests: 1).snapshot()
    var bytes: [UInt8] = []
    _ = try OTLPExport.write(own) { bytes += $0 }
    samples.append(bytes)
    bytes = []
    _ = try JaegerExport.write(own) { bytes += $0 }
    samples.append(bytes)
    var outcomes = [0, 0]
    // Seeds that have found something once stay in the suite.
    for seed in [13_150, 48_550, 94_450] + Array(0..<UInt64(Self.inputs)) {
      var random = SplitMix(state: seed)
      let input = Self.mutate(
        samples[Int(random.next(below: 8) < 7 ? random.next(below: 6) : 6 + random.next(below: 2))], &random)
      let logs = Self.read(input)
      outcomes[logs.isEmpty ? 0 : 1] += 1
      for log in logs { try Self.check(log, seed: seed, isDeep: seed % 50 == 0) }
    }
    // Were all refused, or all taken, the inputs would show little.
    #expect(outcomes.allSatisfy { $0 > Self.inputs / 50 }, "\(outcomes)")
  }

  private static func read(_ input: [UInt8]) -> [LogSnapshot] {
    var logs: [LogSnapshot] = []
    if let (log, report) = try? TraceImport.read(input, runID: "run") {
      #expect(!report.lines.isEmpty)
      logs.append(log)
    }
    let isValid = (try? TraceValidation(input)) != nil
    #expect(isValid == !logs.isEmpty, "validate and import do not agree")
    _ = try? TraceImport.read(input, runID: "run", options: ImportOptions(clock: .raw, isStrict: true))
    return logs
  }

  private static func check(_ log: LogSnapshot, seed: UInt64, isDeep: Bool) throws {
    for (record, next) in zip(log.records, log.records.dropFirst()) where record.time > next.time {
      Issue.record("records out of order; seed \(seed)")
      break
    }
    #expect(Set(log.processes.map(\.slot)).count == log.processes.count, "seed \(seed)")
    guard isDeep else { return }
    _ = TraceList(log, limit: 5)
    _ = ThreadDump(log)
    _ = LogAudit(log)
    _ = RequestReport(log)?.text(width: 80)
    _ = IncidentVerdict(quiet: [log], incident: [log]).text(width: 80)
    try LogFuzz.expectSoundExports(log, seed: seed)
  }

  /// A few changes, of the kinds that break parsers: bytes, pieces cut out or repeated, numbers, a cut end.
  private static func mutate(_ sample: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = sample
    let numbers = [
      "-1", "0", "1e400", "9223372036854775808", "18446744073709551615", "1.5", "null", "\"\"", "[]", "{}", "true",
    ]
    for _ in 0...random.next(below: 3) where !bytes.isEmpty {
      let place = Int(random.next(below: UInt64(bytes.count)))
      switch random.next(below: 7) {
      case 0: bytes[place] = UInt8(random.next(below: 256))
      case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int(random.next(below: 40)) + 1))
      case 2: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + Int(random.next(below: 200)))], at: place)
      case 3 where random.next(below: 3) == 0: bytes.removeSubrange(place...)
      case 4, 5:
        // A number in place of another one.
        guard let start = bytes[place...].firstIndex(where: { (48...57).contains($0) }) else { continue }
        let end = bytes[start...].firstIndex { !(48...57).contains($0) } ?? bytes.endIndex
        bytes.replaceSubrange(start..<end, with: Array(numbers[Int(random.next(below: UInt64(numbers.count)))].utf8))
      default:
        // A digit, so that ids meet or part and times move.
        if let digit = bytes[place...].firstIndex(where: { (48...57).contains($0) }) {
          bytes[digit] = 48 + UInt8(random.next(below: 10))
        }
      }
    }
    return bytes
  }
}

/// A log may hold anything too: a hostile file, or one whose beginning was overwritten.
@Suite struct ExportFuzzStormTests {
  @Test(.timeLimit(.minutes(ImportFuzzStormTests.minutes))) func noLogCrashesAnExport() throws {
    for seed in 0..<UInt64(ImportFuzzStormTests.inputs / 50) {
      var random = SplitMix(state: seed)
      var log = SampleLog(seed: seed, requests: 6).snapshot()
      for _ in 0..<random.next(below: 60) {
        let index = Int(random.next(below: UInt64(log.records.count)))
        switch random.next(below: 6) {
        case 0: log.records[index].kindCode = UInt8(random.next(below: 80))
        case 1: log.records[index].detail = UInt8(random.next(below: 256))
        case 2: log.records[index].span = log.records[Int(random.next(below: UInt64(log.records.count)))].span
        case 3: log.records[index].other = random.next(below: 2) == 0 ? random.next() : log.records[index].span
        case 4: log.records[index].arg = UInt32(truncatingIfNeeded: random.next())
        default: log.records[index].time = random.next(below: 3) == 0 ? random.next() : log.records[index].time / 2
        }
      }
      log.records.removeFirst(Int(random.next(below: 40)))
      log.records.sort(by: Record.precedes)
      if random.next(below: 4) == 0 { log.processes.removeLast() }
      try LogFuzz.expectSoundExports(log, seed: seed)
    }
  }

  @Test func anEmptyLogIsExported() throws {
    let log = LogSnapshot(runID: "run", takenAt: 5, processes: [], strings: LogStrings(), records: [])
    try LogFuzz.expectSoundExports(log, seed: 0)
    var bytes: [UInt8] = []
    _ = try OTLPExport.write(log) { bytes += $0 }
    #expect(try JSON(bytes)["resourceSpans"] == .array([]))
  }
}

/// Whether exports are sound, whatever the log is.
enum LogFuzz {
  static func expectSoundExports(_ log: LogSnapshot, seed: UInt64) throws {
    var bytes: [UInt8] = []
    let hasSpans = try OTLPExport.write(log) { bytes += $0 }.spans > 0
    expectValid(bytes, "OTLP", seed, log, isRead: hasSpans)
    bytes = []
    _ = try JaegerExport.write(log) { bytes += $0 }
    expectValid(bytes, "Jaeger", seed, log, isRead: hasSpans)
    bytes = []
    _ = try PerfettoExport.write(log) { bytes += $0 }
    expectValid(bytes, "Perfetto", seed, log, isRead: true)
    bytes = []
    _ = try FoldedExport.write(log) { bytes += $0 }
  }

  private static func expectValid(_ bytes: [UInt8], _ format: String, _ seed: UInt64, _ log: LogSnapshot, isRead: Bool)
  {
    guard isRead else { return }
    // Times beyond 2^63 are in no trace that was ever recorded; a reader may refuse them.
    let isPlain = log.records.allSatisfy { $0.time < 1 << 62 }
    do throws(ImportError) {
      _ = try TraceValidation(bytes)
    } catch {
      if isPlain { Issue.record("\(format) of seed \(seed): \(error)") }
    }
  }
}
