import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

@Suite struct TraceTests {
  private let id = TestLog().trace

  @Test func theListTellsEachTraceInALine() throws {
    var log = TestLog.wellBehaved()
    log.trace = TraceID(high: 1, low: 2)
    log.takenAt = 60_000
    log.processes[0].fate = .running
    log.arrive(45_000, TestLog.Pen(process: 0, thread: 100), 900, "GET /ping")
    let list = TraceList(log.snapshot, limit: 10)
    #expect(list.traces.map(\.trace) == [id, TraceID(high: 1, low: 2)])
    let open = list.traces[1]
    #expect(open.state == .open)
    #expect(open.duration == 15_000_000)
    #expect(open.longestWait?.cause == .queue)
    #expect(open.longestWait?.duration == 15_000_000)
    let whole = list.traces[0]
    #expect(whole.name == "GET /users/ada/payment-status")
    #expect(whole.status == 200)
    #expect(whole.duration == 29_300_000)
    #expect(whole.services == ServiceName.chain.map(\.rawValue))
    #expect(whole.longestWait?.service == "payment-service")
    #expect(whole.longestWait?.cause == .sleep)
    #expect(whole.longestWait?.duration == 10_000_000)
    #expect(list.text(width: 200).contains("payment-service sleep (simulated latency 10ms) 10 ms"))
    #expect(try JSON(list)["traces"].list[0]["trace_id"].text == id.hex)
  }

  @Test func theListKeepsToItsLimit() {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .nonblocking, threads: 0)
    for number in 1...50 {
      log.trace = TraceID(high: 0, low: UInt64(number))
      log.arrive(UInt64(number) * 1_000, gateway.loop, UInt64(number), "GET /ping")
    }
    #expect(TraceList(log.snapshot, limit: 3).traces.map(\.trace.low) == [48, 49, 50])
    #expect(TraceList(log.snapshot, limit: 0).traces.isEmpty)
    #expect(TraceList(log.snapshot, limit: -1).traces.isEmpty)
  }

  @Test func theWaterfallTellsQueueRunAndWaitApart() throws {
    var log = TestLog()
    let payment = log.service(.paymentService, 0, .blocking, threads: 1)
    log.arrive(0, payment.loop, 1, "GET /payments/{user}")
    log.write(.enqueue, 0, payment.loop, span: 1)
    log.dequeue(200_000, payment.pool[0], 1, .blocking)
    log.wait(300_000, payment.pool[0], 1, 2, .sleep, "fault: latency=1s")
    log.endWait(800_000, payment.pool[0], 1, 2)
    log.end(1_000_000, payment.pool[0], 1)
    let waterfall = try #require(TraceWaterfall(log.snapshot, trace: log.trace))
    #expect(
      waterfall.text(width: 105) == """
        trace 4bf92f3577b34da6a3ce929d0e0e4736  GET /payments/{user}  200  1 s
        payment-service  GET /payments/{user} │░░░░███▒▒▒▒▒▒▒▒▒▒▒████│ 1 s     payment-w1  blocking  200  sleep …
        thread payment-w1                     │    ███▒▒▒▒▒▒▒▒▒▒▒████│ 800 ms  blocked 500 ms  ran 300 ms
        ░ queue  █ run  ▒ wait  ─ call
        """)
    #expect(waterfall.rows[0].span.segments.map(\.duration) == [200_000_000, 800_000_000, 500_000_000])
  }

  @Test func theWaterfallIsInTheOrderOfTheTree() throws {
    let waterfall = try #require(TraceWaterfall(TestLog.wellBehaved().snapshot, trace: id))
    let tree = waterfall.rows.map { "\($0.depth) \($0.span.service) \($0.span.kind)" }
    #expect(
      tree.prefix(9) == [
        "0 load client", "1 gateway server", "2 gateway client", "3 user-service server", "4 user-service client",
        "5 order-service server", "6 order-service client", "7 payment-service server", "0 load client",
      ])
    let user = try #require(waterfall.rows.first { $0.span.service == "user-service" && $0.span.kind == .server })
    #expect(user.span.model == .async)
    #expect(user.span.segments.count { $0.phase == .wait } == 1)  // the hired thread's wait is the same one
    #expect(user.span.thread == "user-l1")
    let text = waterfall.text(width: 180)
    #expect(text.contains("payment-w1  blocking  200  sleep (simulated latency 10ms) 10 ms"))
    #expect(text.contains("user-l1  async  200"))
    #expect(try JSON(waterfall)["spans"].list[7]["depth"].number == 7)
  }

  @Test func lanesTellWhichThreadsRanAndWhichWereHeld() throws {
    let waterfall = try #require(TraceWaterfall(TestLog.wellBehaved().snapshot, trace: id))
    let lanes = waterfall.lanes.map { "\($0.thread) ran \($0.running / 1_000) blocked \($0.blocked / 1_000)" }
    #expect(
      lanes == [
        "gateway-w1 ran 701 blocked 17599", "user-l1 ran 250 blocked 0", "user-h1 ran 20 blocked 16840",
        "order-l1 ran 140 blocked 0", "order-s1 ran 30 blocked 0", "payment-w1 ran 2800 blocked 10100",
      ])
    #expect(waterfall.lanes[5].slices.compactMap(\.target) == ["simulated latency 10ms", "ledger"])
    #expect(waterfall.text(width: 180).contains("thread order-l1"))
    let json = try JSON(waterfall)["threads"].list[0]
    #expect(json["service"].text == "gateway")
    #expect(json["blocked_ns"].number == 17_599_000)
  }

  @Test func aSpanThatHasNotEndedSaysSo() throws {
    var log = TestLog.wellBehaved()
    log.takenAt = 10_000
    for index in log.processes.indices { log.processes[index].fate = index == 3 ? .died : .running }
    let waterfall = try #require(TraceWaterfall(log.snapshot, trace: id))
    let text = waterfall.text(width: 180)
    #expect(text.split(separator: "\n").count { $0.contains("still open") } == 8)  // seven spans, and the title
    #expect(text.contains("open when payment-service died"))
    #expect(waterfall.duration == 9_000_000)
  }

  @Test func parentLinksInACircleEnd() throws {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    log.client(1_000, gateway.loop, 1, in: 2, "a")
    log.client(2_000, gateway.loop, 2, in: 3, "b")
    log.client(3_000, gateway.loop, 3, in: 1, "c")
    log.client(4_000, gateway.loop, 4, in: 4, "own parent")
    let waterfall = try #require(TraceWaterfall(log.snapshot, trace: log.trace))
    #expect(waterfall.rows.map(\.span.name) == ["own parent", "a", "c", "b"])
    #expect(waterfall.text(width: 80).contains("own parent"))
  }

  /// A loop that is blocked reads nothing: what a request waits before its head is read is the loop's doing.
  @Test func whatAStandingLoopLeavesUnreadIsLoopBusy() throws {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .nonblocking, threads: 1)
    let payment = log.service(.paymentService, 3, .nonblocking, threads: 1)
    log.arrive(10_000, gateway.loop, 0xa, "GET /ping")
    log.dequeue(10_010, gateway.loop, 0xa, .nonblocking)
    log.client(10_020, gateway.loop, 0xb, in: 0xa, "GET payment-service")
    log.wait(10_030, gateway.loop, 0xa, 0xb, .call, "payment-service", held: false)
    // The loop goes on at 3,000,000, reads first what has come, and then finds that it is late.
    log.arrive(3_000_100, payment.loop, 0xc, from: 0xb, "GET /ping")
    log.dequeue(3_000_110, payment.loop, 0xc, .nonblocking)
    log.end(3_000_120, payment.loop, 0xc)
    log.write(.stall, 3_000_200, payment.loop, other: 2_980_000_000, detail: StallDetector.probe.rawValue)
    log.endWait(3_000_300, gateway.loop, 0xa, 0xb, held: false)
    log.endClient(3_000_310, gateway.loop, 0xb, status: 200)
    log.end(3_000_320, gateway.loop, 0xa)
    log.takenAt = 4_000_000
    let waterfall = try #require(TraceWaterfall(log.snapshot, trace: id))
    #expect(waterfall.rows.first { $0.span.id.rawValue == 0xc }?.span.unread == 2_979_900_000)
    #expect(waterfall.criticalPath.duration == waterfall.duration)
    #expect(waterfall.criticalPath.totals.first?.text == "payment-service loop busy")
    #expect(waterfall.criticalPath.totals.first?.time == 2_979_900_000)
    let text = waterfall.text(width: 200)
    #expect(text.contains("loop busy 2.98 s before it was read"), "\(text)")
    #expect(text.contains("▓ loop busy"))

    // Who asked from outside has left no record of when.
    log.records.removeAll { $0.span == 0xa || $0.span == 0xb }
    let alone = try #require(TraceWaterfall(log.snapshot, trace: id))
    #expect(alone.text(width: 200).contains("loop busy up to 2.98 s before it was read"), "\(alone.text(width: 200))")
    // A stall that ended when this one began kept it waiting as well.
    log.write(.stall, 20_100, payment.loop, other: 15_000_000, detail: StallDetector.explicit.rawValue)
    let longer = try #require(TraceWaterfall(log.snapshot, trace: id))
    #expect(longer.rows.map(\.span.unread) == [2_995_000_000])
  }

  @Test func aTraceThatIsNotThereIsNil() {
    #expect(TraceWaterfall(TestLog.jam().snapshot, trace: TraceID(high: 9, low: 9)) == nil)
  }

  @Test func aLostBeginningIsTold() throws {
    var log = TestLog.wellBehaved()
    log.completeSince = TestLog.time(2_500)
    log.records.removeAll { $0.time < log.completeSince && $0.kind != .threadStart }
    let waterfall = try #require(TraceWaterfall(log.snapshot, trace: id))
    #expect(!waterfall.isComplete || waterfall.rows.count < 11)
    #expect(TraceList(log.snapshot, limit: 1).traces[0].spans == waterfall.rows.count)
  }
}

@Suite struct RecordTextTests {
  @Test func everyRecordIsALineToSearchIn() {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    log.blocked(
      812_345, loop: gateway.loop, worker: gateway.pool[0], 0xabc, from: 0x99, route: "GET /users/{username}",
      calls: 0xdef, "user-service")
    var text = RecordText()
    let lines = text.lines(log.snapshot)
    let head = "+  0.812345000  gateway          gateway"
    let ids = "trace=4bf92f3577b34da6  span=0000000000000abc"
    let expected = """
      \(head)-l1       arrive        \(ids)  parent=0000000000000099  name="GET /users/{username}"  remote_parent=true
      \(head)-l1       attribute     span=0000000000000abc  name=user  text=ada
      \(head)-l1       enqueue       \(ids)  queued_before=0
      \(head)-w1       dequeue       \(ids)  model=blocking
      \(head)-w1       spanStart     trace=4bf92f3577b34da6  span=0000000000000def  parent=0000000000000abc  \
      name="GET user-service"  kind=client  attempt=1
      \(head)-w1       waitStart     \(ids)  wait=0000000000000def  cause=call  name=user-service  thread=held
      """
    #expect(lines.suffix(6).joined(separator: "\n") == expected)
  }

  @Test(arguments: RecordKind.allCases)
  func noKindIsWithoutItsLine(_ kind: RecordKind) {
    var log = TestLog()
    log.process("gateway", 0)
    log.write(kind, 1, TestLog.Pen(process: 0, thread: 5), span: 3, other: 4, detail: 1, name: "x y", arg: 6)
    var text = RecordText()
    let line = text.lines(log.snapshot).last
    #expect(line?.contains("gateway") == true)
    #expect(line?.contains("\(kind)") == true)
  }

  @Test func namesStayKnownFromOneSnapshotToTheNext() {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    var text = RecordText()
    #expect(text.lines(log.snapshot).count == log.records.count)
    log.records = []
    log.dequeue(2_000, gateway.pool[0], 1, .blocking)
    #expect(text.lines(log.snapshot).first?.contains("gateway-w1") == true)
  }
}
