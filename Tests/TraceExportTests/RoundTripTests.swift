import CascadeAnalysis
import ChainModel
import FoundationEssentials
import Testing
import TraceExport
import TraceLog

/// An export that is imported again is the same log, record by record, so that every analysis of it is the same too.
@Suite struct RoundTripTests {
  enum Format: CaseIterable {
    case otlp
    case otlpLines
    case jaeger

    func export(_ snapshot: LogSnapshot) throws -> [UInt8] {
      var bytes: [UInt8] = []
      switch self {
      case .otlp: _ = try OTLPExport.write(snapshot) { bytes += $0 }
      case .otlpLines: _ = try OTLPExport.writeRequests(snapshot) { bytes += $0 + [10] }
      case .jaeger: _ = try JaegerExport.write(snapshot) { bytes += $0 }
      }
      return bytes
    }

    func read(_ bytes: [UInt8], runID: String) throws -> (snapshot: LogSnapshot, report: ImportReport) {
      try TraceImport.read(bytes, runID: runID)
    }
  }

  /// A record with its name as text: ids of texts are of no importance.
  private struct Told: Hashable {
    var record: Record
    var name: String

    static func all(_ snapshot: LogSnapshot) -> [Told] {
      snapshot.records.map { record in
        var plain = record
        plain.word = 0
        plain.name = 0
        return Told(record: plain, name: snapshot.strings[record.name])
      }
    }
  }

  @Test(.timeLimit(.minutes(2)), arguments: Format.allCases, [UInt64.max, SampleLog.createdAt + 9_000_000])
  func anExportImportedAgainIsTheSameLog(_ format: Format, until: UInt64) throws {
    let models: [[IOModel]] = [
      [.blocking, .async, .nonblocking, .blocking], [.nonblockingAsync, .blocking, .async, .async],
    ]
    for (seed, models) in models.enumerated() {
      let original = SampleLog(seed: UInt64(seed), models: models).snapshot(until: until)
      let (copy, report) = try format.read(try format.export(original), runID: original.runID)
      #expect(Told.all(copy) == Told.all(original))
      #expect(copy.processes == original.processes)
      #expect(copy.wallOffset == original.wallOffset)
      #expect(copy.createdAt == original.createdAt)
      #expect(report.spansOnly == 0)
      #expect(report.missingParents == 0)
      #expect(report.attributesLeft == 0)
      #expect(report.corrections.isEmpty)
      try expectSameAnalysis(copy, original)
    }
  }

  /// A kind that no export told would be lost without a word.
  @Test(arguments: Format.allCases, RecordKind.allCases) func everyKindOfRecordSurvives(
    _ format: Format, kind: RecordKind
  ) throws {
    var original = SampleLog(requests: 2).snapshot()
    var strings = original.strings
    var record = Record(
      kind: kind, time: SampleLog.createdAt + 20_000_000, trace: TraceID(high: 3, low: 4), span: 0x55, other: 0x66,
      thread: 901, process: 4, detail: 1, name: strings.id(of: "a name"), arg: 3)
    if kind == .attribute { record.text = Array("text".utf8)[...] }
    if kind == .clock { record.other = UInt64(bitPattern: -5_000) }
    original.strings = strings
    original.records.append(record)
    original.records.sort { $0.time < $1.time }
    for index in original.records.indices { original.records[index].word = UInt64(index) + 1 }
    let (copy, _) = try format.read(try format.export(original), runID: original.runID)
    let missing = Set(Told.all(original)).subtracting(Told.all(copy))
    #expect(missing.isEmpty, "\(missing)")
    #expect(copy.records.count == original.records.count)
  }

  private func expectSameAnalysis(_ copy: LogSnapshot, _ original: LogSnapshot) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    func json(_ value: some Encodable) throws -> String { String(decoding: try encoder.encode(value), as: UTF8.self) }
    #expect(try json(TraceList(copy, limit: 1_000)) == json(TraceList(original, limit: 1_000)))
    #expect(try json(LogAudit(copy)) == json(LogAudit(original)))
    #expect(try json(ThreadDump(copy)) == json(ThreadDump(original)))
    let traces = Set(original.records.compactMap { $0.kind == .arrive ? $0.trace : nil })
    #expect(!traces.isEmpty)
    for trace in traces {
      #expect(try json(TraceWaterfall(copy, trace: trace)) == json(TraceWaterfall(original, trace: trace)))
    }
  }

  /// The sample must be a log that could be real, or the round trip shows little.
  @Test func theSampleAddsUp() {
    let audit = LogAudit(SampleLog(requests: 200).snapshot())
    #expect(audit.isClean, "\(audit.violations.prefix(3))")
    #expect(audit.checked.requests > 600)
    #expect(audit.checked.waits > 1_000)
  }

  @Test func anImportedLogIsAFileThatReadsBack() throws {
    let original = SampleLog().snapshot()
    let folder = FileManager.default.temporaryDirectory.appending(path: "chainlab-archive-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try LogArchive.write(original, to: "\(folder)/trace.log")
    let copy = try LogReader(path: "\(folder)/trace.log").snapshot()
    #expect(Told.all(copy) == Told.all(original))
    #expect(copy.processes == original.processes)
    #expect(copy.runID == original.runID)
    #expect(copy.loss == original.loss)
    try expectSameAnalysis(copy, original)
    #expect(throws: TraceLogError.self) { try LogArchive.write(original, to: "\(folder)/trace.log") }
  }
}
