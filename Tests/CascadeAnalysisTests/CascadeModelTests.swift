import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

/// The models without a thread per request, event loops, edges between pools of unequal size, and those who only look on.
@Suite struct CascadeModelTests {
  private func report(_ log: TestLog) -> CascadeReport {
    let report = CascadeReport(log.snapshot)
    report.expectConservation()
    return report
  }

  @Test func withoutThreadsTheRequestTwinTellsTheCause() throws {
    var log = TestLog()
    let order = log.service(.orderService, 0, .nonblockingAsync, threads: 1)
    let payment = log.service(.paymentService, 1, .nonblockingAsync, threads: 1)
    for number in UInt64(0)..<40 {
      let at = 10_000 + number * 1_000
      let (outer, call, inner) = (1_000 + number, 2_000 + number, 3_000 + number)
      log.arrive(at, order.loop, outer, "GET /orders/{user}")
      log.dequeue(at, order.loop, outer, .nonblockingAsync)
      log.wait(at, order.loop, outer, call, .call, "payment-service", held: false)
      log.arrive(at, payment.loop, inner, from: call, "GET /payments/{user}")
      log.dequeue(at, payment.loop, inner, .nonblockingAsync)
      log.wait(at, payment.loop, inner, inner + 5_000, .sleep, "fault: latency=1s", held: false)
    }
    let report = report(log)
    #expect(report.blame.isEmpty)
    #expect(report.services.allSatisfy { $0.blockedTotal == 0 && $0.waitingTotal > 38_000_000_000 })
    #expect(report.verdict.unit == .requests)
    #expect(report.verdict.top?.text == "payment-service sleep (fault: latency=1s)")
    #expect(report.verdict.kind == .nothingSaturated)
    #expect(report.requestBlame.first?.amplification == 1)  // one caller's request for each
    #expect(report.amplification?.unit == .requests)
  }

  @Test func aHiredPoolIsAPoolWithAQueue() throws {
    var log = TestLog()
    let user = log.service(.userService, 0, .async, threads: 2)
    for number in UInt64(1)...30 {
      log.arrive(number * 1_000, user.loop, number, "GET /users/{username}/orders")
      log.dequeue(number * 1_000, user.loop, number, .async)
      log.wait(number * 1_000, user.loop, number, 100 + number, .call, "order-service", held: false)
    }
    for hired in UInt64(1)...2 {
      let pen = user.pool[Int(hired) - 1]
      log.write(.workStart, hired * 1_000, pen, span: hired, other: 100 + hired, name: "GET order-service")
      log.wait(hired * 1_000, pen, hired, 100 + hired, .call, "order-service")
    }
    let report = report(log)
    let full = try #require(report.saturations.first)
    #expect(full.service == "user-service")
    #expect(full.role == "hired")
    #expect(full.threads == 2)
    #expect(full.onset == 3_000_000)
    #expect(full.peakQueue == 28)
    #expect(report.services[0].waiting.keys.map(\.name) == ["call"])
    #expect(report.verdict.top?.text == "in transit user-service → order-service")
  }

  @Test func aBlockingCallOnALoopIsNamedWithItsVictims() throws {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 2)
    let user = log.service(.userService, 1, .nonblocking, threads: 1)
    log.arrive(100_000, user.loop, 1, "GET /b")
    log.dequeue(100_000, user.loop, 1, .nonblocking)
    log.arrive(150_000, user.loop, 2, "GET /ping")
    log.dequeue(150_000, user.loop, 2, .nonblocking)
    log.wait(200_000, user.loop, 1, 3, .sleep, "fault: block-loop=500ms")
    // Asked while the loop stands still: its request is not read before that is over.
    log.blocked(
      300_000, loop: gateway.loop, worker: gateway.pool[0], 10, from: 0, route: "GET /a", calls: 11, "user-service")
    log.endWait(700_000, user.loop, 1, 3)
    log.write(
      .stall, 700_050, user.loop, span: 1, other: 500_050_000, detail: StallDetector.explicit.rawValue,
      name: "fault: block-loop=500ms")
    log.write(.stall, 700_100, user.loop, other: 490_000_000, detail: StallDetector.probe.rawValue)
    log.end(700_200, user.loop, 2)
    let report = report(log)
    let loop = try #require(report.loops.first { $0.stalls > 0 })
    #expect(loop.loop == "user-l1")
    #expect(loop.stalls == 1)  // three detectors, one stall
    #expect(loop.stalled == 500_100_000)
    #expect(loop.probes == 1)
    #expect(loop.culprits.map(\.what) == ["sleep (fault: block-loop=500ms)"])
    #expect(loop.culprits.map(\.count) == [1])
    #expect(loop.delayed >= 1)
    #expect(loop.delayedTime >= 500_000_000)
    #expect(loop.isSaturated)
    let sleep = try #require(report.blame.first { $0.text == "user-service sleep (fault: block-loop=500ms)" })
    #expect(sleep.byService == ["gateway": 400_000_000, "user-service": 500_000_000])
    #expect(report.findings.contains { $0.check == .blockingCallOnLoop && $0.service == "user-service" })
  }

  @Test func aLoopThatIsOnlyLateExplainsNothing() throws {
    var log = TestLog()
    let (loop, _) = log.service(.gateway, 0, .nonblocking, threads: 1)
    for number in UInt64(1)...30 {
      log.arrive(number * 1_000, loop, number, "GET /a")
      log.dequeue(number * 1_000, loop, number, .nonblocking)
      log.wait(number * 1_000, loop, number, number + 100, .call, "user-service", held: false)
    }
    log.write(.stall, 500_000, loop, other: 200_000_000, detail: StallDetector.probe.rawValue)
    let report = report(log)
    #expect(report.loops.contains { $0.isSaturated && $0.isOnlyLate })
    #expect(report.verdict.kind == .nothingSaturated)
    #expect(report.findings.map(\.check) == [.hostBusy] && report.findings[0].severity == .note)
  }

  @Test func aLoopThatIsBusyForASecondIsSaturated() throws {
    var log = TestLog()
    let user = log.service(.userService, 0, .nonblocking, threads: 1)
    log.arrive(100_000, user.loop, 1, "GET /b")
    log.dequeue(100_000, user.loop, 1, .nonblocking)
    log.end(3_500_000, user.loop, 1)
    log.takenAt = 6_000_000
    let report = report(log)
    let loop = try #require(report.loops.first)
    #expect(loop.peakUtilisation == 1)
    #expect(loop.hotSeconds == 2)
    #expect(loop.seconds == 5)
    #expect(report.findings.contains { $0.check == .loopSaturated })
  }

  /// Gateway threads that wait for user-service, which has the given pool and load of its own.
  private func pair(gateway size: Int, queueAt gatewayQueue: UInt64, user userSize: Int, queueAt: UInt64?) -> TestLog {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: size)
    let user = log.service(.userService, 1, .blocking, threads: userSize)
    for number in 0..<size {
      let span = UInt64(number + 1) * 10
      log.blocked(
        10_000, loop: gateway.loop, worker: gateway.pool[number], span, from: 0, route: "GET /a", calls: span + 1,
        "user-service")
      log.arrive(10_000, user.loop, span + 2, from: span + 1, "GET /b")
      log.write(.enqueue, 10_000, user.loop, span: span + 2)
      guard number < userSize else { continue }
      log.dequeue(10_000, user.pool[number], span + 2, .blocking)
      log.wait(10_000, user.pool[number], span + 2, span + 3, .database, "users")
    }
    log.arrive(gatewayQueue, gateway.loop, 900, "GET /a")
    log.write(.enqueue, gatewayQueue, gateway.loop, span: 900)
    if let queueAt {
      log.arrive(queueAt, user.loop, 901, "GET /b")
      log.write(.enqueue, queueAt, user.loop, span: 901)
    }
    return log
  }

  @Test func aSmallerPoolInFrontSaturatesFirst() {
    let report = report(pair(gateway: 2, queueAt: 20_000, user: 2, queueAt: 90_000))
    #expect(report.edges.map(\.kind) == [.callerFirst])
    #expect(report.edges.map(\.lag) == [-70_000_000])
    #expect(report.order == ["gateway", "user-service"])
  }

  @Test func onsetsWithinAMillisecondAreSimultaneous() {
    let report = report(pair(gateway: 2, queueAt: 20_000, user: 2, queueAt: 20_900))
    #expect(report.edges.map(\.isSimultaneous) == [true])
    #expect(report.edges.map(\.kind) == [.propagated])
  }

  @Test func aSlowCalleeThatIsNeverFullIsCalledThat() {
    let report = report(pair(gateway: 2, queueAt: 20_000, user: 4, queueAt: nil))
    #expect(report.edges.map(\.kind) == [.slowNotFull])
    #expect(report.edges.map(\.lag) == [nil])
    #expect(report.saturations.map(\.service) == ["gateway"])
  }

  @Test func aFullPoolWithoutAQueueIsAmberNotRed() throws {
    var log = pair(gateway: 2, queueAt: 20_000, user: 4, queueAt: nil)
    log.records.removeAll { $0.span == 900 }
    let report = report(log)
    #expect(report.saturations.isEmpty)
    let finding = try #require(report.findings.first { $0.check == .fullWithoutDemand })
    #expect(finding.severity == .amber)
    #expect(finding.service == "gateway")
    #expect(report.services.first?.fullNoQueue == 990_000_000)
  }

  @Test func shortSaturationsAreDroppedAndShortGapsBridged() {
    var log = TestLog()
    let (loop, pool) = log.service(.gateway, 0, .blocking, threads: 1)
    log.arrive(1_000, loop, 1, "GET /a")
    log.dequeue(1_000, pool[0], 1, .blocking)
    // Queued: 19 ms; then 30 ms and 30 ms with 40 ms between them.
    for (number, span) in [(100_000, 119_000), (300_000, 330_000), (370_000, 400_000)].enumerated() {
      let id = UInt64(number + 10)
      log.arrive(UInt64(span.0), loop, id, "GET /a")
      log.write(.enqueue, UInt64(span.0), loop, span: id)
      log.write(.reject, UInt64(span.1), loop, span: id, name: "cancelled", arg: 499)
    }
    let report = report(log)
    #expect(report.saturations.map(\.onset) == [300_000_000])
    #expect(report.saturations.map(\.duration) == [100_000_000])
    #expect(report.saturations.map(\.intervals) == [1])
    #expect(report.saturations.map(\.character) == [.byWork])
    let strict = CascadeReport(
      log.snapshot, options: CascadeOptions(rule: SaturationRule(gap: 10_000_000, shortest: 1_000_000)))
    #expect(strict.saturations.map(\.intervals) == [3])
  }

  @Test func whoOnlyLooksOnIsDelayedToo() throws {
    var log = TestLog()
    let (loop, pool) = log.service(.gateway, 0, .blocking, threads: 1)
    log.arrive(1_000, loop, 1, "GET /a")
    log.dequeue(1_000, pool[0], 1, .blocking)
    log.wait(1_000, pool[0], 1, 2, .call, "user-service")
    log.arrive(100_000, loop, 3, "GET /ping")
    log.write(.enqueue, 100_000, loop, span: 3)
    log.endWait(600_000, pool[0], 1, 2)
    log.end(600_000, pool[0], 1)
    log.dequeue(600_000, pool[0], 3, .blocking)
    log.end(600_100, pool[0], 3)
    let report = report(log)
    let ping = try #require(report.bystanders.first)
    #expect(ping.route == "GET /ping")
    #expect(ping.mean == 500_000_000)
    #expect(report.bystanders.count == 1)
    #expect(report.findings.contains { $0.check == .bystandersDelayed })
  }

  @Test func whatIsShedIsCountedByReason() throws {
    let report = CascadeReport(TestLog.wellBehaved().snapshot)
    report.expectConservation()
    let gateway = try #require(report.services.first { $0.service == "gateway" })
    #expect(gateway.rejected == ["queue_full": 1])
    #expect(report.findings.contains { $0.check == .requestsShed })
    #expect(report.verdict.kind == .notEnoughData)
    #expect(report.text(width: 100).contains("not enough data"))
  }
}
