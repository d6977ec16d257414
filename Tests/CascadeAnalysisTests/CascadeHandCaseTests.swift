import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

/// Small logs whose answer can be worked out by hand.
@Suite struct CascadeHandCaseTests {
  private func lock(
    _ log: inout TestLog, _ at: UInt64, _ pen: TestLog.Pen, _ span: UInt64, _ id: UInt64, _ name: String,
    heldBy holder: TestLog.Pen
  ) {
    log.wait(at, pen, span, id, .lock, name)
    var flags = log.records[log.records.count - 1].waitFlags
    flags.holder = holder.thread
    log.records[log.records.count - 1].arg = flags.rawValue
  }

  private func report(_ log: TestLog) -> CascadeReport {
    let report = CascadeReport(log.snapshot)
    report.expectConservation()
    return report
  }

  @Test func twoLocksTakenCrosswiseAreAKnot() throws {
    var log = TestLog()
    let (loop, pool) = log.service(.paymentService, 0, .blocking, threads: 3)
    for (index, worker) in pool.enumerated() {
      let span = UInt64(index + 1)
      log.arrive(100_000, loop, span, "GET /payments/{user}")
      log.write(.enqueue, 100_000, loop, span: span)
      log.dequeue(100_000, worker, span, .blocking)
    }
    lock(&log, 200_000, pool[0], 1, 11, "B", heldBy: pool[1])
    lock(&log, 300_000, pool[1], 2, 12, "A", heldBy: pool[0])
    lock(&log, 400_000, pool[2], 3, 13, "A", heldBy: pool[0])
    let report = report(log)
    let knot = try #require(report.blame.first { $0.kind == .knot })
    #expect(Set(knot.members) == ["payment-w1", "payment-w2"])
    #expect(Set(knot.edges) == ["lock B", "lock A"])
    #expect(knot.blamed == 700_000_000 + 700_000_000 + 600_000_000)
    #expect(report.blame.first { $0.kind == .running }?.blamed == 100_000_000)  // until the circle closes
    #expect(report.findings.first?.check == .deadlock)
  }

  @Test func aLockThatIsHandedOnMovesTheBlame() {
    var log = TestLog()
    let (loop, pool) = log.service(.paymentService, 0, .blocking, threads: 3)
    for (index, worker) in pool.enumerated() {
      log.arrive(100_000, loop, UInt64(index + 1), "GET /payments/{user}")
      log.dequeue(100_000, worker, UInt64(index + 1), .blocking)
    }
    log.wait(200_000, pool[0], 1, 20, .file, "ledger")
    lock(&log, 200_000, pool[1], 2, 21, "L", heldBy: pool[0])
    lock(&log, 200_000, pool[2], 3, 22, "L", heldBy: pool[0])
    log.endWait(500_000, pool[0], 1, 20)
    log.end(500_000, pool[0], 1)
    log.endWait(500_000, pool[1], 2, 21)
    log.wait(500_000, pool[1], 2, 23, .database, "write")
    let report = report(log)
    let blamed = Dictionary(uniqueKeysWithValues: report.blame.map { ($0.text, $0.blamed / 1_000_000) })
    #expect(blamed == ["payment-service file ledger": 900, "payment-service db write": 1_000])
  }

  @Test func poolsThatWaitForEachOtherAreACircle() throws {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    let user = log.service(.userService, 1, .blocking, threads: 1)
    log.blocked(
      100_000, loop: gateway.loop, worker: gateway.pool[0], 1, from: 0, route: "GET /a", calls: 2, "user-service")
    log.blocked(200_000, loop: user.loop, worker: user.pool[0], 3, from: 0, route: "GET /b", calls: 4, "gateway")
    log.arrive(300_000, user.loop, 5, from: 2, "GET /b")
    log.write(.enqueue, 300_000, user.loop, span: 5)
    log.arrive(300_000, gateway.loop, 6, from: 4, "GET /a")
    log.write(.enqueue, 300_000, gateway.loop, span: 6)
    let report = report(log)
    let knot = try #require(report.blame.first { $0.kind == .knot })
    #expect(knot.blamed == 1_400_000_000)
    #expect(knot.members.isEmpty)
    #expect(report.findings.first?.check == .deadlock)
  }

  @Test func aCallToACalleeThatCrashesIsInTransitUntilItIsGivenUp() {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    let user = log.service(.userService, 1, .blocking, threads: 1)
    log.process("supervisor", 8)
    log.blocked(
      100_000, loop: gateway.loop, worker: gateway.pool[0], 1, from: 0, route: "GET /a", calls: 2, "user-service")
    log.arrive(110_000, user.loop, 3, from: 2, "GET /b")
    log.write(.enqueue, 110_000, user.loop, span: 3)
    log.dequeue(110_000, user.pool[0], 3, .blocking)
    log.wait(120_000, user.pool[0], 3, 4, .database, "users")
    log.write(.processDied, 400_000, TestLog.Pen(process: 8, thread: 80), other: 9, name: "user-service", arg: 1_001)
    log.processes[1].fate = .died
    log.endWait(900_000, gateway.pool[0], 1, 2, outcome: .timeout)
    log.end(900_000, gateway.pool[0], 1, status: 504, error: "timeout")
    let report = report(log)
    let blamed = Dictionary(uniqueKeysWithValues: report.blame.map { ($0.text, $0.blamed / 1_000_000) })
    #expect(
      blamed == [
        "in transit gateway → user-service": 510, "user-service running": 10, "user-service db users": 560,
      ])
    #expect(report.events.map(\.what) == ["died (signal 9)"])
    #expect(report.findings.contains { $0.check == .processDied })
    #expect(report.services.first { $0.service == "user-service" }?.abandoned == 0)
  }

  @Test func aTimeoutShorterThanTheCalleeLeavesAbandonedWork() throws {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    let user = log.service(.userService, 1, .blocking, threads: 1)
    log.blocked(
      100_000, loop: gateway.loop, worker: gateway.pool[0], 1, from: 0, route: "GET /a", calls: 2, "user-service")
    log.arrive(100_000, user.loop, 3, from: 2, "GET /b")
    log.write(.enqueue, 100_000, user.loop, span: 3)
    log.dequeue(100_000, user.pool[0], 3, .blocking)
    log.wait(100_000, user.pool[0], 3, 4, .database, "users")
    log.endWait(200_000, gateway.pool[0], 1, 2, outcome: .timeout)
    log.end(200_000, gateway.pool[0], 1, status: 504, error: "timeout")
    log.endWait(600_000, user.pool[0], 3, 4)
    log.end(600_000, user.pool[0], 3)
    let report = report(log)
    let abandoned = try #require(report.services.first { $0.service == "user-service" })
    #expect(abandoned.abandoned == 1)
    #expect(abandoned.abandonedTime == 400_000_000)
    // The caller is free from its timeout on; the callee goes on, and blames itself.
    #expect(report.blame.map(\.text) == ["user-service db users"])
    #expect(report.blame[0].byService == ["gateway": 100_000_000, "user-service": 500_000_000])
    let finding = try #require(report.findings.first { $0.check == .timeoutsDoNotNest })
    #expect(finding.text.contains("gateway gave up 1 call to user-service after 100 ms"))
    #expect(finding.text.contains("1 request took another 400 ms for nobody"))
  }

  @Test func eachAttemptOfARetryCounts() throws {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    let user = log.service(.userService, 1, .blocking, threads: 3)
    log.arrive(100_000, gateway.loop, 1, "GET /a")
    log.dequeue(100_000, gateway.pool[0], 1, .blocking)
    for attempt in 0..<3 {
      let (call, at) = (UInt64(10 + attempt), UInt64(100_000 + attempt * 200_000))
      log.write(
        .spanStart, at, gateway.pool[0], span: call, other: 1, detail: SpanKind.client.rawValue,
        name: "GET user-service",
        arg: UInt32(attempt + 1))
      log.wait(at, gateway.pool[0], 1, call, .call, "user-service")
      log.arrive(at, user.loop, call + 10, from: call, "GET /b")
      log.dequeue(at, user.pool[attempt], call + 10, .blocking)
      log.wait(at, user.pool[attempt], call + 10, call + 20, .sleep, "fault: latency=1s")
      log.endWait(at + 100_000, gateway.pool[0], 1, call, outcome: .timeout)
      log.endClient(at + 100_000, gateway.pool[0], call, status: 0, error: "timeout")
      log.wait(at + 100_000, gateway.pool[0], 1, call + 30, .sleep, "backoff")
      log.endWait(at + 200_000, gateway.pool[0], 1, call + 30)
    }
    let report = report(log)
    let cost = try #require(report.services.first { $0.service == "gateway" })
    #expect(cost.attempts == 3)
    #expect(cost.retries == 2)
    #expect(report.services.first { $0.service == "user-service" }?.abandoned == 3)
    let sleep = try #require(report.blame.first { $0.text == "user-service sleep (fault: latency=1s)" })
    #expect(sleep.byService["gateway"] == 300_000_000)
    #expect(report.blame.first { $0.text == "gateway sleep (backoff)" }?.blamed == 300_000_000)
    #expect(report.findings.contains { $0.check == .retriesMultiply && $0.summary.contains("by 3") })
  }

  @Test func anOpenWaitCountsUntilTheEnd() {
    var log = TestLog()
    let (loop, pool) = log.service(.gateway, 0, .blocking, threads: 1)
    log.arrive(100_000, loop, 1, "GET /a")
    log.dequeue(200_000, pool[0], 1, .blocking)
    log.wait(300_000, pool[0], 1, 2, .database, "read")
    let report = report(log)
    #expect(report.services[0].blocked == [.database: 700_000_000])
    #expect(report.services[0].waiting == [.database: 700_000_000])
    #expect(report.threads.first { $0.role == .worker }?.running == 100_000_000)
  }

  @Test func aLogWithoutItsBeginningIsToldAsSuch() {
    var log = ReferenceChain().log()
    let edge = TestLog.time(600_000)
    log.records.removeAll { $0.time < edge }
    log.completeSince = edge
    log.loss.overwritten = 500
    let report = report(log)
    #expect(!report.incomplete.isEmpty)
    #expect(report.findings.contains { $0.check == .logIncomplete })
    #expect(report.text(width: 120).contains("500 overwritten"))
    #expect(report.services.first?.blockedTotal ?? 0 > 0)
  }

  @Test func aModelSwitchedWhileSaturatedEndsTheSaturation() throws {
    var log = ReferenceChain(duration: 1_000_000).log()
    log.records.removeAll { $0.time > TestLog.time(600_000) && $0.process == 0 && $0.kind != .threadStop }
    let main = TestLog.Pen(process: 0, thread: 1_000)
    log.write(.model, 600_000, main, detail: IOModel.nonblockingAsync.code)
    for number in 0..<20 {
      let at = 610_000 + UInt64(number) * 10_000
      let span = 90_000 + UInt64(number)
      log.arrive(at, TestLog.Pen(process: 0, thread: 9_000), span, routes[.gateway] ?? "")
      log.dequeue(at, TestLog.Pen(process: 0, thread: 9_000), span, .nonblockingAsync)
      log.wait(at, TestLog.Pen(process: 0, thread: 9_000), span, span + 500, .call, "order-service", held: false)
    }
    let report = report(log)
    #expect(report.events.contains { $0.service == "gateway" && $0.what == "IO model nonblocking-async" })
    let gateway = try #require(report.services.first { $0.service == "gateway" })
    #expect(gateway.model == .nonblockingAsync)
    #expect(gateway.waiting[.call] ?? 0 > gateway.blocked[.call] ?? 0)
    #expect(report.saturations.contains { $0.service == "gateway" })
  }
}
