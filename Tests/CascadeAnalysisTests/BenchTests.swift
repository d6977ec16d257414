import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

@Suite struct BenchTests {
  @Test func bench() {
    let base = TestLog.wellBehaved().snapshot
    let startup = base.records.filter { $0.span == 0 && $0.kind != .processStop && $0.kind != .threadStop }
    let body = base.records.filter { $0.span != 0 && $0.time < TestLog.time(25_000) }
    var records = startup
    let clock = ContinuousClock()
    for n in 0..<30_000 {
      for var r in body {
        r.time += UInt64(n) * 25_000_000
        r.span += UInt64(n) * 100
        if r.kind == .arrive || r.kind == .spanStart || r.kind == .workStart || r.kind == .workEnd || r.kind == .waitStart || r.kind == .waitEnd, r.other != 0 { r.other += UInt64(n) * 100 }
        if r.kind != .attribute { r.traceLow = UInt64(n) }
        records.append(r)
      }
    }
    var s = base
    s.records = records
    for i in s.processes.indices { s.processes[i].fate = .running }
    s.takenAt = records.last!.time
    print("records", records.count)
    print("replay", clock.measure { _ = ChainReplay(s) })
    print("dump", clock.measure { _ = ThreadDump(s) })
    print("audit", clock.measure { let a = LogAudit(s); print(a.text) })
    print("list", clock.measure { _ = TraceList(s, limit: 20) })
    var t = RecordText()
    print("text", clock.measure { _ = t.lines(s) })
    let jam = TestLog.jam().snapshot
    print("jam dump x100", clock.measure { for _ in 0..<100 { _ = ThreadDump(jam) } })
    print("jam dump text x100", clock.measure { for _ in 0..<100 { _ = ThreadDump(jam).text(width: 100, limit: 3) } })
    print("jam audit x100", clock.measure { for _ in 0..<100 { _ = LogAudit(jam) } })
    print("jam list x100", clock.measure { for _ in 0..<100 { _ = TraceList(jam, limit: 5) } })
    print("jam wf x100", clock.measure { for _ in 0..<100 { _ = TraceWaterfall(jam, trace: TestLog().trace) } })
    print("jam wf text x100", clock.measure { for _ in 0..<100 { _ = TraceWaterfall(jam, trace: TestLog().trace)?.text(width: 100) } })
    print("jam lines x100", clock.measure { for _ in 0..<100 { var t = RecordText(); _ = t.lines(jam) } })
    #expect(records.count > 0)
  }
}
