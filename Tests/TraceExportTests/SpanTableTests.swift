import CascadeAnalysis
import ChainModel
import Testing
import TraceExport
import TraceLog

/// Tables of spans as public fault data sets have them: other names of columns, other units, no kinds.
@Suite struct SpanTableTests {
  private func read(_ text: String) throws -> (log: LogSnapshot, report: ImportReport) {
    let (log, report) = try TraceImport.read(Array(text.utf8), runID: "run")
    #expect(try TraceValidation(Array(text.utf8)).summary == report.summary)
    return (log, report)
  }

  /// Requests of 30 ms, of which a callee takes 10, after 12: starts in whole milliseconds, lengths in the given unit.
  private func table(_ unit: Double, parts: Int = 12) -> String {
    var lines = ["timestamp,cmdb_id,span_id,trace_id,duration,type,status_code,operation_name,parent_span"]
    for number in 1...parts {
      let start = 1_790_000_000_000 + number * 100
      let length = { (milliseconds: Double) in "\(Int(milliseconds * 1e6 / unit))" }
      lines.append("\(start),front-0,a\(number),t\(number),\(length(30)),http,200,GET /,")
      lines.append("\(start + 12),cart-0,b\(number),t\(number),\(length(10)),rpc,13,Get,a\(number)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  @Test(arguments: [(1.0, "nanoseconds"), (1e3, "microseconds"), (1e6, "milliseconds")])
  func durationsAreInTheUnitInWhichCallsLieWithinTheirCallers(_ unit: Double, _ name: String) throws {
    let (log, report) = try read(table(unit))
    #expect(report.columns == ["timestamp in milliseconds", "duration in \(name)"])
    #expect(
      TraceList(log, limit: 100).traces.allSatisfy { $0.duration == 30_000_000 && $0.services == ["front", "cart"] })
    #expect(log.processes.map(\.name) == ["front", "cart"])
    let requests = try #require(RequestReport(log))
    #expect(requests.requests == 12 && requests.parts.reduce(0) { $0 + $1.errors } == 12)
  }

  @Test func tooFewCallsLeaveTheUnitOfTheStart() throws {
    #expect(try read(table(1e6, parts: 4)).report.columns.last == "duration in milliseconds")
  }

  @Test func aColumnOfSuccessAndParentsByPidAreUnderstood() throws {
    let (log, report) = try read(
      """
      callType,startTime,elapsedTime,success,traceId,id,pid,cmdb_id,serviceName
      OSB,1790000000000,30.5,True,t1,s1,None,docker_1,osb_1
      CSF,1790000000010,10.25,False,t1,s2,s1,docker_2,csf_2

      """)
    #expect(report.spans == 2 && report.roots == 1 && report.missingParents == 0)
    let trace = try #require(TraceList(log, limit: 1).traces.first).trace
    let rows = try #require(TraceWaterfall(log, trace: trace)).rows
    #expect(rows.map(\.span.service) == ["osb_1", "csf_2"])
    #expect(rows.map(\.span.duration) == [30_500_000, 10_250_000])
    #expect(rows.map { $0.span.errorType ?? "" } == ["", "error"])
  }

  @Test func podsAreOfTheirServiceInWhateverColumnTheyStand() throws {
    for column in ["service_name", "PodName", "cmdb_id"] {
      let (log, _) = try read(
        """
        TraceID,SpanID,ParentID,\(column),OperationName,StartTimeUnixNano,EndTimeUnixNano
        t1,a1,root,front-579b9bff58-t2dbm,GET /,1790000000000000000,1790000000090000000
        t2,a2,root,front-579b9bff58-x9rvw,GET /,1790000000100000000,1790000000190000000

        """)
      #expect(log.processes.map(\.name) == ["front", "front"], "\(column)")
      #expect(RequestReport(log)?.services == ["front"])
    }
  }

  /// What a request asks for is one operation, whichever order or user it asks for.
  @Test func operationsAreWithoutWhatNamesASingleThing() throws {
    var lines = ["trace,span,parent,service,url,start_time_ms,end_time_ms"]
    for number in 1...20 {
      let start = 1_790_000_000_000 + number * 1000
      lines.append(
        "t\(number),a\(number),,shop,http://shop:8080/v1/orders/order-1000\(number)?q=\(number),\(start),\(start + 9)")
    }
    let report = try #require(RequestReport(try read(lines.joined(separator: "\n")).log))
    #expect(report.parts.map(\.place.text) == ["shop http://shop:8080/v1/orders/{}"])
  }
}
