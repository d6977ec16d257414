import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

@Suite struct ChainReplayTests {
  private func replay(_ log: TestLog) -> ChainReplay { ChainReplay(log.snapshot) }

  @Test func aWorkerIsIdleThenRunsThenIsBlockedThenRunsThenIsIdle() throws {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    let worker = gateway.pool[0]
    log.arrive(1_000, gateway.loop, 1, "GET /ping")
    log.write(.enqueue, 1_000, gateway.loop, span: 1)
    log.dequeue(2_000, worker, 1, .blocking)
    log.wait(3_000, worker, 1, 2, .database, "query")
    log.endWait(4_500, worker, 1, 2)
    log.end(5_000, worker, 1)
    var replay = ChainReplay()
    replay.learn(log.snapshot)
    var states: [String] = []
    for record in log.records {
      #expect(replay.apply(record) == nil)
      guard let thread = replay.processes[0]?.threads[worker.thread] else { continue }
      let state =
        switch thread.state {
        case .idle: "idle"
        case .running: "running"
        case .blocked(let wait): wait.cause.name
        }
      if states.last != state { states.append(state) }
    }
    #expect(states == ["idle", "running", "db", "running", "idle"])
    let times = try #require(replay.processes[0]?.threads[worker.thread]?.times(until: TestLog.time(7_001)))
    #expect(times.idle == 1_999_000 + 2_001_000)
    #expect(times.running == 1_500_000)
    #expect(times.blocked == [.database: 1_500_000])
  }

  @Test func aRequestGoesThroughItsPhases() throws {
    var log = TestLog()
    let order = log.service(.orderService, 0, .nonblocking, threads: 0)
    log.arrive(1_000, order.loop, 1, from: 9, "GET /orders")
    log.user(1_000, order.loop, 1, "a-name-of-more-than-twenty-four-bytes")
    log.dequeue(1_200, order.loop, 1, .nonblocking)
    log.wait(1_500, order.loop, 1, 2, .call, "payment-service", held: false)
    log.wait(1_600, order.loop, 1, 3, .call, "payment-service", held: false)
    log.endWait(1_700, order.loop, 1, 2, held: false)
    log.takenAt = 2_000
    let replay = replay(log)
    let request = try #require(replay.request(RequestKey(process: 0, span: 1)))
    #expect(request.phase == .suspended)
    #expect(request.waits.map(\.id) == [3])
    #expect(request.userName == "a-name-of-more-than-twenty-four-bytes")
    let times = request.times(until: TestLog.time(2_000))
    #expect([times.arrived, times.queued, times.running, times.suspended] == [200_000, 0, 300_000, 500_000])
    #expect(replay.processes[0]?.threads[order.loop.thread]?.state == .idle)
    #expect(replay.callee(of: 9) == RequestKey(process: 0, span: 1))
  }

  @Test func aLoopRunsUntilItsLastRequestSuspends() {
    var log = TestLog()
    let order = log.service(.orderService, 0, .nonblockingAsync, threads: 0)
    for span in UInt64(1)...2 {
      log.arrive(1_000 + span, order.loop, span, "GET /orders")
      log.dequeue(1_010 + span, order.loop, span, .nonblockingAsync)
    }
    log.wait(1_100, order.loop, 1, 11, .call, "payment-service", held: false)
    log.takenAt = 1_150
    #expect(replay(log).processes[0]?.threads[order.loop.thread]?.state == .running)
    log.wait(1_200, order.loop, 2, 12, .call, "payment-service", held: false)
    log.takenAt = 1_250
    #expect(replay(log).processes[0]?.threads[order.loop.thread]?.state == .idle)
  }

  @Test func aRepeatedThreadStartChangesNothing() throws {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    log.arrive(1_000, gateway.loop, 1, "GET /ping")
    log.dequeue(2_000, gateway.pool[0], 1, .blocking)
    let place = try #require(log.records.firstIndex { $0.kind == .threadStart && $0.thread == gateway.pool[0].thread })
    var again = log.records[place]
    again.time = TestLog.time(3_000)
    log.records.append(again)
    let replay = replay(log)
    #expect(replay.misfits.isEmpty)
    #expect(replay.processes[0]?.threads[gateway.pool[0].thread]?.state == .running)
  }

  @Test func poolModelAndFaultsAreThoseInForce() {
    var log = TestLog()
    log.process("gateway", 0, model: .blocking)
    let pen = TestLog.Pen(process: 0, thread: 5)
    log.write(.pool, 10, pen, other: 64, arg: 4)
    log.write(.pool, 20, pen, other: 32, arg: 8)
    log.write(.fault, 30, pen, detail: 1, name: "hang")
    log.write(.fault, 40, pen, detail: 1, name: "error=503")
    log.write(.fault, 50, pen, detail: 0, name: "hang")
    log.write(.model, 60, pen, detail: IOModel.async.code)
    let replay = replay(log)
    let process = replay.processes[0]
    #expect(process?.pool?.threads == 8)
    #expect(process?.pool?.queueLimit == 32)
    #expect(process?.model == .async)
    #expect(process?.faults.keys.map { replay.strings[$0] } == ["error=503"])
  }

  @Test func recordsWithoutTheirBeginningsAreCountedAndBelieved() throws {
    var log = TestLog()
    log.process("gateway", 0)
    let pen = TestLog.Pen(process: 0, thread: 5)
    log.wait(1_000, pen, 1, 2, .call, "user-service")
    let replay = replay(log)
    guard case .blocked(let wait) = try #require(replay.processes[0]?.threads[5]).state else {
      Issue.record("the thread is not blocked")
      return
    }
    #expect(wait.cause == .call)
    #expect(replay.misfits == [.threadNotStarted: 1])
  }

  @Test func thePartThatAProcessLeavesBehindIsGoneWhenItStops() {
    let log = TestLog.wellBehaved()
    let replay = replay(log)
    #expect(replay.misfits.isEmpty)
    #expect(replay.spans.isEmpty)
    #expect(replay.processes.values.allSatisfy { $0.threads.isEmpty && $0.requests.isEmpty && $0.fate == .stopped })
  }
}
