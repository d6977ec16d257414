import CascadeAnalysis
import ChainModel
import Testing
import TraceExport
import TraceLog

/// Times stay as they were recorded, unless calls prove a clock wrong; and a process is one process.
@Suite struct ClockTests {
  private static let trace = TraceID(high: 0, low: 0xabc)

  private struct Span {
    var id: Int
    var parent = 0
    var service: String
    var host: String?
    var kind = 0
    var start: Int
    var end: Int

    /// Milliseconds, as OTLP of one resource.
    var text: String {
      let host = host.map { #",{"key":"host.name","value":{"stringValue":"\#($0)"}}"# } ?? ""
      let parent = parent == 0 ? "" : #","parentSpanId":"\#(SpanID(rawValue: UInt64(parent)).hex)""#
      let time = { (milliseconds: Int) in "\(1_790_000_000_000_000_000 + milliseconds * 1_000_000 + 137)" }
      return
        #"{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"\#(service)"}}\#(host)]},"scopeSpans":["#
        + #"{"spans":[{"traceId":"\#(ClockTests.trace.hex)","spanId":"\#(SpanID(rawValue: UInt64(id)).hex)","name":"\#(id)","#
        + #""kind":\#(kind),"startTimeUnixNano":"\#(time(start))","endTimeUnixNano":"\#(time(end))"\#(parent)}]}]}"#
    }
  }

  private func read(_ spans: [Span], _ clock: ImportOptions.Clock = .auto) throws -> (
    log: LogSnapshot, report: ImportReport
  ) {
    let text = #"{"resourceSpans":[\#(spans.map(\.text).joined(separator: ","))]}"#
    let (log, report) = try TraceImport.read(Array(text.utf8), runID: "run", options: ImportOptions(clock: clock))
    return (log, report)
  }

  private static let skewed = [
    Span(id: 1, service: "shop", host: "h1", kind: 2, start: 0, end: 100),
    Span(id: 2, parent: 1, service: "shop", host: "h1", kind: 3, start: 10, end: 90),
    Span(id: 3, parent: 2, service: "stock", host: "h2", kind: 2, start: 520, end: 580),
  ]

  @Test func whatNobodyWaitedForIsNotMoved() throws {
    let order = Span(id: 1, service: "shop", host: "h1", kind: 2, start: 0, end: 50)
    for (kind, parentKind) in [(5, 3), (5, 4), (1, 2), (0, 0), (2, 2)] {
      let send = Span(id: 2, parent: 1, service: "shop", host: "h1", kind: parentKind, start: 5, end: 45)
      let late = Span(id: 3, parent: 2, service: "mailer", host: "h2", kind: kind, start: 200, end: 220)
      let (log, report) = try read([order, send, late])
      #expect(report.corrections.isEmpty, "kind \(kind) below \(parentKind)")
      #expect(TraceList(log, limit: 1).traces.first?.duration == 220_000_000)
    }
  }

  @Test func aServersClockIsMovedWithItsBoundAndMarked() throws {
    let (log, report) = try read(Self.skewed)
    let correction = try #require(report.corrections.first)
    #expect(correction.nanoseconds == -500_000_000)
    #expect(correction.bound == 10_000_000)
    #expect(correction.isNamed)
    #expect(report.lines.contains { $0.contains("h2 was set back 500.000 ms (± 10.000 ms)") })
    let waterfall = try #require(TraceWaterfall(log, trace: Self.trace))
    #expect(waterfall.rows.last?.span.moved == -500_000_000)
    #expect(waterfall.text(width: 150).contains("the times of stock were moved back by 500 ms"))
  }

  @Test func rawTimesStay() throws {
    let (log, report) = try read(Self.skewed, .raw)
    #expect(report.corrections.isEmpty)
    #expect(TraceList(log, limit: 1).traces.first?.duration == 580_000_000)
  }

  @Test func anExportCarriesTheRecordedTimesAndTheOffset() throws {
    let (log, _) = try read(Self.skewed)
    var bytes: [UInt8] = []
    _ = try OTLPExport.write(log) { bytes += $0 }
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.contains(#""startTimeUnixNano":"1790000000520000137""#))
    #expect(text.contains(#"{"key":"chainlab.clock.moved_ns","value":{"intValue":"-500000000"}}"#))
    let (copy, report) = try TraceImport.read(bytes, runID: "run")
    #expect(report.corrections.isEmpty)
    #expect(copy.records.map(\.time) == log.records.map(\.time))
    #expect(copy.wallOffset == log.wallOffset)
  }

  @Test func aServicesNameIsNoHost() throws {
    let spans = [
      Span(id: 1, service: "shop", start: 1, end: 4), Span(id: 2, parent: 1, service: "stock", start: 0, end: 2),
    ]
    let (log, report) = try read(spans)
    #expect(report.corrections.isEmpty)
    #expect(report.beforeParent == 1)
    #expect(TraceList(log, limit: 1).traces.first?.duration == 4_000_000)
  }

  @Test func aProcessIsOneInWhateverOrderItsAttributesCome() throws {
    func resource(_ attributes: [(String, String)], _ id: String) -> String {
      let list = attributes.map { #"{"key":"\#($0.0)","value":{"stringValue":"\#($0.1)"}}"# }.joined(separator: ",")
      return #"{"resource":{"attributes":[\#(list)]},"scopeSpans":[{"spans":[{"traceId":"\#(Self.trace.hex)","#
        + #""spanId":"00000000000000\#(id)","startTimeUnixNano":"9","endTimeUnixNano":"10"}]}]}"#
    }
    let (name, host, pid) = (("service.name", "shop"), ("host.name", "h1"), ("process.pid", "7"))
    let parts = [
      resource([name, host], "a1"), resource([host, name], "a2"), resource([name, host, ("sdk", "2")], "a3"),
      resource([name, pid, host], "a4"),
    ]
    let text = #"{"resourceSpans":[\#(parts.joined(separator: ","))]}"#
    #expect(try TraceImport.read(Array(text.utf8), runID: "run").report.processes == 1)
    // Two that could be meant leave the poorer one what it is.
    let other = resource([name, host, ("process.pid", "8")], "a5")
    let three = #"{"resourceSpans":[\#((parts + [other]).joined(separator: ","))]}"#
    #expect(try TraceImport.read(Array(three.utf8), runID: "run").report.processes == 3)
  }

  @Test func theFirstReferenceThatResolvesIsTheParent() throws {
    func span(_ id: Int, _ references: [(String, Int)]) -> String {
      let list = references.map { #"{"refType":"\#($0.0)","traceID":"abc","spanID":"\#($0.1)"}"# }.joined(
        separator: ",")
      return #"{"traceID":"abc","spanID":"\#(id)","operationName":"\#(id)","references":[\#(list)],"startTime":\#(id),"#
        + #""duration":100,"tags":[],"processID":"p"}"#
    }
    let spans = [
      span(1, [("FOLLOWS_FROM", 2)]), span(2, [("CHILD_OF", 9), ("CHILD_OF", 1)]),
      span(3, [("CHILD_OF", 3), ("CHILD_OF", 2)]),
      span(4, [("CHILD_OF", 5)]), span(5, [("CHILD_OF", 4)]),
    ]
    let text = #"[{"traceID":"abc","spans":[\#(spans.joined(separator: ","))],"processes":{"p":{"serviceName":"s"}}}]"#
    let (log, report) = try TraceImport.read(Array(text.utf8), runID: "run")
    #expect(report.roots == 2)
    #expect(report.oddities == [.parentCircle: 2])
    let rows = try #require(TraceWaterfall(log, trace: Self.trace)).rows
    #expect(rows.map(\.span.name) == ["1", "2", "3", "4", "5"])
    #expect(rows.map(\.depth) == [0, 1, 2, 0, 1])
    #expect(rows.allSatisfy { !$0.span.follows })
  }
}
