import CascadeAnalysis
import ChainModel
import FoundationEssentials
import Testing
import TraceLog

@Suite struct CascadeScanTests {
  /// The same log, once held in memory and once gone through.
  @Test func aReportFromAScanIsThatOfASnapshot() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "chainlab-scan-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try LogWriter.create(path: path, sizeMiB: 16, runID: "scan")
    let log = try LogWriter(path: path, name: ServiceName.gateway.rawValue)
    let (loop, worker) = (log.scribeOfLoop(thread: 10), log.scribe(thread: 11))
    for (scribe, role) in [(loop, ThreadRole.loop), (worker, .worker)] {
      log.state(
        "thread:\(scribe.thread)", Record(kind: .threadStart, detail: role.rawValue, name: log.intern("\(role)")),
        by: scribe)
    }
    let (route, target) = (log.intern("GET /ping"), log.intern("disk"))
    for span in 1...500 as ClosedRange<UInt64> {
      let trace = TraceID(high: 1, low: span)
      loop.write(Record(kind: .arrive, trace: trace, span: span, name: route))
      loop.write(Record(kind: .enqueue, trace: trace, span: span))
      worker.write(Record(kind: .dequeue, trace: trace, span: span, detail: IOModel.blocking.code))
      let flags = WaitFlags.held.rawValue
      worker.write(
        Record(
          kind: .waitStart, trace: trace, span: span, other: span, detail: WaitCause.file.rawValue, name: target,
          arg: flags))
      worker.write(Record(kind: .waitEnd, trace: trace, span: span, other: span, arg: flags))
      worker.write(Record(kind: .end, trace: trace, span: span, arg: 200))
    }
    log.close()
    let reader = try LogReader(path: path)
    let fromSnapshot = CascadeReport(try reader.snapshot())
    let fromScan = CascadeReport(try reader.scan())
    #expect(fromScan.requests == 500)
    #expect(WireJSON.encode(fromScan) == WireJSON.encode(fromSnapshot))
  }
}
