import CascadeAnalysis
import ChainModel
import Testing
import TraceExport
import TraceLog

/// Traces of other systems: what they say is kept, what they do not say is not known.
@Suite struct ForeignImportTests {
  enum Format: CaseIterable {
    case otlp
    case jaeger

    func read(_ text: String) throws(ImportError) -> (snapshot: LogSnapshot, report: ImportReport) {
      try TraceImport.read(Array(text.utf8), runID: "run")
    }

    var sample: String { self == .otlp ? ForeignDocuments.otlp : ForeignDocuments.jaeger }
  }

  private static let trace = TraceID(high: 0x4bf9_2f35_77b3_4da6, low: 0xa3ce_929d_0e0e_4736)

  @Test(arguments: Format.allCases) func aForeignTraceIsReadAsItWasMeant(_ format: Format) throws {
    let (log, report) = try format.read(format.sample)
    #expect(report.spans == 4)
    #expect(report.traces == 1)
    #expect(report.processes == 2)
    #expect(report.missingParents == 1)
    #expect(report.roots == 1)
    #expect(log.processes.map(\.name) == ["Läden", "東京"])
    let waterfall = try #require(TraceWaterfall(log, trace: Self.trace))
    let spans = waterfall.rows.map(\.span)
    #expect(spans.map(\.name).prefix(3) == ["GET /größe", "GET", "GET /b"])
    #expect(waterfall.rows.map(\.depth) == [0, 1, 2, 0])
    #expect(spans.map(\.duration) == [700_000_000, 500_000_000, 400_000_000, 100_000_000])
    #expect(spans[0].status == 200)
    #expect(spans[2].errorType == "error")
    #expect(spans.map(\.kind) == [.server, .client, .server, .internal])
    #expect(spans[3].parent == SpanID(rawValue: 0xff))
    let list = TraceList(log, limit: 10)
    #expect(list.traces.map(\.name) == ["GET /größe"])
    #expect(LogAudit(log).isClean)
  }

  /// No thread, no queue and no wait is in the file, so none is in the log, not even one of no length.
  @Test(arguments: Format.allCases) func whatTheFileDoesNotSayIsNotKnown(_ format: Format) throws {
    let (log, report) = try format.read(format.sample)
    #expect(report.spansOnly == 4)
    #expect(report.lines.contains { $0.contains("are not known") })
    let kinds = Set(log.records.compactMap(\.kind))
    // And what was found out about the clocks.
    #expect(kinds.subtracting([.clock]) == [.spanStart, .spanEnd])
    let waterfall = try #require(TraceWaterfall(log, trace: Self.trace))
    for row in waterfall.rows {
      #expect(row.span.segments.isEmpty)
      #expect(row.span.thread == nil)
      #expect(row.span.model == nil)
    }
    #expect(waterfall.text(width: 120).contains("are not known"))
    #expect(ThreadDump(log).text(width: 120, limit: 5).contains("is not known"))
    #expect(TraceList(log, limit: 1).traces[0].longestWait == nil)
  }

  @Test(arguments: Format.allCases) func theClockOfAHostIsSetRightAndSaid(_ format: Format) throws {
    let (log, report) = try format.read(format.sample)
    let correction = try #require(report.corrections.first)
    #expect(report.corrections.count == 1)
    #expect(correction.host == "b")
    // The callee's 400 ms lie in the middle of the call's 500 ms: 60 ms after its beginning, and 3 s ahead, less 50.
    #expect(correction.nanoseconds == -3_000_000_000)
    #expect(correction.misfits == 0)
    #expect(report.lines.contains { $0.contains("the clock of b was set back 3000.000 ms") })
    let waterfall = try #require(TraceWaterfall(log, trace: Self.trace))
    #expect(waterfall.duration == 700_000_000)
  }

  @Test func clocksThatAgreeAreLeftAlone() throws {
    let text = ForeignDocuments.otlp.replacing("17900000030", with: "17900000000").replacing(
      "17900000034", with: "17900000004")
    let (_, report) = try Format.otlp.read(text)
    #expect(report.corrections.isEmpty)
  }

  /// A callee that goes on after its caller gave up runs beyond the call: that is no skew.
  @Test func aCalleeThatOutlivesItsCallIsNoSkew() throws {
    let text = ForeignDocuments.otlp.replacing("17900000030", with: "17900000000").replacing(
      "17900000034", with: "17900000094")
    let (_, report) = try Format.otlp.read(text)
    #expect(report.corrections.isEmpty)
  }

  @Test func skewIsFoundOverSeveralHosts() throws {
    // a calls b (2 s ahead), b calls c (5 s behind a): many calls, of which the narrowest decide.
    var spans: [String] = []
    func add(_ id: Int, _ parent: Int, _ process: Int, _ kind: String, _ start: Int, _ duration: Int) {
      let tags = #""tags":[{"key":"span.kind","type":"string","value":"\#(kind)"}]"#
      spans.append(
        Self.jaegerSpan(id, parent: parent, "p\(process)", start, duration).replacing(#""tags":[]"#, with: tags))
    }
    for number in 0..<20 {
      let start = 1_790_000_000_000_000 + number * 1_000_000
      let width = 1_000 * (number + 1)
      let id = number * 4
      add(id + 1, 0, 1, "client", start, 500_000)
      add(id + 2, id + 1, 2, "server", start + width + 2_000_000, 500_000 - 2 * width)
      add(id + 3, id + 2, 2, "client", start + width + 2_000_000, 500_000 - 2 * width)
      add(id + 4, id + 3, 3, "server", start + 2 * width - 5_000_000, 500_000 - 4 * width)
    }
    let (_, report) = try Format.jaeger.read(Self.jaegerDocument(spans))
    let set = Dictionary(uniqueKeysWithValues: report.corrections.map { ($0.host, $0.nanoseconds) })
    #expect(set == ["s2": -2_000_000_000, "s3": 5_000_000_000])
  }

  private static func jaegerSpan(_ id: Int, parent: Int, _ process: String, _ start: Int, _ duration: Int) -> String {
    let reference =
      parent == 0 ? "" : #"{"refType":"CHILD_OF","traceID":"abc","spanID":"\#(String(parent, radix: 16))"}"#
    return #"{"traceID":"abc","spanID":"\#(String(id, radix: 16))","operationName":"op","references":[\#(reference)],"#
      + #""startTime":\#(start),"duration":\#(duration),"tags":[],"logs":[],"processID":"\#(process)"}"#
  }

  private static func jaegerDocument(_ spans: [String]) -> String {
    let processes = (1...4).map { #""p\#($0)":{"serviceName":"s\#($0)","tags":[]}"# }.joined(separator: ",")
    return #"{"data":[{"traceID":"abc","spans":[\#(spans.joined(separator: ","))],"processes":{\#(processes)}}]}"#
  }

  /// Zipkin's clients and servers share an id.
  @Test func aSharedSpanBecomesTwo() throws {
    func span(_ kind: String, _ process: String, _ start: Int) -> String {
      Self.jaegerSpan(7, parent: 0, process, start, 1_000)
        .replacing(#""tags":[]"#, with: #""tags":[{"key":"span.kind","type":"string","value":"\#(kind)"}]"#)
    }
    let inner = Self.jaegerSpan(8, parent: 7, "p2", 1_790_000_000_000_300, 100)
    let (log, report) = try Format.jaeger.read(
      Self.jaegerDocument([
        span("client", "p1", 1_790_000_000_000_000), span("server", "p2", 1_790_000_000_000_001), inner,
      ]))
    #expect(report.renamed == 1)
    #expect(report.missingParents == 0)
    let waterfall = try #require(TraceWaterfall(log, trace: TraceID(high: 0, low: 0xabc)))
    #expect(waterfall.rows.map(\.depth) == [0, 1, 2])
    #expect(waterfall.rows.map(\.span.service) == ["s1", "s2", "s2"])
  }

  @Test func idsNeedBeUniqueOnlyInTheirTrace() throws {
    let one = Self.jaegerSpan(7, parent: 0, "p1", 1_790_000_000_000_000, 100)
    let child = Self.jaegerSpan(8, parent: 7, "p1", 1_790_000_000_000_010, 10)
    let text = Self.jaegerDocument([one, child] + [one, child].map { $0.replacing("abc", with: "def") })
    let (log, report) = try Format.jaeger.read(text)
    #expect(report.renamed == 2)
    #expect(report.traces == 2)
    #expect(report.missingParents == 0)
    for trace in [UInt64(0xabc), 0xdef] {
      let waterfall = try #require(TraceWaterfall(log, trace: TraceID(high: 0, low: trace)))
      #expect(waterfall.rows.map(\.depth) == [0, 1])
    }
  }

  @Test func aSpanThatIsThereTwiceCountsOnce() throws {
    let one = Self.jaegerSpan(7, parent: 0, "p1", 1_790_000_000_000_000, 100)
    let (log, report) = try Format.jaeger.read(Self.jaegerDocument([one, one]))
    #expect(report.repeated == 1)
    #expect(log.records.count == 2)
  }

  @Test(.timeLimit(.minutes(2))) func fiftyThousandSpansAndManyRootsAreRead() throws {
    var spans: [String] = []
    spans.reserveCapacity(50_000)
    for id in 1...50_000 {
      let parent = id % 10 == 1 ? 0 : id - 1
      spans.append(Self.jaegerSpan(id, parent: parent, "p\(id % 4 + 1)", 1_790_000_000_000_000 + id % 10, 1_000))
    }
    let (log, report) = try Format.jaeger.read(Self.jaegerDocument(spans))
    #expect(report.spans == 50_000)
    #expect(report.roots == 5_000)
    #expect(log.records.count == 100_000)
    #expect(TraceList(log, limit: 1).traces.count == 1)
  }

  @Test(arguments: [
    (#"[{"traceID":"abc","spans":SPANS,"processes":PROCESSES}]"#),
    (#"{"traceID":"abc","spans":SPANS,"processes":PROCESSES}"#),
    (#"{"data":{"traceID":"abc","spans":SPANS,"processes":PROCESSES}}"#),
  ])
  func everyFormThatJaegersUITakesIsRead(_ form: String) throws {
    let span = Self.jaegerSpan(7, parent: 0, "p1", 1_790_000_000_000_000, 100)
    let text = form.replacing("SPANS", with: "[\(span)]").replacing(
      "PROCESSES", with: #"{"p1":{"serviceName":"s"}}"#)
    #expect(try Format.jaeger.read(text).report.spans == 1)
  }

  /// Times of 1970, and a resource that has no spans: what comes out again is a valid document.
  @Test func aResourceWithoutSpansIsAProcessAllTheSame() throws {
    let span = #"{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00000000000000a1","startTimeUnixNano":"5"}"#
    let text =
      #"{"resourceSpans":[{"scopeSpans":[{"spans":[\#(span)]}]},{"resource":{"attributes":[]}},"#
      + #"{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"idle"}}]}}]}"#
    let (log, report) = try Format.otlp.read(text)
    #expect(log.processes.map(\.name) == ["unknown_service", "idle"])
    #expect(report.open == 1)
    try LogFuzz.expectSoundExports(log, seed: 0)
  }

  @Test func documentsOneALineAreOne() throws {
    let line = ForeignDocuments.otlp.replacing("\n", with: " ")
    let other = line.replacing("4736", with: "4737").replacing("4BF9", with: "4bf9")
    let (_, report) = try Format.otlp.read("\n\(line)\n\n\(other)\r\n")
    #expect(report.spans == 8)
    #expect(report.traces == 2)
    #expect(report.processes == 2)
    // One that is spread over lines stays one document.
    #expect(try Format.otlp.read(ForeignDocuments.otlp).report.spans == 4)
  }
}
