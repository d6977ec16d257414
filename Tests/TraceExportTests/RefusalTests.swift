import Testing
import TraceExport

/// A span that makes no sense is named, in strict mode as the refusal of the file: which record, which field, what stands
/// there, what should. What is no trace at all is refused in any mode.
@Suite struct RefusalTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var change: (String, String)
    var record: String
    var field: String
    var found: String
    var expected: String

    var testDescription: String { "\(change.1) in \(record)" }
  }

  private static let span = "resourceSpans[0].scopeSpans[0].spans[1]"

  private static let otlp = [
    Case(
      change: (#""spanId":"00000000000000a2""#, #""spanId":"AAAAAAAAAKI=""#), record: span, field: "spanId",
      found: "'AAAAAAAAAKI='", expected: "16 hex digits, not all zero"),
    Case(
      change: (#""spanId":"00000000000000a2""#, #""spanId":"0000000000000000""#), record: span, field: "spanId",
      found: "'0000000000000000'", expected: "16 hex digits, not all zero"),
    Case(
      change: (#""spanId":"00000000000000a2""#, #""spanId":"00000000000000a1""#),
      record: "trace 4bf92f3577b34da6a3ce929d0e0e4736",
      field: "span 00000000000000a1", found: "another span with its id",
      expected: "an id of its own"),
    Case(
      change: (#"1790000000510000000,"#, "-5,"), record: span, field: "endTimeUnixNano", found: "-5",
      expected: "a whole number from 0 to 9223372036854775807"),
    Case(
      change: (#"1790000000510000000,"#, "99999999999999999999999999,"), record: span, field: "endTimeUnixNano",
      found: "99999999999999999999999999", expected: "a whole number from 0 to 9223372036854775807"),
    Case(
      change: (#"1790000000510000000,"#, "1,"), record: span, field: "endTimeUnixNano", found: "1",
      expected: "at least the start, 1790000000010000000"),
    Case(
      change: (#""kind":3"#, #""kind":17"#), record: span, field: "kind", found: "17", expected: "0 to 5"),
    Case(
      change: (#""intValue":"17""#, #""intValue":"1.5""#), record: span, field: "intValue",
      found: "'1.5'", expected: "a whole number of 64 bits"),
    Case(
      change: (#"resourceSpans"#, "resource_spans"), record: "the document", field: "",
      found: "an object with 'resource_spans'",
      expected:
        "OTLP/JSON (resourceSpans, batches), Jaeger's or Zipkin's JSON, or CSV with a line of column names; each "
        + "also as gzip"),
    Case(
      change: (#""spans":["#, #""spans":[7,"#), record: "resourceSpans[0].scopeSpans[0].spans[0]", field: "",
      found: "7", expected: "an object"),
    Case(
      change: (#""status":{}}"#, #""status":{}"#), record: "line 11, column 3", field: "", found: "'{'",
      expected: "a key in quotes"),
  ]

  @Test(arguments: otlp) func anOTLPDocumentIsRefusedInOneLine(_ wrong: Case) throws {
    let text = ForeignDocuments.otlp.replacing(wrong.change.0, with: wrong.change.1, maxReplacements: 1)
    try #require(text != ForeignDocuments.otlp)
    expect(wrong) { () throws(ImportError) in
      _ = try TraceImport.read(Array(text.utf8), runID: "run", options: ImportOptions(isStrict: true))
    }
    expect(wrong) { () throws(ImportError) in
      _ = try TraceValidation(Array(text.utf8), options: ImportOptions(isStrict: true))
    }
  }

  private static let jaeger = [
    Case(
      change: (#""startTime":1790000000010000"#, #""startTime":-1"#), record: "data[0].spans[1]", field: "startTime",
      found: "-1", expected: "microseconds since 1970, more than 0"),
    Case(
      change: (#""duration":500000"#, #""duration":9223372036854775807"#), record: "data[0].spans[1]",
      field: "duration", found: "9223372036854775807", expected: "microseconds, at most 9223372036854774"),
    Case(
      change: (#""processID":"p2"}],"#, #""processID":"p9"}],"#), record: "data[0].spans[3]", field: "processID",
      found: "'p9'", expected: "one of the trace's processes"),
    Case(
      change: (#""spanID":"a2","operationName""#, #""spanID":"","operationName""#), record: "data[0].spans[1]",
      field: "spanID", found: "''", expected: "1 to 16 hex digits, not all zero"),
  ]

  @Test(arguments: jaeger) func aJaegerDocumentIsRefusedInOneLine(_ wrong: Case) throws {
    let text = ForeignDocuments.jaeger.replacing(wrong.change.0, with: wrong.change.1, maxReplacements: 1)
    try #require(text != ForeignDocuments.jaeger)
    expect(wrong) { () throws(ImportError) in
      _ = try TraceImport.read(Array(text.utf8), runID: "run", options: ImportOptions(isStrict: true))
    }
    expect(wrong) { () throws(ImportError) in
      _ = try TraceValidation(Array(text.utf8), options: ImportOptions(isStrict: true))
    }
  }

  private func expect(_ wrong: Case, _ body: () throws(ImportError) -> Void) {
    do throws(ImportError) {
      try body()
      Issue.record("it was taken")
    } catch {
      #expect(error.record == wrong.record)
      #expect(error.field == wrong.field)
      #expect(error.found == wrong.found)
      #expect(error.expected == wrong.expected)
      #expect(!"\(error)".contains("\n"))
    }
  }

  @Test func depthWithoutEndIsRefused() {
    let deep = Array(String(repeating: #"{"a":["#, count: 1_000_000).utf8)
    #expect(throws: ImportError.self) { _ = try TraceImport.read(deep, runID: "run") }
    #expect(throws: ImportError.self) { _ = try TraceValidation(deep) }
  }

  @Test func anEmptyFileIsRefused() {
    for text in ["", "   \n", "{}", "[]", #"{"resourceSpans":[]}"#, #"{"data":[]}"#] {
      #expect(throws: ImportError.self) { _ = try TraceImport.read(Array(text.utf8), runID: "run") }
      #expect(throws: ImportError.self) { _ = try TraceValidation(Array(text.utf8)) }
    }
  }

  /// Microseconds since 1970 to the nanosecond: a double would be wrong by 125 of them.
  @Test func slicesOfTodayNestToTheNanosecond() throws {
    let event = { (start: String, duration: String) in
      #"{"ph":"X","pid":1,"tid":2,"name":"a","ts":\#(start),"dur":\#(duration)}"#
    }
    let today = "1790000000010000"
    let good = "[\(event("\(today).001", "1.999")),\(event("\(today).101", "1.899"))]"
    #expect(try TraceValidation(Array(good.utf8)).format == .perfetto)
    let late = "[\(event("\(today).001", "1.999")),\(event("\(today).101", "1.901"))]"
    #expect(throws: ImportError.self) { _ = try TraceValidation(Array(late.utf8)) }
    let rough = "[\(event("-1.5e3", "2e3")),\(event("-0.5", "0.25"))]"
    #expect(try TraceValidation(Array(rough.utf8)).format == .perfetto)
  }

  @Test func slicesThatDoNotNestAreNamed() throws {
    let event = { (start: Int, duration: Int) in
      #"{"ph":"X","pid":1,"tid":2,"name":"a","ts":\#(start),"dur":\#(duration)}"#
    }
    let good = "[\(event(0, 10)),\(event(2, 8)),\(event(10, 5))]"
    let check = try TraceValidation(Array(good.utf8))
    #expect(check.format == .perfetto)
    let bad = #"{"traceEvents":[\#(event(0, 10)),\#(event(5, 10))]}"#
    #expect {
      _ = try TraceValidation(Array(bad.utf8))
    } throws: {
      ($0 as? ImportError)?.record == "traceEvents[1]"
    }
    let flow = #"[{"ph":"s","pid":1,"tid":2,"ts":1,"id":"my-work"}]"#
    #expect {
      _ = try TraceValidation(Array(flow.utf8))
    } throws: {
      ($0 as? ImportError)?.field == "id"
    }
  }
}
