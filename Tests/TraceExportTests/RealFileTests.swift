import CascadeAnalysis
import ChainModel
import Testing
import TraceExport
import TraceLog

/// What real files of tracing systems have in them, made small: one test for each kind, with the right value.
@Suite struct RealFileTests {
  private static let trace = TraceID(high: 0, low: 0xabc)

  /// A span of Jaeger's JSON, which writes neither kinds nor hosts by itself. Microseconds.
  private struct Span {
    var id: Int
    var process = "a"
    var name = ""
    var start: Int? = 0
    var duration: Int? = 100
    /// Type and span, in order.
    var references: [(String, Int)] = []
    var kind = ""

    var text: String {
      let list = references.map { #"{"refType":"\#($0.0)","traceID":"abc","spanID":"\#($0.1)"}"# }
      let tags = kind.isEmpty ? "" : #"{"key":"span.kind","type":"string","value":"\#(kind)"}"#
      let times = [("startTime", start.map { 1_790_000_000_000_000 + $0 }), ("duration", duration)].compactMap {
        key, value in
        value.map { #""\#(key)":\#($0),"# }
      }
      return
        #"{"traceID":"abc","spanID":"\#(id)","operationName":"\#(name.isEmpty ? "\(id)" : name)",\#(times.joined())"#
        + #""references":[\#(list.joined(separator: ","))],"tags":[\#(tags)],"logs":[],"processID":"\#(process)"}"#
    }
  }

  private func read(
    _ spans: [Span], hosts: [String: String] = [:], _ options: ImportOptions = ImportOptions()
  ) throws -> (log: LogSnapshot, report: ImportReport) {
    let processes = ["a", "b", "c"].map { name in
      let tags = hosts[name].map { #"{"key":"hostname","type":"string","value":"\#($0)"}"# } ?? ""
      return #""\#(name)":{"serviceName":"\#(name)","tags":[\#(tags)]}"#
    }
    let text =
      #"{"data":[{"traceID":"abc","spans":[\#(spans.map(\.text).joined(separator: ","))],"#
      + #""processes":{\#(processes.joined(separator: ","))}}]}"#
    let (log, report) = try TraceImport.read(Array(text.utf8), runID: "run", options: options)
    // What `validate` says of it is the same.
    #expect(try TraceValidation(Array(text.utf8), options: options).summary == report.summary)
    return (log, report)
  }

  private func waterfall(_ log: LogSnapshot) throws -> TraceWaterfall {
    let waterfall = try #require(TraceWaterfall(log, trace: Self.trace))
    // The list says the same of it.
    #expect(TraceList(log, limit: 1).traces.first?.duration == waterfall.duration)
    return waterfall
  }

  // MARK: Clocks

  @Test func whatFollowsFromASpanIsNeitherMovedNorWaitedFor() throws {
    for start in [200_000, 10_000] {
      let (log, report) = try read(
        [
          Span(id: 1, start: 0, duration: 50_000),
          Span(id: 2, process: "b", start: start, duration: 20_000, references: [("FOLLOWS_FROM", 1)]),
        ], hosts: ["a": "h1", "b": "h2"])
      #expect(report.corrections.isEmpty)
      let trace = try waterfall(log)
      #expect(trace.duration == UInt64(max(50_000, start + 20_000)) * 1000)
      #expect(trace.rows.map(\.span.follows) == [false, true])
      let front = trace.criticalPath.totals.first { $0.text == "a run" }
      #expect(front?.time == 50_000_000, "\(trace.criticalPath.totals)")
    }
  }

  /// Half a millisecond is no contradiction in a file that counts in whole ones, be it in its starts alone.
  @Test func aClockIsNeverMovedByLessThanTheFileTells() throws {
    for fine in [0, 137] {
      let spans = [
        Span(id: 1, start: 1_000, duration: 4_000 + fine, kind: "client"),
        Span(id: 2, process: "b", start: 0, duration: 2_000 + fine, references: [("CHILD_OF", 1)], kind: "server"),
      ]
      #expect(try read(spans, hosts: ["a": "h1", "b": "h2"]).report.corrections.isEmpty)
    }
  }

  /// Times of a call's two sides that share an id, 65 ms apart.
  @Test func aSharedSpanProvesItsHostsClockWrong() throws {
    let (log, report) = try read([
      Span(id: 1, start: 62_307, duration: 99_411, kind: "server"),
      Span(id: 2, start: 65_441, duration: 94_539, references: [("CHILD_OF", 1)], kind: "client"),
      Span(id: 2, process: "b", start: 0, duration: 93_577, references: [("CHILD_OF", 1)], kind: "server"),
      Span(id: 3, process: "b", start: 1, duration: 65_000, references: [("CHILD_OF", 2)]),
    ])
    #expect(report.corrections.map(\.nanoseconds) == [65_922_000])
    let spans = try waterfall(log).rows.map(\.span)
    #expect(spans.map(\.service) == ["a", "a", "b", "b"])
    #expect(spans[2].start - spans[1].start == 481_000)
  }

  // MARK: Odd spans

  @Test func oneOddSpanOfJaegerIsNotTheWholeFile() throws {
    let root = Span(id: 1, duration: 34_000)
    let odd = [
      Span(id: 2, start: 100, duration: -5, references: [("CHILD_OF", 1)]),
      Span(id: 3, start: nil, references: [("CHILD_OF", 1)]),
      Span(id: 4, process: "x", references: [("CHILD_OF", 1)]),
    ]
    let (log, report) = try read([root] + odd)
    #expect(report.spans == 3)
    #expect(report.oddities == [.endsBeforeStart: 1, .startMissing: 1, .processUnknown: 1])
    #expect(try waterfall(log).rows.map(\.span.service) == ["a", "unknown_service", "a"])
    for span in odd {
      #expect(throws: ImportError.self) { try read([root, span], ImportOptions(isStrict: true)) }
    }
  }

  @Test func aRootThatLinksToItsOwnChildStaysARoot() throws {
    let (log, report) = try read([
      Span(id: 1, duration: 50_000, references: [("FOLLOWS_FROM", 2)], kind: "server"),
      Span(id: 2, process: "b", start: 10_000, duration: 20_000, references: [("CHILD_OF", 1)], kind: "server"),
    ])
    #expect(report.roots == 1)
    let rows = try waterfall(log).rows
    #expect(rows.map(\.depth) == [0, 1])
    #expect(rows.map(\.span.name) == ["1", "2"])
    var bytes: [UInt8] = []
    _ = try JaegerExport.write(log) { bytes += $0 }
    let again = try TraceImport.read(bytes, runID: "again").snapshot
    #expect(try waterfall(again).rows.map(\.span.name) == ["1", "2"])
  }

  @Test func aReferenceThatLeadsNowhereHidesNoParent() throws {
    let (log, report) = try read([
      Span(id: 1, duration: 34_000), Span(id: 2, start: 100, references: [("CHILD_OF", 77), ("CHILD_OF", 1)]),
    ])
    #expect(report.roots == 1 && report.missingParents == 0)
    #expect(try waterfall(log).rows.map(\.depth) == [0, 1])
  }

  // MARK: Shapes

  @Test func everyServiceIsCountedAndShownWithoutKinds() throws {
    let (log, report) = try read([
      Span(id: 1, duration: 100_000),
      Span(id: 2, process: "b", start: 10_000, duration: 60_000, references: [("CHILD_OF", 1)]),
      Span(id: 3, process: "c", start: 20_000, duration: 30_000, references: [("CHILD_OF", 2)]),
    ])
    #expect(report.kindsInferred == 3)
    #expect(TraceList(log, limit: 1).traces.first?.services == ["a", "b", "c"])
    let text = try waterfall(log).text(width: 120)
    for service in ["a  1", "b  2", "c  3"] { #expect(text.contains(service), "\(text)") }
  }

  @Test func severalRootsAreOneTraceFromItsFirstSpanToItsLast() throws {
    let (log, _) = try read([
      Span(id: 1, duration: 2_000), Span(id: 2, start: 5_000, duration: 895_000),
      Span(id: 3, start: 100_000, duration: 850_000),
    ])
    let trace = try waterfall(log)
    #expect(trace.duration == 950_000_000)
    #expect(trace.criticalPath.duration == 950_000_000)
  }

  /// A message is processed long after the order was answered: neither waits for the other.
  @Test func whatBeginsAfterItsParentHasEndedIsOnNobodysPathButItsOwn() throws {
    let (log, _) = try read([
      Span(id: 1, duration: 10_000, kind: "server"),
      Span(id: 2, start: 2_000, duration: 1_000, references: [("CHILD_OF", 1)], kind: "producer"),
      Span(id: 3, process: "b", start: 20_000, duration: 200_000, references: [("CHILD_OF", 2)], kind: "consumer"),
    ])
    let trace = try waterfall(log)
    #expect(trace.duration == 220_000_000)
    let times = Dictionary(uniqueKeysWithValues: trace.criticalPath.totals.map { ($0.text, $0.time / 1_000_000) })
    #expect(times == ["b run": 200, "a run": 10, "nothing recorded": 10])
  }

  @Test(.timeLimit(.minutes(1))) func ofAWideTraceWhatTookLongIsShownAndTheRestCounted() throws {
    var spans = [Span(id: 1, name: "report", duration: 4_000_000)]
    for number in 1...4000 {
      spans.append(Span(id: 10 + number, start: number * 500, duration: 400, references: [("CHILD_OF", 1)]))
    }
    spans.append(
      Span(
        id: 9000, process: "b", name: "ledger", start: 2_000_500, duration: 1_990_000, references: [("CHILD_OF", 1)]))
    let (log, _) = try read(spans)
    let trace = try waterfall(log)
    #expect(trace.leftOut == 4002 - TraceWaterfall.rowLimit)
    #expect(trace.rows.contains { $0.span.name == "ledger" })
    #expect(trace.criticalPath.totals.first { $0.text == "b run" }?.time == 1_990_000_000)
    #expect(TraceList(log, limit: 1).traces.first?.services == ["a", "b"])
    #expect(trace.text(width: 120).contains("2,002 more spans not shown"))
  }

  @Test func requestsThatAllFailedAreTold() throws {
    let spans = (1...200).map { number in
      let tags = #""tags":[{"key":"error","type":"bool","value":true}"#
      return Span(id: number, name: "GET /", start: number * 1000, duration: 900, kind: "server").text
        .replacing("abc", with: "\(number)").replacing(#""tags":["#, with: tags + ",")
    }
    let text =
      #"{"data":[{"traceID":"1","spans":[\#(spans.joined(separator: ","))],"processes":{"a":{"serviceName":"a"}}}]}"#
    let (log, _) = try TraceImport.read(Array(text.utf8), runID: "run")
    let report = try #require(RequestReport(log))
    #expect((report.requests, report.failed) == (200, 200))
    #expect(report.text(width: 100).contains("threads and queues are not known"))
  }
}
