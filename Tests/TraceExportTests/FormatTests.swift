import CascadeAnalysis
import ChainModel
import Testing
import TraceExport
import TraceLog

/// What other programs write is recognised and read, or refused with what was found and what was expected.
@Suite struct FormatTests {
  private func read(_ text: String, _ options: ImportOptions = ImportOptions()) throws(ImportError)
    -> (snapshot: LogSnapshot, report: ImportReport)
  {
    try TraceImport.read(Array(text.utf8), runID: "run", options: options)
  }

  private func span(_ id: String, _ more: String = "") -> String {
    #"{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00000000000000\#(id)","name":"\#(id)","kind":2,"#
      + #""startTimeUnixNano":"1790000000000000000","endTimeUnixNano":"1790000000700000000"\#(more)}"#
  }

  private func spans(_ list: String..., scope: String = "scopeSpans") -> String {
    #"[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a"}}]},"\#(scope)":[{"spans":["#
      + list.joined(separator: ",") + "]}]}]"
  }

  @Test func everyWrappingOfOTLPIsRead() throws {
    let one = spans(span("a1"))
    let documents = [
      #"{"resourceSpans":\#(one)}"#, #"{"batches":\#(one)}"#, #"{"trace":{"resourceSpans":\#(one)}}"#,
      #"{"trace":{"batches":\#(one)}}"#, #"{"result":{"resourceSpans":\#(one)}}"#, #"[{"resourceSpans":\#(one)}]"#,
      #"{"resourceSpans":\#(spans(span("a1"), scope: "instrumentationLibrarySpans"))}"#,
      #"{"resourceLogs":[],"resourceSpans":\#(one)}"#, #"{"resourceSpans":null}\#n{"resourceSpans":\#(one)}"#,
    ]
    for document in documents {
      let (log, report) = try read(document)
      #expect(report.spans == 1, "\(document)")
      #expect(log.processes.map(\.name) == ["a"])
      #expect(try TraceValidation(Array(document.utf8)).summary == report.summary)
    }
  }

  @Test func linesOfLogsAndMetricsArePassedOverAndCounted() throws {
    let text =
      #"{"resourceSpans":\#(spans(span("a1")))}"# + "\n" + #"{"resourceLogs":[{"scopeLogs":[]}]}"# + "\r\n\n"
      + #"{"resourceMetrics":[]}"# + "\n" + #"{"resourceSpans":\#(spans(span("a2")))}"# + "\n"
    let (_, report) = try read(text)
    #expect(report.spans == 2)
    #expect((report.logs, report.metrics) == (1, 1))
    #expect(report.lines.contains { $0.contains("1 list of logs, 1 list of metrics") })
  }

  @Test func tempoIsRead() throws {
    let (_, report) = try read(ForeignDocuments.tempo)
    #expect(report.spans == 2)
    #expect(report.roots == 1)
    #expect(report.oddities == [.base64: 3, .linkWithoutID: 1, .endsBeforeStart: 1])
  }

  @Test func gzipIsUnpackedAndDamageSaid() throws {
    #expect(try TraceImport.read(ForeignDocuments.gzip, runID: "run").report.spans == 1)
    let twice = ForeignDocuments.gzip + [0, 0, 0]
    #expect(try TraceImport.read(twice, runID: "run").report.spans == 1)
    #expect {
      _ = try TraceImport.read(Array(ForeignDocuments.gzip.dropLast(12)), runID: "run")
    } throws: {
      "\($0)".contains("gzip that is cut off")
    }
  }

  @Test func zipkinIsReadWithItsSharedSpans() throws {
    let (log, report) = try read(ForeignDocuments.zipkin)
    #expect(report.format == .zipkin)
    #expect(report.spans == 4)
    #expect(report.open == 1)
    #expect(report.renamed == 1)
    let waterfall = try #require(TraceWaterfall(log, trace: TraceID(high: 0, low: 0x4bf9_2f35_77b3_4da6)))
    #expect(waterfall.rows.map(\.span.service) == ["front", "front", "back", "mailer"])
    #expect(waterfall.rows.map(\.depth) == [0, 1, 2, 1])
    #expect(waterfall.rows[2].span.errorType == "error")
    #expect(waterfall.rows[0].span.status == 200)
    #expect(try read("[\(ForeignDocuments.zipkin)]").report.spans == 4)
  }

  @Test func aTableOfSpansIsReadByItsColumns() throws {
    let (log, report) = try read(ForeignDocuments.csv)
    #expect(report.format == .csv)
    #expect(report.spans == 3)
    #expect(report.kindsInferred == 3)
    #expect(report.columns == ["StartTimeUnixNano in nanoseconds", "EndTimeUnixNano in nanoseconds"])
    #expect(log.processes.map(\.name) == ["front", "back"])
    let waterfall = try #require(
      TraceWaterfall(log, trace: TraceID(high: 0x4bf9_2f35_77b3_4da6, low: 0xa3ce_929d_0e0e_4736)))
    #expect(waterfall.rows.map(\.span.kind) == [.server, .client, .server])
    #expect(waterfall.rows.map(\.span.name) == ["GET /", #"get "a, b""#, "get"])
    #expect(waterfall.rows.map(\.span.duration) == [90_000_000, 60_000_000, 50_000_000])
  }

  @Test(arguments: [
    (
      "trace_id,span_id,parent_id,service_name,name,start_time,duration\nt1,s1,,a,x,1790000000.5,0.25\n",
      UInt64(250_000_000)
    ),
    (
      "traceId,spanId,parentSpanId,serviceName,startTime,durationMs,statusCode\nab,1,-1,a,1790000000000000,250,500\n",
      250_000_000
    ),
    ("Timestamp,TraceId,SpanId,ServiceName,Duration\n2026-01-02T03:04:05.5Z,ab,1,a,250000000\n", 250_000_000),
    ("trace,span,service,start,end\nab,1,a,1790000000000,1790000000250\n", 250_000_000),
  ]) func timesAreInTheUnitThatTheirNameOrSizeTells(_ text: String, _ duration: UInt64) throws {
    let (log, report) = try read(text)
    #expect(report.spans == 1)
    #expect(TraceList(log, limit: 1).traces.first?.duration == duration)
  }

  @Test func whatIsNoTraceIsNamed() {
    let cases = [
      (#"{"data":null,"errors":[{"code":404,"msg":"trace not found"}]}"#, "trace not found (404)"),
      (#"{"Traces":[]}"#, "an object with 'Traces'"), ("123", "123"), ("hello", "no JSON and no CSV"), ("", "nothing"),
      ("a,b,c\n1,2,3\n", "the columns a, b, c"), (#"{"resourceLogs":[]}"#, "none, but logs"),
      (#"{"traceEvents":[]}"#, "a Perfetto trace"),
    ]
    for (text, found) in cases {
      #expect {
        _ = try read(text)
      } throws: {
        ($0 as? ImportError)?.found == found
      }
    }
  }

  @Test func aFormatThatIsAskedForMustBeFound() throws {
    #expect {
      _ = try read(ForeignDocuments.zipkin, ImportOptions(format: .otlp))
    } throws: {
      ($0 as? ImportError)?.found == "Zipkin's JSON"
    }
    #expect(try read(ForeignDocuments.zipkin, ImportOptions(format: .zipkin)).report.spans == 4)
  }

  @Test func oneOddSpanIsNotTheWholeFile() throws {
    let odd = [
      #"{"traceId":"","spanId":"00000000000000b1"}"#, "7", span("b2").replacing("1790000000000000000", with: "x"),
      span("b3", #","kind":99"#), span("b4").replacing("1790000000700000000", with: "5"),
      span("b5", #","links":[{"traceId":"","spanId":""}]"#), span("b6", #","parentSpanId":"00000000000000b6""#),
    ]
    let text = #"{"resourceSpans":\#(spans(([span("a1")] + odd).joined(separator: ",")))}"#
    let (_, report) = try read(text)
    #expect(report.spans == 5)
    #expect(
      report.oddities == [
        .idMissing: 1, .notASpan: 1, .valueIgnored: 2, .startMissing: 1, .endsBeforeStart: 1, .linkWithoutID: 1,
        .selfParent: 1,
      ])
    #expect(report.lines.contains { $0.contains("is its own parent") })
    #expect(throws: ImportError.self) { _ = try read(text, ImportOptions(isStrict: true)) }
  }

  @Test func aSpanSentAgainWithOtherAttributesIsTakenOnce() throws {
    let again = span("a2").replacing("1790000000700000000", with: "1790000000800000000")
    let (log, report) = try read(#"{"resourceSpans":\#(spans(span("a2"), again))}"#)
    #expect(report.spans == 1)
    #expect(report.oddities == [.resent: 1])
    #expect(TraceList(log, limit: 1).traces.first?.duration == 800_000_000)
  }

  @Test func zipkinsExportIsReadBackAsSpans() throws {
    let log = SampleLog(requests: 4).snapshot()
    var bytes: [UInt8] = []
    let tally = try ZipkinExport.write(log) { bytes += $0 }
    let (copy, report) = try TraceImport.read(bytes, runID: "run")
    #expect(report.format == .zipkin)
    #expect(report.spans == tally.spans)
    #expect(report.oddities.isEmpty)
    #expect(Set(copy.processes.map(\.name)).isSubset(of: Set(log.processes.map(\.name))))
    let traces = { (log: LogSnapshot) in Set(TraceList(log, limit: 100).traces.map(\.trace)) }
    #expect(traces(copy) == traces(log))
  }
}
