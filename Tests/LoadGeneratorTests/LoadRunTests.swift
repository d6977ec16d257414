import ChainModel
import ChainTestSupport
import LoadGenerator
import Testing

/// Short plans against a server of the test's own.
func plan(
  _ server: TinyServer, _ arrival: LoadPlan.Arrival, for duration: Duration = .milliseconds(400),
  timeout: Duration = .seconds(5)
) -> LoadPlan {
  LoadPlan(to: Endpoint(port: server.port), paths: ["/ping"], arrival: arrival, duration: duration, timeout: timeout)
}

func run(_ plan: LoadPlan, descriptors: Int? = nil) async throws -> LoadResult {
  try await LoadGenerator.run(plan, log: nil, descriptors: descriptors) { _ in }
}

/// Every request that was due has exactly one place in the counts.
func expectConservation(_ counts: OutcomeCounts, _ location: SourceLocation = #_sourceLocation) {
  #expect(counts.due == counts.started + counts.notSent, sourceLocation: location)
  #expect(counts.started == counts.ended + counts.unfinished, sourceLocation: location)
}

@Suite struct LoadRunTests {
  @Test(.timeLimit(.minutes(1)))
  func anOpenLoopSendsEveryRequestOfItsSchedule() async throws {
    try await TinyServer.with(.answer(status: 200)) { server in
      var plan = plan(server, .open(rate: 500, spacing: .poisson))
      plan.warmUp = .milliseconds(200)
      let due = ArrivalSchedule(rate: 500, spacing: .poisson, length: .milliseconds(600), seed: plan.seed)
      let result = try await run(plan)
      let isWarmUp = due.map { $0.offset < 200_000_000 }
      #expect(result.warmUp.due == isWarmUp.count { $0 })
      #expect(result.measured.due == isWarmUp.count { !$0 })
      #expect(result.measured.byStatus == [200: result.measured.due])
      #expect(result.warmUp.started + result.measured.started == server.counts.requests)
      #expect(result.latency.all.corrected?.count == result.measured.due)
      #expect(result.latency.successful == result.latency.all)
      #expect(result.rates.offered == Double(result.measured.due) / 0.4)
      expectConservation(result.measured)
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [1, 3])
  func theLoopsShareTheArrivalsAndTheClients(loops: Int) async throws {
    try await TinyServer.with(.answerAfter(.milliseconds(20))) { server in
      var open = plan(server, .open(rate: 400, spacing: .fixed))
      open.loops = loops
      let opened = try await run(open)
      #expect(opened.measured.byStatus == [200: 160])

      var closed = plan(server, .closed(clients: 7))
      closed.loops = loops
      let result = try await run(closed)
      #expect(result.connections == 7)
      // 7 clients, 20 ms each: 350 requests a second at the most.
      #expect((7...147).contains(result.measured.started))
      expectConservation(result.measured)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func aClosedLoopKeepsItsClientsBusyAndHasNoCorrectedLatencies() async throws {
    try await TinyServer.with(.answerAfter(.milliseconds(20))) { server in
      let result = try await run(plan(server, .closed(clients: 4), for: .seconds(1)))
      let least = try #require(result.latency.all.uncorrected?.min)
      #expect(least >= 20)
      #expect(result.measured.started == server.counts.requests)
      // 4 clients, 20 ms each: 200 requests a second at the most, fewer on a busy machine.
      #expect((20...204).contains(result.measured.started))
      #expect(result.latency.all.corrected == nil && result.sentLate == nil && result.rateMissed == nil)
      #expect(result.rates.offered == nil)
      expectConservation(result.measured)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func connectionsAreKeptUnlessThePlanSaysOtherwise() async throws {
    try await TinyServer.with(.answer(status: 200)) { server in
      let kept = try await run(plan(server, .closed(clients: 3)))
      #expect(kept.connections == 3)
      #expect(server.counts.connections == 3)
      #expect(kept.measured.started > 30)
      #expect(!server.counts.heads.contains { $0.contains("connection: close") })
    }
    try await TinyServer.with(.answer(status: 200)) { server in
      var fresh = plan(server, .closed(clients: 3))
      fresh.newConnections = true
      let result = try await run(fresh)
      #expect(result.measured.byStatus == [200: result.measured.started])
      #expect(result.connections == result.measured.started)
      #expect(server.counts.connections == server.counts.requests)
      #expect(server.counts.heads.allSatisfy { $0.contains("connection: close") })
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func aConnectionThatTheServerEndsIsReplaced() async throws {
    try await TinyServer.with(.answerAndClose) { server in
      let result = try await run(plan(server, .closed(clients: 2)))
      #expect(result.measured.byStatus == [200: result.measured.started])
      #expect(result.connections == result.measured.started)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func requestsBeyondTheLimitAreNotSentAndCounted() async throws {
    try await TinyServer.with(.neverAnswer) { server in
      var plan = plan(server, .open(rate: 200, spacing: .fixed), timeout: .seconds(1))
      plan.maxInFlight = 7
      let limited = try await run(plan)
      #expect(limited.measured.due == 80)
      #expect(limited.measured.started == 7)
      #expect(limited.measured.notSent == 73)
      #expect(limited.measured.byFailure == [.timeout: 7])
      #expect(limited.rateMissed == .connectionsBounded)
      #expect(limited.summary().contains("\nnot reached connections are bounded: "))
      expectConservation(limited.measured)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func descriptorsLimitAnOpenLoopAndRefuseAClosedOne() async throws {
    try await TinyServer.with(.neverAnswer) { server in
      let open = plan(server, .open(rate: 200, spacing: .fixed), timeout: .seconds(1))
      let limited = try await run(open, descriptors: 5)
      #expect(limited.measured.started == 5)
      #expect(limited.measured.notSent == 75)

      let closed = plan(server, .closed(clients: 6))
      await #expect(throws: LoadError.tooFewDescriptors(needed: 6, available: 5)) {
        try await run(closed, descriptors: 5)
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func aCancelledRunGivesItsResultAtOnce() async throws {
    try await TinyServer.with(.neverAnswer) { server in
      let plan = plan(server, .closed(clients: 4), for: .seconds(3600), timeout: .seconds(600))
      let running = Task { try await run(plan) }
      while server.counts.requests < 4 { try await Task.sleep(for: .milliseconds(5)) }
      running.cancel()
      let result = try await running.value
      #expect(result.wasCancelled)
      #expect(result.measured.started == 4)
      #expect(result.measured.unfinished == 4)
      #expect(result.measuredSeconds < 60)
      expectConservation(result.measured)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func aRunThatIsCancelledBeforeItStartsSendsNothing() async throws {
    try await TinyServer.with(.answer(status: 200)) { server in
      let plan = plan(server, .open(rate: 1000, spacing: .fixed), for: .seconds(3600))
      let running = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await run(plan)
      }
      let result = try await running.value
      #expect(result.wasCancelled)
      #expect(result.measured == OutcomeCounts())
      #expect(result.rates.successful == 0)
      #expect(server.counts.requests == 0)
    }
  }
}
