import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

@Suite struct CriticalPathTests {
  /// C4, and that the segments follow one another without gap or overlap.
  private func expectPartition(_ waterfall: TraceWaterfall) {
    let segments = waterfall.criticalPath.segments
    #expect(waterfall.criticalPath.duration == waterfall.duration)
    #expect(zip(segments, segments.dropFirst()).allSatisfy { $0.end == $1.start })
    #expect(segments.first?.start == waterfall.rows.map(\.span.start).min())
  }

  private func texts(_ waterfall: TraceWaterfall) -> [String] {
    waterfall.criticalPath.segments.map { "\($0.text) \($0.duration / 1_000)" }
  }

  @Test func aChainIsSplitByWhatItWaitedFor() throws {
    let waterfall = try #require(TraceWaterfall(TestLog.wellBehaved().snapshot, trace: TestLog().trace))
    expectPartition(waterfall)
    let sums = Dictionary(uniqueKeysWithValues: waterfall.criticalPath.totals.map { ($0.text, $0.time / 1_000) })
    #expect(sums["payment-service sleep (simulated latency 10ms)"] == 10_000)
    #expect(sums["payment-service queue"] == 3_000)
    #expect(sums["gateway queue"] == 550)  // 500, and 50 of the one that is refused
    #expect(sums["order-service db orders of user"] == 60)
    #expect(sums["payment-service file ledger"] == 100)
    #expect(sums["payment-service run"] == 2_800)
    #expect(sums["nothing recorded"] == 9_500)  // between the two requests of the trace
    #expect(waterfall.text(width: 180).contains("critical path"))
    #expect(try JSON(waterfall)["critical_path"].list.count == waterfall.criticalPath.segments.count)
  }

  @Test func ofTwoCallsAtOnceTheLaterAnswerCounts() throws {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .nonblockingAsync, threads: 1)
    log.arrive(0, gateway.loop, 1, "GET /a")
    log.dequeue(0, gateway.loop, 1, .nonblockingAsync)
    for (id, end) in [(UInt64(10), UInt64(500)), (11, 800)] {
      log.client(100, gateway.loop, id, in: 1, "GET \(id)")
      log.wait(100, gateway.loop, 1, id, .call, "user-service", held: false)
      log.endWait(end, gateway.loop, 1, id, held: false)
      log.endClient(end, gateway.loop, id)
    }
    log.end(1_000, gateway.loop, 1)
    let waterfall = try #require(TraceWaterfall(log.snapshot, trace: log.trace))
    expectPartition(waterfall)
    #expect(texts(waterfall) == ["gateway run 100", "in transit from gateway 700", "gateway run 200"])
    #expect(waterfall.criticalPath.segments[1].span == SpanID(rawValue: 11))
  }

  /// As in Jaeger's UI and in CRISP: nothing waited for the left one once the right one had begun to be the last.
  @Test func ofOverlappingCallsTheLastToFinishCountsWholeAndTheOtherNotAtAll() throws {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .nonblockingAsync, threads: 1)
    log.arrive(0, gateway.loop, 1, "GET /a")
    log.dequeue(0, gateway.loop, 1, .nonblockingAsync)
    log.client(100, gateway.loop, 10, in: 1, "GET left")
    log.client(300, gateway.loop, 11, in: 1, "GET right")
    log.endClient(500, gateway.loop, 10)
    log.endClient(700, gateway.loop, 11)
    log.end(1_000, gateway.loop, 1)
    let waterfall = try #require(TraceWaterfall(log.snapshot, trace: log.trace))
    expectPartition(waterfall)
    #expect(texts(waterfall) == ["gateway run 300", "in transit from gateway 400", "gateway run 300"])
  }

  @Test func aCalleeThatOutlivesItsCallerCountsUpToTheTimeout() throws {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    let user = log.service(.userService, 1, .blocking, threads: 1)
    log.arrive(0, gateway.loop, 1, "GET /a")
    log.dequeue(100, gateway.pool[0], 1, .blocking)
    log.client(200, gateway.pool[0], 2, in: 1, "GET user-service")
    log.wait(200, gateway.pool[0], 1, 2, .call, "user-service")
    log.arrive(300, user.loop, 3, from: 2, "GET /b")
    log.dequeue(300, user.pool[0], 3, .blocking)
    log.wait(300, user.pool[0], 3, 4, .database, "users")
    log.endWait(700, gateway.pool[0], 1, 2, outcome: .timeout)
    log.endClient(700, gateway.pool[0], 2, status: 0, error: "timeout")
    log.end(800, gateway.pool[0], 1, status: 504)
    log.endWait(1_500, user.pool[0], 3, 4)
    log.end(1_600, user.pool[0], 3)
    let waterfall = try #require(TraceWaterfall(log.snapshot, trace: log.trace))
    // The trace lasts until the last span has ended; what outlives the root is on nobody's path.
    expectPartition(waterfall)
    #expect(
      texts(waterfall) == [
        "gateway queue 100", "gateway run 100", "in transit gateway → user-service 100", "user-service db users 400",
        "gateway run 100", "nothing recorded 800",
      ])
  }

  @Test func brokenTracesArePartitionedToo() throws {
    for seed in 0..<500 {
      var dice = IDGenerator(seed: UInt64(seed))
      var log = TestLog()
      let gateway = log.service(.gateway, 0, .blocking, threads: 2)
      for _ in 0..<(5 + dice.next() % 60) {
        let (at, span, other) = (dice.next() % 2_000, 1 + dice.next() % 8, dice.next() % 9)
        switch dice.next() % 8 {
        case 0: log.arrive(at, gateway.loop, span, from: other, "GET /a")
        case 1: log.write(.enqueue, at, gateway.loop, span: span)
        case 2: log.dequeue(at, gateway.pool[0], span, .blocking)
        case 3: log.wait(at, gateway.pool[0], span, other, other % 2 == 0 ? .call : .database, "x")
        case 4: log.endWait(at, gateway.pool[0], span, other)
        case 5: log.client(at, gateway.pool[0], span, in: other, "call")
        case 6: log.endClient(at, gateway.pool[0], span)
        default: log.end(at, gateway.pool[0], span)
        }
      }
      guard let waterfall = TraceWaterfall(log.snapshot, trace: log.trace) else { continue }
      expectPartition(waterfall)
    }
  }

  @Test(.timeLimit(.minutes(1))) func aTraceAsDeepAsItGetsIsWalked() throws {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    for depth in UInt64(1)...1_999 { log.client(depth, gateway.pool[0], depth, in: depth - 1, "deep") }
    for depth in UInt64(1)...1_999 { log.endClient(10_000 - depth, gateway.pool[0], depth) }
    let waterfall = try #require(TraceWaterfall(log.snapshot, trace: log.trace))
    expectPartition(waterfall)
  }
}
