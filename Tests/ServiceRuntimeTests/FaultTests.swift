import ChainModel
import ChainTestSupport
import Supervisor
import Testing
import Topology
import TraceLog

extension OneService {
  /// What a user can break, in every IO model, and what the log says of it.
  @Suite struct FaultTests {
    private static let path = "/payments?order_ids=1"

    private func withFault(
      _ fault: Fault, _ model: IOModel, _ body: (LoneService) async throws -> Void
    ) async throws {
      try await LoneService.run(.paymentService) {
        $0.model = model
        $0.backlog = 256
      } body: { service in
        try service.control.setFault(fault)
        #expect(try service.status().faults == [fault.text])
        try await body(service)
        try service.control.clearFaults()
        #expect(try service.status().faults == [])
        #expect(try service.get(Self.path).status == 200)
        // The log has a record for the beginning and one for the end.
        let label = "fault: \(fault.text)"
        #expect(try service.snapshot().faults == [true, false].map { LoggedFault(text: label, isOn: $0) })
        try service.expectSoundLog()
      }
    }

    /// The injected waits that the log has so far: whether they hold a thread, and the fault's name.
    private func expectInjected(_ service: LoneService, _ fault: Fault, count: Int, held: Bool) throws {
      let log = try service.snapshot()
      let waits = log.records(.waitStart).filter { $0.waitFlags.contains(.injected) }
      #expect(waits.count == count)
      for wait in waits {
        #expect(log.name(wait) == "fault: \(fault.text)")
        #expect(wait.detail == WaitCause.sleep.rawValue)
        #expect(wait.waitFlags.contains(.held) == held)
      }
    }

    // MARK: Every kind

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func latencyDelays(model: IOModel) async throws {
      let fault = Fault(.latency(.fixed(.milliseconds(200))))
      try await withFault(fault, model) { service in
        let began = Monotonic.now()
        for client in try service.start(3, Self.path) { #expect(try client.answer().status == 200) }
        #expect(Monotonic.now() - began >= 200_000_000)
        try expectInjected(service, fault, count: 3, held: model == .blocking)
        #expect(try service.snapshot().injectedWaits.allSatisfy { $0 >= .milliseconds(200) })
        // A ping needs nothing, so nothing delays it.
        #expect(try service.get("/ping").status == 200)
        #expect(try service.snapshot().injectedWaits.count == 3)
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases, [400, 503])
    func errorAnswersInTheServicesPlace(model: IOModel, status: Int) async throws {
      try await withFault(Fault(.error(status: status)), model) { service in
        let answer = try service.get(Self.path)
        #expect(answer.status == status)
        #expect(answer.problem?.errorType == "fault_injected")
        #expect(answer.problem?.traceID != nil)
        #expect(try service.get("/ping").status == 200)
        #expect(try service.snapshot().ends == [LoggedEnd(status: status, errorType: "fault_injected")])
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func hangHoldsUntilItIsLifted(model: IOModel) async throws {
      let fault = Fault(.hang)
      try await withFault(fault, model) { service in
        // One whose time passes, and two who wait for the end of the fault.
        let late = try service.get(Self.path, ["\(Deadline.header): 100"])
        #expect(late.status == 504)
        #expect(late.problem?.errorType == "deadline_exceeded")
        let clients = try service.start(2, Self.path)
        #expect(try await eventually { try service.snapshot().records(.waitStart).count == 3 })
        #expect(!clients[0].hasInput(within: .milliseconds(50)) && !clients[1].hasInput())
        try expectInjected(service, fault, count: 3, held: model == .blocking)
        try service.control.clearFaults()
        for client in clients { #expect(try client.answer().status == 200) }
        #expect(try service.snapshot().outcomes(.sleep) == [.timeout, .ok, .ok])
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func resetTearsTheConnectionDown(model: IOModel) async throws {
      try await withFault(Fault(.reset), model) { service in
        for client in try service.start(2, Self.path) { #expect(try client.end() == .reset) }
        #expect(try service.get("/ping").status == 200)
        let end = LoggedEnd(status: 502, errorType: "fault_reset")
        #expect(try service.snapshot().ends == [end, end])
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func whatStartsWithinAStallEndsAfterIt(model: IOModel) async throws {
      let window = Duration.milliseconds(500)
      let fault = Fault(.stall(window))
      try await LoneService.run(.paymentService) {
        $0.model = model
      } body: { service in
        let before = Monotonic.now()
        try service.control.setFault(fault)
        let clients = try service.start(2, Self.path)
        #expect(try await eventually { try service.snapshot().records(.waitStart).count >= 2 })
        try expectInjected(service, fault, count: 2, held: model == .blocking)
        for client in clients { #expect(try client.answer().status == 200) }
        #expect(Monotonic.now() - before >= window.nanoseconds)
        // It is over when its window is, by itself.
        #expect(try await eventually { try service.status().faults == [] })
        #expect(try service.get(Self.path).status == 200)
        try expectInjected(service, fault, count: 2, held: model == .blocking)
        let label = "fault: \(fault.text)"
        #expect(try service.snapshot().faults == [true, false].map { LoggedFault(text: label, isOn: $0) })
        try service.expectSoundLog()
      }
    }

    /// On the only event loop it stops everybody; on a worker it is one more blocked thread.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func blockLoopStopsTheLoop(model: IOModel) async throws {
      let fault = Fault(.blockLoop(.milliseconds(400)))
      try await withFault(fault, model) { service in
        let client = try service.start(1, Self.path)[0]
        #expect(try await eventually { try service.snapshot().records(.waitStart).count == 1 })
        #expect(try service.get("/ping").status == 200)
        #expect(try client.answer().status == 200)
        try expectInjected(service, fault, count: 1, held: true)
        let log = try service.snapshot()
        let blocked = try #require(log.records(.waitStart).first { $0.waitFlags.contains(.injected) })
        let free = try #require(log.records(.waitEnd).first { $0.other == blocked.other }).time
        let ping = try #require(log.records(.arrive).first { log.name($0) == "GET /ping" })
        #expect(free - blocked.time >= 400_000_000)
        #expect(log.threadNames[blocked.thread]?.hasPrefix(model == .blocking ? "payment-w" : "payment-l") == true)
        #expect(model == .blocking ? ping.time < free : ping.time > free)
        let stalls = log.records(.stall).filter { $0.detail == StallDetector.explicit.rawValue }
        #expect(stalls.map { log.name($0) } == (model == .blocking ? [] : ["fault: \(fault.text)"]))
      }
    }

    /// Whoever does the query is held: the request's thread, a thread of the store, or the loop and with it everybody.
    @Test(
      .timeLimit(.minutes(1)), arguments: IOModel.allCases.map { ($0, StorePlace.pool) } + [(.nonblocking, .loop)])
    func aSlowQueryHoldsWhoMakesIt(model: IOModel, store: StorePlace) async throws {
      let fault = Fault(.slowQuery(.milliseconds(400)))
      try await LoneService.run(.paymentService) {
        $0.model = model
        $0.store = store
        $0.loops = 1
      } body: { service in
        try service.control.setFault(fault)
        let client = try service.start(1, Self.path)[0]
        #expect(try await eventually { try service.snapshot().records(.waitStart).count == 1 })
        #expect(try service.get("/ping").status == 200)
        #expect(try client.answer().status == 200)
        let log = try service.snapshot()
        let query = try #require(log.records(.waitStart).first)
        let end = try #require(log.records(.waitEnd).first { $0.other == query.other }).time
        let ping = try #require(log.records(.arrive).first { log.name($0) == "GET /ping" })
        #expect(query.detail == WaitCause.database.rawValue)
        #expect(query.waitFlags == (model == .blocking || store == .loop ? [.held, .injected] : .injected))
        #expect(end - query.time >= 400_000_000)
        #expect(store == .loop ? ping.time > end : ping.time < end)
        // The ledger's line is no query.
        #expect(log.records(.waitStart).filter { $0.waitFlags.contains(.injected) }.count == 1)
        try service.expectSoundLog()
      }
    }

    // MARK: Whom it hits, and for how long

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func itHitsWhomItNames(model: IOModel) async throws {
      try await LoneService.run(.userService) {
        $0.model = model
      } body: { service in
        let others = SeedData.usernames(10).filter { $0 != "ada" }
        let other = try #require(others.first)
        try service.control.setFault(Fault(.error(status: 418), user: "ada"))
        #expect(try service.get("/users/ada").status == 418)
        #expect(try service.get("/users/a%64a").status == 418)
        #expect(try service.get("/users/\(other)").status == 200)

        // A fault takes the place of one of its kind.
        try service.control.setFault(Fault(.error(status: 429), header: .init(name: "x-test", value: "one")))
        #expect(try service.status().faults == ["error=429 header=x-test:one"])
        #expect(try service.get("/users/ada").status == 200)
        #expect(try service.get("/users/\(other)", ["X-Test: one"]).status == 429)
        for header in ["x-test: two", "x-test: onetwo", "x-tes: one"] {
          #expect(try service.get("/users/ada", [header]).status == 200, "\(header)")
        }

        // Both must match if both are named, and faults of different kinds go together.
        try service.control.setFault(Fault(.error(status: 429), user: "ada", header: .init(name: "x-test", value: "1")))
        try service.control.setFault(Fault(.latency(.fixed(.milliseconds(50))), user: "ada"))
        #expect(try service.status().faults.count == 2)
        #expect(try service.get("/users/ada", ["x-test: 1"]).status == 429)
        #expect(try service.get("/users/ada").status == 200)
        #expect(try service.get("/users/\(other)", ["x-test: 1"]).status == 200)
        #expect(try service.snapshot().injectedWaits.count == 2)
        let switched = try service.snapshot().faults.map(\.isOn)
        #expect(switched == [true, false, true, false, true, true])
        try service.expectSoundLog()
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func itHitsAShare(model: IOModel) async throws {
      try await withFault(Fault(.error(status: 500), share: 0.25), model) { service in
        let client = try service.client()
        let hit = try (0..<400).filter { _ in try client.request(Self.path).status == 500 }.count
        // Within five standard deviations, and the seed is always the same.
        #expect((57...143).contains(hit), "\(hit) of 400")
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases, [FaultKind.error(status: 500), .hang])
    func itLiftsItself(model: IOModel, kind: FaultKind) async throws {
      let fault = Fault(kind, for: .milliseconds(300))
      try await LoneService.run(.paymentService) {
        $0.model = model
      } body: { service in
        let began = Monotonic.now()
        try service.control.setFault(fault)
        let answer = try service.get(Self.path)
        if kind == .hang {
          #expect(answer.status == 200)
          #expect(Monotonic.now() - began >= 300_000_000)
        } else {
          #expect(answer.status == 500)
        }
        #expect(try await eventually { try service.status().faults == [] })
        #expect(Monotonic.now() - began >= 300_000_000)
        #expect(try service.get(Self.path).status == 200)
        let label = "fault: \(fault.text)"
        #expect(try service.snapshot().faults == [true, false].map { LoggedFault(text: label, isOn: $0) })
        try service.expectSoundLog()
      }
    }

    // MARK: Distributions of latency

    /// Bounds for the shortest, the median and the longest of many draws, in milliseconds.
    private static let distributions:
      [(text: String, min: ClosedRange<Double>, median: ClosedRange<Double>, most: Double)] = [
        ("30ms", 30...40, 30...45, 30),
        ("20ms..100ms", 20...35, 45...80, 80),
        ("lognormal:40ms,0.5", 5...30, 28...60, 70),
        ("p50:20ms,p90:60ms,p99:200ms", 0...10, 12...35, 60),
      ]

    @Test(.timeLimit(.minutes(1)), arguments: distributions, [IOModel.nonblocking])
    func latencyFollowsItsDistribution(
      case row: (text: String, min: ClosedRange<Double>, median: ClosedRange<Double>, most: Double), model: IOModel
    ) async throws {
      let latency = try #require(Latency.parse(row.text))
      try await withFault(Fault(.latency(latency)), model) { service in
        for client in try service.start(100, Self.path) { #expect(try client.answer().status == 200) }
        // Draws are seeded, so only what a busy machine adds to a wait can differ from run to run.
        let waits = try service.snapshot().injectedWaits.map { $0.seconds * 1000 }.sorted()
        #expect(waits.count == 100)
        #expect(row.min.contains(waits[0]), "\(waits[0])")
        #expect(row.median.contains(waits[50]), "\(waits[50])")
        #expect(waits[99] >= row.most, "\(waits[99])")
      }
    }
  }
}
