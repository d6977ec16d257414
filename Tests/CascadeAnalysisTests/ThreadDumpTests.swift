import CascadeAnalysis
import ChainModel
import FoundationEssentials
import Testing
import TraceLog

@Suite struct ThreadDumpTests {
  @Test func aJamReadsLikeAStackDumpAcrossProcesses() {
    let text = ThreadDump(TestLog.jam().snapshot).text(width: 120, limit: 1)
    #expect(
      text == """
        gateway          16 threads  16 blocked  12 queued
          gateway-w3  blocked 812 ms  calling user-service    GET /users/ada/payment-status
            └ user-w7  blocked 811 ms  calling order-service
               └ order-w1  blocked 809 ms  calling payment-service
                  └ payment-w2  blocked 806 ms  sleep (fault: latency=1s)
          … 11 more wait behind payment-w*; 4 wait for requests still queued at order-service
        user-service     16 threads  16 blocked
          16 in chains above
        order-service    12 threads  12 blocked  4 queued
          12 in chains above
        payment-service  12 threads  12 blocked  fault latency=1s
          12 in chains above
        """)
  }

  @Test func theJSONHasEveryThreadWithItsChain() throws {
    let json = try JSON(ThreadDump(TestLog.jam().snapshot))
    #expect(json["services"].list.map { $0["service"].text } == ServiceName.chain.map(\.rawValue))
    let gateway = json["services"].list[0]
    #expect(gateway["threads_by_state"]["blocked"].number == 16)
    #expect(gateway["queued"].number == 12)
    let first = try #require(gateway["threads"].list.first { $0["thread"].text == "gateway-w3" })
    #expect(first["state"].text == "blocked")
    #expect(first["cause"].text == "call")
    #expect(first["callee"].text == "user-service")
    #expect(first["duration_ns"].number == 812_000_000)
    #expect(first["since_ns"].number == 188_000_000)
    #expect(first["peer_span_id"].text == "0000000000000065")
    #expect(first["trace_id"].text == "4bf92f3577b34da6a3ce929d0e0e4736")
    #expect(first["request"].text == "GET /users/ada/payment-status")
    let chain = first["chain"].list
    #expect(chain.map { $0["service"].text } == ServiceName.chain.map(\.rawValue))
    #expect(chain.map { $0["thread"].text } == ["gateway-w3", "user-w7", "order-w1", "payment-w2"])
    #expect(chain.last?["cause"].text == "sleep")
    #expect(chain.last?["target"].text == "fault: latency=1s")
  }

  @Test func anIdlePoolIsOneLine() {
    var log = TestLog()
    log.service(.gateway, 0, .blocking, threads: 4)
    #expect(ThreadDump(log.snapshot).text(width: 80, limit: 3) == "gateway          4 threads  4 idle")
  }

  @Test func aCallThatHasNotArrivedIsInTransit() {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    log.blocked(
      990_000, loop: gateway.loop, worker: gateway.pool[0], 1, from: 0, route: "GET /users/{username}", calls: 2,
      "user-service")
    let text = """
      gateway          1 thread  1 blocked
        gateway-w1  blocked 10 ms  calling user-service    GET /users/ada
      """
    #expect(
      ThreadDump(log.snapshot).text(width: 80, limit: 3) == "\(text)\n    └ at user-service, which is not traced")
    log.service(.userService, 1, .blocking, threads: 1)
    #expect(
      ThreadDump(log.snapshot).text(width: 80, limit: 3)
        == "\(text)\n    └ in transit to user-service\nuser-service     1 thread  1 idle")
  }

  @Test func aRequestWithoutAThreadIsShownAsItself() {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .nonblockingAsync, threads: 1)
    log.arrive(188_000, gateway.loop, 1, "GET /users/{username}/payment-status")
    log.user(188_000, gateway.loop, 1, "ada")
    log.dequeue(188_000, gateway.loop, 1, .nonblockingAsync)
    log.wait(188_000, gateway.loop, 1, 2, .call, "user-service", held: false)
    let dump = ThreadDump(log.snapshot)
    #expect(
      dump.text(width: 110, limit: 3) == """
        gateway          nonblocking-async  1 loop  1 idle  1 store thread  1 idle  1 suspended
          GET /users/ada/payment-status  suspended 812 ms (no thread)  calling user-service
            └ at user-service, which is not traced
        """)
    #expect(dump.services[0].requests.map(\.hop.state) == [.suspended])
  }

  @Test func aHiredThreadStandsForTheRequestThatHiredIt() {
    var log = TestLog()
    let user = log.service(.userService, 1, .async, threads: 1)
    for (span, at) in [(UInt64(10), UInt64(100_000)), (20, 200_000)] {
      log.arrive(at, user.loop, span, "GET /orders")
      log.dequeue(at, user.loop, span, .async)
      log.wait(at, user.loop, span, span + 1, .call, "order-service", held: false)
    }
    log.write(.workStart, 300_000, user.pool[0], span: 10, other: 11, name: "GET order-service")
    log.wait(300_000, user.pool[0], 10, 11, .call, "order-service")
    #expect(
      ThreadDump(log.snapshot).text(width: 110, limit: 3) == """
        user-service     async  1 loop  1 idle  1 hired thread  1 blocked  1 suspended
          GET /orders  suspended 800 ms (no hired thread yet)  calling order-service
          user-h1  blocked 700 ms  calling order-service    GET /orders
            └ at order-service, which is not traced
        """)
  }

  @Test func aChainGoesThroughModelsOfEverySort() {
    var log = TestLog.wellBehaved()
    log.takenAt = 10_000
    for index in log.processes.indices { log.processes[index].fate = .running }
    #expect(
      ThreadDump(log.snapshot).text(width: 120, limit: 3) == """
        gateway          2 threads  1 blocked  1 idle
          gateway-w1  blocked 8.2 ms  calling user-service    GET /users/ada/payment-status
            └ user-h1  blocked 7.84 ms  calling order-service
               └ order-service  GET /orders/{user}  suspended 7.6 ms (no thread)  calling payment-service
                  └ payment-w1  blocked 4.3 ms  sleep (simulated latency 10ms)
        user-service     async  1 loop  1 idle  1 hired thread  1 blocked
          1 in chains above
        order-service    nonblocking-async  1 loop  1 idle  1 store thread  1 idle  1 suspended
          1 in chains above
        payment-service  1 thread  1 blocked
          1 in chains above
        """)
  }

  @Test func aBlockedLoopIsSeenInEveryModel() {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .nonblocking, threads: 0)
    log.arrive(500_000, gateway.loop, 1, "GET /ping")
    log.dequeue(500_000, gateway.loop, 1, .nonblocking)
    log.wait(500_000, gateway.loop, 1, 2, .sleep, "fault: block-loop=2s")
    #expect(
      ThreadDump(log.snapshot).text(width: 100, limit: 3) == """
        gateway          nonblocking  1 loop  1 blocked
          gateway-l1  blocked 500 ms  sleep (fault: block-loop=2s)    GET /ping
        """)
  }

  @Test func aDeadServiceShowsWhatItWasDoing() {
    var log = TestLog.jam()
    log.process("supervisor", 8)
    log.write(
      .processDied, 950_000, TestLog.Pen(process: 8, thread: 80), other: 9, name: "order-service", arg: 1_002)
    log.processes[2].fate = .died
    let dump = ThreadDump(log.snapshot)
    let text = dump.text(width: 140, limit: 1)
    #expect(text.contains("order-service    died 50 ms ago (signal 9)  12 threads  12 blocked"))
    #expect(text.contains("└ order-w1  died while calling payment-service, after 759 ms"))
    #expect(dump.deaths.first?.waiters.count == 12)
    #expect(dump.deaths.first?.waiters.allSatisfy { $0.hop.state == .died && $0.hop.diedWhile == .blocked } == true)
  }

  @Test func aDeathIsToldEvenAfterTheRestart() {
    var log = TestLog.jam()
    log.process("supervisor", 8)
    log.write(
      .processDied, 950_000, TestLog.Pen(process: 8, thread: 80), other: 9, name: "payment-service", arg: 1_003)
    log.processes[3].fate = .died
    log.process("payment-service", 9, model: .blocking, at: 960_000)
    log.thread(9, 901, "payment-w1", .worker, at: 961_000)
    let text = ThreadDump(log.snapshot).text(width: 140, limit: 1)
    #expect(text.contains("payment-service  1 thread  1 idle"))
    #expect(
      text.contains(
        """
        died: payment-service pid 1003 50 ms ago (signal 9), replaced since; it had 12 at work or waiting
          payment-w2  died in sleep (fault: latency=1s), after 756 ms    GET /payments/{user}
          … 11 more died: sleep (fault: latency=1s)
        """))
  }

  @Test func aChainThatIsDeadAltogetherIsShownAsItWas() {
    var log = TestLog.jam()
    for index in log.processes.indices { log.processes[index].fate = .died }
    log.takenAt = 90_000_000
    let text = ThreadDump(log.snapshot).text(width: 140, limit: 1)
    #expect(text.contains("gateway          died  16 threads  16 blocked  12 queued"))
    #expect(
      text.contains("  gateway-w3  died while calling user-service, after 712 ms    GET /users/ada/payment-status"))
    #expect(text.contains("└ payment-w2  died in sleep (fault: latency=1s), after 706 ms"))
  }

  @Test(.timeLimit(.minutes(1))) func aCircleOfWaitsEnds() throws {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    let user = log.service(.userService, 1, .blocking, threads: 1)
    log.blocked(
      500_000, loop: gateway.loop, worker: gateway.pool[0], 1, from: 4, route: "GET /a", calls: 2, "user-service")
    log.blocked(
      600_000, loop: user.loop, worker: user.pool[0], 3, from: 2, route: "GET /b", calls: 4, "gateway")
    let dump = ThreadDump(log.snapshot)
    #expect(
      dump.text(width: 100, limit: 3) == """
        gateway          1 thread  1 blocked
          gateway-w1  blocked 500 ms  calling user-service    GET /a
            └ user-w1  blocked 400 ms  calling gateway
               └ back to gateway-w1: a cycle
        user-service     1 thread  1 blocked
          1 in chains above
        """)
  }

  @Test func aStoppedServiceSaysSo() {
    let text = ThreadDump(TestLog.wellBehaved().snapshot).text(width: 100, limit: 3)
    #expect(text.split(separator: "\n").first == "gateway          stopped")
  }

  @Test func namesCannotMoveTheCursor() {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    log.blocked(
      500_000, loop: gateway.loop, worker: gateway.pool[0], 1, from: 0, route: "GET /\u{1b}[2J\n", calls: 2,
      "user\u{7}-service")
    let text = ThreadDump(log.snapshot).text(width: 100, limit: 3)
    #expect(!text.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
    #expect(text.split(separator: "\n").count == 3)
  }

  @Test func linesAreCutToTheWidth() {
    let text = ThreadDump(TestLog.jam().snapshot).text(width: 40, limit: 2)
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 40 })
    #expect(text.contains("\n  … 10 more wait behind payment-w*\n    4 wait for requests still queued at…\n"))
    #expect(text.contains("…"))
  }

  @Test func whatMayHaveEndedUnseenIsToldAsSuch() throws {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 2)
    for (worker, at) in [(0, UInt64(100_000)), (1, 900_000)] {
      log.blocked(
        at, loop: gateway.loop, worker: gateway.pool[worker], at, from: 0, route: "GET /ping", calls: at + 1,
        "user-service")
    }
    log.arrive(100_000, gateway.loop, 7, "GET /ping")
    log.write(.enqueue, 100_000, gateway.loop, span: 7)
    log.completeSince = TestLog.time(500_000)
    log.loss.overwritten = 3
    let dump = ThreadDump(log.snapshot)
    #expect(
      dump.text(width: 100, limit: 2) == """
        gateway          2 threads  2 blocked
          gateway-w1  perhaps blocked 900 ms  calling user-service    GET /ping
            └ at user-service, which is not traced
          gateway-w2  blocked 100 ms  calling user-service    GET /ping
            └ at user-service, which is not traced
        log: 3 overwritten
        log: complete for the last 500 ms; older is 'perhaps'
        """)
    let threads = try JSON(dump)["services"].list[0]["threads"].list
    #expect(threads.map { $0["uncertain"] } == [.boolean(true), .null, .null])
  }

  @Test func recordsBehindTheMomentWaitForTheNextSnapshot() {
    var log = TestLog.jam()
    log.takenAt = 100_000
    #expect(ThreadDump(log.snapshot).services[0].threadsByState.idle == 16)
  }
}
