import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

/// What the report says is so: no reason that the log does not show, no figure that leaves out those who still wait.
@Suite struct CascadeWordsTests {
  /// One service with a pool, and requests that each hold a thread of it for a time.
  private struct OneService {
    var log = TestLog()
    let loop: TestLog.Pen
    let pool: [TestLog.Pen]
    private var freeAt: [UInt64]
    private var span: UInt64 = 0

    init(threads: Int) {
      (loop, pool) = log.service(.gateway, 0, .blocking, threads: threads)
      freeAt = Array(repeating: 0, count: threads)
    }

    /// Arrivals must be in order. `status` 0: the request has not ended when the log does.
    mutating func request(
      _ at: UInt64, takes time: UInt64, status: UInt32 = 200, error: String = "", route: String = "GET /a",
      waits: Bool = true
    ) {
      span += 10
      guard let worker = freeAt.indices.min(by: { freeAt[$0] < freeAt[$1] }) else { return }
      let start = max(at, freeAt[worker])
      log.arrive(at, loop, span, route)
      log.write(.enqueue, at, loop, span: span)
      guard freeAt[worker] != .max else { return }
      freeAt[worker] = status == 0 ? .max : start + time
      log.dequeue(start, pool[worker], span, .blocking)
      if waits { log.wait(start, pool[worker], span, span + 1, .sleep, "bank") }
      guard status != 0 else { return }
      if waits { log.endWait(start + time, pool[worker], span, span + 1) }
      log.end(start + time, pool[worker], span, status: status, error: error)
    }

    mutating func fault(_ at: UInt64, _ text: String, on: Bool = true) {
      log.write(.fault, at, TestLog.Pen(process: 0, thread: 1_000), detail: on ? 1 : 0, name: "fault: \(text)")
    }

    func report(until end: UInt64) -> CascadeReport {
      var log = log
      log.takenAt = end
      let report = CascadeReport(log.snapshot)
      report.expectConservation()
      return report
    }
  }

  // MARK: Reasons

  /// A gateway whose threads are all in calls to user-service, which reads them when its own queue fills, later.
  private func callerFirst(gateway: Int, user: Int, readAt: UInt64) -> CascadeReport {
    var log = TestLog()
    let front = log.service(.gateway, 0, .blocking, threads: gateway)
    let back = log.service(.userService, 1, .blocking, threads: user)
    for number in 0..<gateway {
      let span = UInt64(number + 1) * 10
      log.blocked(
        10_000, loop: front.loop, worker: front.pool[number], span, from: 0, route: "GET /a", calls: span + 1,
        "user-service")
    }
    log.arrive(20_000, front.loop, 900, "GET /a")
    log.write(.enqueue, 20_000, front.loop, span: 900)
    for number in 0..<max(gateway, user + 1) {
      let span = UInt64(number + 1) * 10
      log.arrive(readAt, back.loop, span + 2, from: number < gateway ? span + 1 : 0, "GET /b")
      log.write(.enqueue, readAt, back.loop, span: span + 2)
      guard number < user else { continue }
      log.dequeue(readAt, back.pool[number], span + 2, .blocking)
      log.wait(readAt, back.pool[number], span + 2, span + 3, .database, "users")
    }
    return CascadeReport(log.snapshot)
  }

  @Test(
    arguments: [
      (2, 4, "its pool is the smaller one (2 threads, user-service has 4)"), (4, 4, "both have 4 threads"),
      (16, 12, "its load rose faster than user-service could take it up (16 calls under way to 12 threads)"),
    ])
  func aCallerIsCalledTheSmallerOneOnlyWhereItIs(_ gateway: Int, _ user: Int, _ reason: String) throws {
    let report = callerFirst(gateway: gateway, user: user, readAt: 90_000)
    let edge = try #require(report.edges.first)
    #expect(edge.kind == .callerFirst && edge.callerThreads == gateway && edge.calleeThreads == user)
    #expect(edge.text.contains("gateway was saturated 70 ms before user-service"), "\(edge.text)")
    #expect(edge.text.contains(reason), "\(edge.text)")
    #expect(edge.text.contains("smaller") == (gateway < user), "\(edge.text)")
  }

  /// 4 threads; the load is 10, then 2, then 50 a second: no steady load, as the law takes it.
  @Test func aPredictionThatTheRunContradictsIsNotAnExplanation() throws {
    var chain = OneService(threads: 4)
    for number in 0..<10 { chain.request(UInt64(number) * 100_000, takes: 1_000) }
    chain.fault(1_000_000, "latency=1s")
    for number in 0..<8 { chain.request(1_050_000 + UInt64(number) * 500_000, takes: 1_000) }
    for number in 0..<50 { chain.request(5_050_000 + UInt64(number) * 20_000, takes: 9_000_000, status: 0) }
    let report = chain.report(until: 6_100_000)
    let prediction = try #require(report.saturations.first?.prediction)
    #expect(prediction.judgement == .contradicted)
    let text = report.text(width: 400)
    #expect(text.contains("but it does not apply here: it takes a steady load"), "\(text)")
  }

  /// One thread, 10 requests a second of 100 ms each: as many end as arrive, so that nothing follows from the rates.
  @Test func boundsThatSayNothingAreNotPrinted() throws {
    var chain = OneService(threads: 1)
    for number in 0..<40 { chain.request(UInt64(number) * 100_000, takes: number == 0 ? 180_000 : 100_000) }
    let report = chain.report(until: 4_000_000)
    #expect(report.saturations.first?.prediction?.judgement == .saysNothing)
    let text = report.text(width: 400)
    #expect(text.contains("Little's law sets no useful bound"), "\(text)")
    #expect(!text.contains("Little's law predicts"), "\(text)")
  }

  // MARK: Outcomes

  @Test(
    arguments: [
      (404, "not_found", "1 client error"), (404, "404", "1 client error"), (503, "503", "1 refused"),
      (504, "timeout", "1 timed out"), (502, "connection_reset", "1 failed"), (500, "fault_injected", "1 failed"),
    ] as [(UInt32, String, String)])
  func eachOutcomeIsCountedAsItself(_ status: UInt32, _ error: String, _ words: String) throws {
    var chain = OneService(threads: 2)
    for number in 0..<9 { chain.request(UInt64(number) * 10_000, takes: 1_000) }
    chain.request(100_000, takes: 1_000, status: status, error: error)
    let report = chain.report(until: 1_000_000)
    #expect(report.summary.contains("10 requests: 9 good, \(words)."), "\(report.summary)")
    let counts = try #require(report.services.first).outcomes.filter { $0.value > 0 }
    #expect(counts == [.ok: 9, RequestOutcome(status: Int(status), errorType: error): 1])
  }

  // MARK: Who still waits

  @Test func waitsThatGoOnCountSoFar() throws {
    var chain = OneService(threads: 1)
    chain.request(1_000, takes: 100, route: "GET /ping", waits: false)
    chain.request(10_000, takes: 0, status: 0)
    for at in [100_000, 101_000, 102_000] as [UInt64] {
      chain.request(at, takes: 100, route: "GET /ping", waits: false)
    }
    let report = chain.report(until: 4_100_000)
    let ping = try #require(report.bystanders.first)
    #expect(ping.route == "GET /ping" && ping.requests == 4 && ping.waiting == 3 && ping.isLongestOpen)
    #expect(ping.longest == 4_000_000_000)
    #expect(ping.mean == (4_000_000_000 + 3_999_000_000 + 3_998_000_000) / 4)
    let text = report.text(width: 400)
    #expect(text.contains("so far (4 requests, 3 of them still waiting)"), "\(text)")
    #expect(report.services.first?.open == 4)
  }

  /// In a window in which no ping ended, it is still known to need nobody.
  @Test func whoNeedsNobodyIsKnownFromBeforeTheWindow() throws {
    var chain = OneService(threads: 1)
    chain.request(1_000, takes: 100, route: "GET /ping", waits: false)
    chain.request(10_000, takes: 0, status: 0)
    chain.request(100_000, takes: 100, route: "GET /ping", waits: false)
    chain.log.takenAt = 2_000_000
    let report = CascadeReport(chain.log.snapshot, options: CascadeOptions(from: TestLog.time(1_000_000)))
    #expect(report.bystanders.map(\.waiting) == [1])
  }

  // MARK: Which story

  @Test func aBusyHostIsNoReasonForAdvice() throws {
    var chain = OneService(threads: 2)
    for number in 0..<40 { chain.request(UInt64(number) * 50_000, takes: 5_000, route: "GET /ping", waits: false) }
    chain.log.write(.stall, 1_000_000, chain.loop, other: 230_000_000, detail: StallDetector.probe.rawValue)
    let report = chain.report(until: 2_000_000)
    #expect(report.findings.map(\.check) == [.hostBusy])
    #expect(report.findings.allSatisfy { $0.severity == .note })
    let text = report.text(width: 400)
    #expect(text.contains("nothing needs mending"), "\(text)")
    #expect(report.verdict.kind != .rootCause)
  }

  /// Full for 40 ms while the chain warms up, and for seconds when the bank becomes slow: the second is the cascade.
  @Test func aFlickerBeforeTheCascadeIsNotToldAsIt() throws {
    var chain = OneService(threads: 1)
    chain.request(10_000, takes: 50_000)
    chain.request(20_000, takes: 1_000)
    for number in 1..<29 { chain.request(UInt64(number) * 100_000, takes: 1_000) }
    chain.fault(3_000_000, "latency=1s")
    for number in 0..<20 { chain.request(3_100_000 + UInt64(number) * 100_000, takes: 1_000_000) }
    let report = chain.report(until: 10_000_000)
    let full = try #require(report.saturations.first)
    #expect(full.onset == 3_200_000_000 && full.firstOnset == 20_000_000 && full.intervalsElsewhere == 1)
    #expect(report.summary.contains("after gateway: fault latency=1s."), "\(report.summary)")
    #expect(report.text(width: 400).contains("also saturated at other times: gateway 1 time"))
  }

  /// A fault that was lifted before is not what it began with.
  @Test func aLiftedFaultIsNoTrigger() {
    var chain = OneService(threads: 1)
    chain.fault(1_000, "latency=1s")
    chain.fault(2_000, "latency=1s", on: false)
    for number in 0..<20 { chain.request(3_100_000 + UInt64(number) * 100_000, takes: 1_000_000) }
    let report = chain.report(until: 10_000_000)
    #expect(!report.summary.contains("after gateway"), "\(report.summary)")
  }

  /// A chain that is always full answers 50 a second, then 2: the fault is the story, and not that it was full.
  @Test func whatHalvesTheAnswersOfAFullChainIsTold() {
    var chain = OneService(threads: 1)
    for number in 0..<150 { chain.request(UInt64(number) * 19_000, takes: 20_000) }
    chain.fault(3_000_000, "latency=500ms")
    for number in 0..<20 { chain.request(3_010_000 + UInt64(number) * 300_000, takes: 500_000) }
    let report = chain.report(until: 9_000_000)
    #expect(report.summary.contains("with gateway: fault latency=500ms"), "\(report.summary)")
    #expect(report.summary.contains("answers fell from"), "\(report.summary)")
  }
}
