import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

@Suite struct LogAuditTests {
  /// A worker that runs one request with one wait in it; every record can be changed by its number.
  private struct Plot {
    var log = TestLog()
    var loop = TestLog.Pen(process: 0, thread: 0)
    var worker = TestLog.Pen(process: 0, thread: 1)
    var records: [String: Int] = [:]

    init() {
      log.process("gateway", 0, model: .blocking)
      loop = log.thread(0, 100, "gateway-l1", .loop)
      records["start"] = log.records.count
      worker = log.thread(0, 101, "gateway-w1", .worker)
      log.arrive(1_000, loop, 1, "GET /ping")
      log.write(.enqueue, 1_010, loop, span: 1)
      records["dequeue"] = log.records.count
      log.dequeue(2_000, worker, 1, .blocking)
      records["wait"] = log.records.count
      log.wait(3_000, worker, 1, 2, .database, "query")
      records["endWait"] = log.records.count
      log.endWait(4_000, worker, 1, 2)
      records["end"] = log.records.count
      log.end(5_000, worker, 1)
      log.takenAt = 9_000
    }

    mutating func change(_ name: String, _ change: (inout Record) -> Void) {
      if let place = records[name] { change(&log.records[place]) }
    }

    mutating func remove(_ name: String) {
      if let place = records[name] { log.records.remove(at: place) }
    }

    var counts: [Invariant: Int] { LogAudit(log.snapshot).counts }
  }

  // MARK: Right logs

  @Test func aRightLogHoldsToEveryInvariant() {
    let audit = LogAudit(TestLog.wellBehaved().snapshot)
    #expect(audit.isClean, "\(audit.text)")
    #expect(audit.violations.isEmpty)
    #expect(audit.incomplete.isEmpty)
    let checked = audit.checked
    #expect([checked.threads, checked.waits, checked.requests, checked.spans] == [9, 7, 5, 5])
    #expect(audit.open == 0)
    let parents = audit.parents
    #expect([parents.open, parents.ended, parents.unknown, parents.none] == [8, 0, 0, 2])
  }

  /// Its supervisor saw it die, and nothing else of it is in the log.
  @Test func aServiceThatDiedBeforeItJoinedTheLogBreaksNothing() {
    var log = TestLog.wellBehaved()
    log.process("supervisor", 8)
    log.write(
      .processDied, log.takenAt - 1, TestLog.Pen(process: 8, thread: 80), other: 9, name: "payment-service", arg: 4_711)
    let audit = LogAudit(log.snapshot)
    #expect(audit.isClean && audit.incomplete == [.unjoined: 1], "\(audit.text)")
    #expect(audit.text.contains("incomplete  1 ended before it had joined the log"))
  }

  @Test func requestTimesAddUpExactly() {
    let audit = LogAudit(TestLog.wellBehaved().snapshot)
    let time = audit.requestTime
    #expect(time.queueWait + time.serviceTime == time.responseTime)
    // arrive to dequeue: 500 + 1 + 1 + 3,000 µs, and 50 µs for the one that is shed
    #expect(time.queueWait == 3_552_000)
  }

  @Test func theResidualIsClientTimeMinusResponseTime() {
    let residual = LogAudit(TestLog.wellBehaved().snapshot).residual
    // 19,500 − 18,800 µs, and 300 − 50 µs
    #expect(residual.count == 2)
    #expect(residual.max == 700_000)
    #expect(residual.min == 250_000)
    #expect(residual.mean == 475_000)
    #expect(residual.unanswered == 0)
  }

  @Test func aJamIsOpenNotWrong() {
    let audit = LogAudit(TestLog.jam().snapshot)
    #expect(audit.isClean, "\(audit.text)")
    #expect(audit.checked.threads == 60)
    // 72 requests, 56 held waits, 44 client spans
    #expect(audit.open == 172)
  }

  @Test func aPlotWithoutAChangeIsRight() {
    #expect(Plot().counts.isEmpty)
  }

  // MARK: I1

  @Test func aThreadThatLivesLongerThanItsStatesBreaksI1() {
    var plot = Plot()
    plot.change("start") { $0.other = TestLog.time(2_500) }  // it says that it began after its first request
    #expect(plot.counts[.threadTime] == 2)  // the record that lies before, and the sum
  }

  @Test func aThreadThatNeverStartedBreaksI1() {
    var plot = Plot()
    plot.remove("start")
    #expect(plot.counts == [.threadTime: 1])
  }

  @Test func timeThatRunsBackwardsBreaksI1() {
    var plot = Plot()
    plot.change("wait") { $0.time = TestLog.time(1_500) }
    var snapshot = plot.log.snapshot
    snapshot.records = plot.log.records  // in the order of writing
    #expect(LogAudit(snapshot).counts[.threadTime] != nil)
  }

  // MARK: I2

  @Test func waitsThatOverlapBreakI2() {
    var plot = Plot()
    plot.log.wait(3_500, plot.worker, 1, 3, .file, "ledger")
    plot.log.endWait(4_500, plot.worker, 1, 3)
    let counts = plot.counts
    #expect(counts[.oneState] == 2)  // the second wait, and the first one's sum of 1,000 µs against 500 µs of its state
    #expect(counts[.threadTime] == nil)
  }

  @Test func twoRequestsAtOnceOnAWorkerBreakI2() {
    var plot = Plot()
    plot.log.arrive(1_100, plot.loop, 7, "GET /ping")
    plot.log.dequeue(2_500, plot.worker, 7, .blocking)
    #expect((plot.counts[.oneState] ?? 0) >= 1)
  }

  @Test func aWaitOfAnIdleThreadBreaksI2() {
    var plot = Plot()
    plot.log.arrive(5_500, plot.loop, 7, "GET /ping")
    plot.log.wait(6_000, plot.worker, 7, 8, .database, "query")
    plot.log.endWait(6_500, plot.worker, 7, 8)
    #expect(plot.counts[.oneState] == 2)
  }

  // MARK: I3

  @Test func aSecondEndBreaksI3() {
    var plot = Plot()
    plot.log.end(6_000, plot.worker, 1)
    #expect(plot.counts == [.requestTime: 1])
  }

  @Test func aSecondDequeueBreaksI3() {
    var plot = Plot()
    plot.log.dequeue(2_500, plot.loop, 1, .nonblocking)
    #expect((plot.counts[.requestTime] ?? 0) >= 1)
  }

  @Test func aRequestThatNeverArrivedBreaksI3() {
    var plot = Plot()
    plot.change("dequeue") { $0.span = 77 }
    #expect((plot.counts[.requestTime] ?? 0) >= 1)
  }

  @Test func anEndOnAnotherThreadBreaksI3() {
    var plot = Plot()
    plot.change("end") { $0.thread = 100 }
    #expect(plot.counts == [.requestTime: 1, .oneState: 1])
  }

  @Test func aRefusalAfterTheStartBreaksI3() {
    var plot = Plot()
    plot.change("end") { $0.kindCode = RecordKind.reject.rawValue }
    #expect(plot.counts == [.requestTime: 1])
  }

  // MARK: I4

  @Test func aWaitThatOutlivesItsRequestBreaksI4() {
    var plot = Plot()
    plot.change("endWait") { $0.time = TestLog.time(6_000) }
    #expect((plot.counts[.nesting] ?? 0) >= 1)
  }

  @Test func aWaitOfNoRequestBreaksI4() {
    var plot = Plot()
    plot.log.wait(6_000, plot.loop, 99, 100, .call, "user-service", held: false)
    #expect(plot.counts == [.nesting: 1])
  }

  @Test func aWaitAfterTheEndBreaksI4() {
    var plot = Plot()
    plot.log.wait(6_000, plot.loop, 1, 100, .call, "user-service", held: false)
    #expect(plot.counts == [.nesting: 1])
  }

  @Test func anEndOfNoWaitBreaksI4() {
    var plot = Plot()
    plot.remove("wait")
    #expect(plot.counts == [.nesting: 1])
  }

  @Test func aParentOutsideTheLogIsCountedAndNoViolation() {
    var plot = Plot()
    plot.log.arrive(6_000, plot.loop, 60, from: 0xabc, "GET /ping")
    let audit = LogAudit(plot.log.snapshot)
    #expect(audit.isClean)
    #expect(audit.parents.unknown == 1)
  }

  @Test func aCallerThatGaveUpIsNoGap() {
    var plot = Plot()
    plot.log.client(6_000, plot.loop, 70, in: 0, "GET user-service")
    plot.log.endClient(6_100, plot.loop, 70, status: 0, error: "timeout")
    plot.log.arrive(6_200, plot.loop, 71, from: 70, "GET /ping")
    let audit = LogAudit(plot.log.snapshot)
    #expect(audit.isClean)
    #expect(audit.parents.ended == 1)
    #expect(audit.residual.unanswered == 1)
  }

  @Test func workForARequestThatWasGivenUpIsCountedAndNoViolation() {
    var log = TestLog()
    let user = log.service(.userService, 0, .async, threads: 1)
    log.arrive(1_000, user.loop, 1, "GET /orders")
    log.dequeue(1_000, user.loop, 1, .async)
    log.wait(1_100, user.loop, 1, 2, .call, "order-service", held: false)
    log.endWait(1_200, user.loop, 1, 2, held: false, outcome: .cancelled)
    log.end(1_200, user.loop, 1, status: 499, error: "cancelled")
    log.write(.workStart, 1_300, user.pool[0], span: 1, other: 2)
    log.wait(1_400, user.pool[0], 1, 2, .call, "order-service")
    log.endWait(1_500, user.pool[0], 1, 2)
    log.write(.workEnd, 1_600, user.pool[0], span: 1, other: 2)
    let audit = LogAudit(log.snapshot)
    #expect(audit.isClean, "\(audit.text)")
    #expect(audit.abandoned == 2)
  }

  // MARK: Records out of form

  @Test func aDetailOutsideItsEnumerationIsOutOfForm() {
    var plot = Plot()
    plot.change("wait") { $0.detail = 200 }
    #expect(plot.counts == [.format: 1])
  }

  // MARK: Incomplete logs

  @Test func whatBeganBeforeTheLogIsCompleteIsIncomplete() {
    var plot = Plot()
    plot.remove("dequeue")
    plot.log.completeSince = TestLog.time(2_500)
    let audit = LogAudit(plot.log.snapshot)
    #expect(audit.isClean, "\(audit.text)")
    #expect((audit.incomplete[.overwritten] ?? 0) >= 3)  // both threads, and the request
    #expect(audit.checked.threads == 0)
  }

  /// The edge of what was overwritten can lie between any two records, within a thread's work and a request's waits.
  @Test func aLogWhoseBeginningIsOverwrittenIsIncompleteNotWrong() {
    let logs = [TestLog.wellBehaved(), TestLog.jam()]
    let edges = logs.flatMap { log in Set(log.records.map(\.time)).sorted().dropFirst().map { (log, $0) } }
    #expect(edges.count > 60)
    for (whole, edge) in edges {
      var log = whole
      log.completeSince = edge
      log.records.removeAll { $0.time < edge }
      let audit = LogAudit(log.snapshot)
      #expect(audit.isClean, "complete since \(edge): \(audit.text)")
    }
  }

  @Test func aGapBehindThatMomentIsStillAViolation() {
    var plot = Plot()
    plot.log.completeSince = TestLog.time(0)
    plot.log.wait(3_500, plot.worker, 1, 3, .file, "ledger")
    #expect((plot.counts[.oneState] ?? 0) >= 1)
  }

  @Test func aProcessThatDroppedRecordsIsIncomplete() {
    var plot = Plot()
    plot.remove("wait")
    plot.log.processes[0].dropped = 1
    let audit = LogAudit(plot.log.snapshot)
    #expect(audit.isClean)
    #expect(audit.incomplete[.dropped] == 4)  // the wait's end, the request, both threads
    #expect(audit.checked.requests == 0)
  }

  @Test func aProcessThatDiedIsIncomplete() {
    var log = TestLog.jam()
    log.processes[2].fate = .died
    let audit = LogAudit(log.snapshot)
    #expect(audit.isClean, "\(audit.text)")
    #expect(audit.incomplete == [.died: 13 + 16 + 12 + 12])  // its threads, requests, waits and client spans
    #expect(audit.open == 172 - 16 - 12 - 12)
  }

  @Test func recordsOfAProcessThatStoppedAreNotJudged() {
    var plot = Plot()
    plot.log.write(.processStop, 7_000, plot.loop)
    plot.log.arrive(7_100, plot.loop, 9, "GET /ping")
    let audit = LogAudit(plot.log.snapshot)
    #expect(audit.isClean)
    #expect(audit.incomplete == [.stopped: 1])
  }

  @Test func violationsAreListedWithTheirPlaceUpToALimit() throws {
    var plot = Plot()
    for index in 0..<300 { plot.log.end(6_000 + UInt64(index), plot.worker, 1) }
    let audit = LogAudit(plot.log.snapshot)
    #expect(audit.counts[.requestTime] == 300)
    #expect(audit.violations.count == LogAudit.violationLimit)
    let first = try #require(audit.violations.first)
    #expect(first.service == "gateway")
    #expect(first.tid == 101)
    #expect(first.time == 6_000_000)
    #expect(first.span == SpanID(rawValue: 1))
    #expect(audit.text.contains("I3      BROKEN 300 times"))
    let json = try JSON(audit)
    #expect(json["holds"] == .boolean(false))
    #expect(json["counts"]["I3"].number == 300)
    #expect(json["violations"].list.first?["span_id"].text == "0000000000000001")
  }

  // MARK: Breakers

  /// A worker that calls user-service while its breaker changes: the call's span begins, and its wait, at these times.
  private func audit(span: UInt64, wait: UInt64, breaker: [(BreakerState, at: UInt64)]) -> LogAudit {
    var plot = Plot()
    for (state, time) in breaker {
      plot.log.write(.breaker, time, plot.loop, detail: state.rawValue, name: "user-service")
    }
    plot.log.write(
      .spanStart, span, plot.worker, span: 9, other: 1, detail: SpanKind.client.rawValue, name: "GET user-service",
      arg: 1)
    plot.log.wait(wait, plot.worker, 1, 9, .call, "user-service")
    plot.log.endWait(wait + 10, plot.worker, 1, 9)
    plot.log.write(.spanEnd, wait + 20, plot.worker, span: 9, arg: 200)
    return LogAudit(plot.log.snapshot)
  }

  @Test func noCallIsMadeWhileItsBreakerIsOpen() {
    let open = audit(span: 4_200, wait: 4_300, breaker: [(.open, 4_100)])
    #expect(open.counts == [.openBreaker: 1], "\(open.text)")
    #expect(open.violations.first?.what.contains("user-service") == true)
    // It began before, or after the breaker had become half-open or closed.
    for changes in [[(.open, 4_250)], [(.open, 4_100), (.halfOpen, 4_250)], [(.open, 4_100), (.closed, 4_150)]]
      as [[(BreakerState, at: UInt64)]]
    {
      #expect(audit(span: 4_200, wait: 4_300, breaker: changes).isClean)
    }
    let again = audit(span: 4_200, wait: 4_300, breaker: [(.open, 4_100), (.halfOpen, 4_120), (.open, 4_150)])
    #expect(again.counts == [.openBreaker: 1])
  }
}
