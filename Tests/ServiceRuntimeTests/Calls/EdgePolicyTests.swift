import ChainModel
import ChainTestSupport
import ServiceRuntime
import Supervisor
import Synchronization
import Testing
import Topology
import TraceLog

extension OneService {
  /// What a service does about a callee that is slow or fails, in every IO model.
  @Suite struct EdgePolicyTests {
    private static func policy(_ text: String) throws -> CallPolicy {
      try CallPolicy.parse(text: text)
    }

    /// A gateway whose calls to user-service are held to the policy.
    private func run(
      _ model: IOModel, _ policy: String, _ callee: CannedCallee, threads: Int = 4,
      body: (LoneService) async throws -> Void
    ) async throws {
      let policy = try Self.policy(policy)
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
        $0.threads = threads
        $0.callPolicy = policy
      } body: { service in
        try await body(service)
        try service.expectSoundLog()
      }
    }

    /// Fails as many times as told, then answers.
    private static func failing(_ times: Int, with reply: CannedCallee.Reply) throws -> CannedCallee {
      let left = Left(times)
      return try CannedCallee { _ in left.take() ? reply : .ok }
    }

    private final class Left: Sendable {
      private let count: Mutex<Int>

      init(_ count: Int) {
        self.count = Mutex(count)
      }

      func take() -> Bool {
        count.withLock { count in
          count -= 1
          return count >= 0
        }
      }
    }

    // MARK: Retries

    @Test(
      .timeLimit(.minutes(1)), arguments: IOModel.allCases,
      [CannedCallee.Reply.answer(503, "{}"), .close, .raw("nonsense")])
    func whatFailsIsTriedAgainAndNumbered(model: IOModel, reply: CannedCallee.Reply) async throws {
      let callee = try Self.failing(2, with: reply)
      defer { callee.shutDown() }
      try await run(model, "retries=3 backoff=20ms", callee) { service in
        #expect(try service.get(LoneService.call).status == 200)
        #expect(callee.requests.count == 3)
        let log = try service.snapshot()
        #expect(log.calls.map(\.arg) == [1, 2, 3])
        let ends = log.records(.spanEnd)
        #expect(ends.count == 3 && ends.dropLast().allSatisfy { !log.name($0).isEmpty } && ends.last?.name == 0)
        // Each attempt brings its own span along.
        #expect(Set(callee.requests.flatMap { $0.values("traceparent") }).count == 3)
        let pauses = log.backOffs(model)
        #expect(pauses.count == 2)
        #expect(pauses.first ?? .zero >= .milliseconds(20) && pauses.last ?? .zero >= .milliseconds(40), "\(pauses)")
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func whatIsNoFailureOfTheCalleeIsNotTriedAgain(model: IOModel) async throws {
      let callee = try CannedCallee(.answer(404, "{}"))
      defer { callee.shutDown() }
      try await run(model, "retries=3", callee) { service in
        #expect(try service.get(LoneService.call).status == 404)
        #expect(callee.requests.count == 1)
        // Nor is anything tried again for a caller who has left.
        callee.reply(.never)
        let client = try service.start(1)[0]
        #expect(await eventually { callee.held == 1 })
        client.close()
        #expect(try await service.isInFlight(0))
        #expect(try service.snapshot().ends.last == .cancelled)
        #expect(callee.requests.count == 2)
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func theTimeoutIsThatOfEachAttempt(model: IOModel) async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      try await run(model, "timeout=100ms retries=2", callee) { service in
        let began = Monotonic.now()
        let answer = try service.get(LoneService.call)
        #expect(answer.status == 504 && answer.problem?.errorType == "timeout")
        #expect(Monotonic.now() - began >= 300_000_000)
        #expect(callee.requests.map { $0.values(Deadline.header) } == [["100"], ["100"], ["100"]])
        #expect(await eventually { callee.connections.open == 0 })
      }
    }

    /// The deadline leaves time for fewer attempts than the policy allows.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func noRetryOutlastsTheDeadline(model: IOModel) async throws {
      let callee = try CannedCallee(.answer(500, "{}"))
      defer { callee.shutDown() }
      try await run(model, "retries=10 backoff=100ms", callee) { service in
        let began = Monotonic.now()
        let answer = try service.get(LoneService.call, ["\(Deadline.header): 250"])
        #expect(answer.status == 502)
        #expect(Monotonic.now() - began < 10_000_000_000)
        // At once and after 100 ms; 200 ms more would be too late.
        #expect((1...2).contains(callee.requests.count), "\(callee.requests.count)")
        let log = try service.snapshot()
        #expect(log.ends == [LoggedEnd(status: 502, errorType: "500")])
      }
    }

    /// A back-off ends when the caller leaves.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func aBackOffIsCancelled(model: IOModel) async throws {
      let callee = try CannedCallee(.answer(500, "{}"))
      defer { callee.shutDown() }
      try await run(model, "retries=3 backoff=60s", callee) { service in
        let client = try service.start(1)[0]
        #expect(try await eventually { try service.snapshot().sleeps(model).count == 1 })
        client.close()
        #expect(try await service.isInFlight(0))
        #expect(callee.requests.count == 1)
        #expect(try service.snapshot().ends == [.cancelled])
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func theBudgetBoundsTheAttempts(model: IOModel) async throws {
      let callee = try CannedCallee(.answer(500, "{}"))
      defer { callee.shutDown() }
      try await run(model, "retries=1 budget=10%", callee) { service in
        let client = try service.client()
        for _ in 0..<60 { #expect(try client.request(LoneService.call).status == 502) }
        // Ten that were saved up, and one in ten of the 59 calls that found the bucket no longer full.
        #expect(callee.requests.count == 60 + 10 + 5)
        #expect(try service.snapshot().calls.count { $0.arg == 2 } == callee.requests.count - 60)
      }
    }

    // MARK: The breaker

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func theBreakerOpensTriesAndCloses(model: IOModel) async throws {
      let callee = try CannedCallee(.answer(500, "{}"))
      defer { callee.shutDown() }
      try await run(model, "breaker=50% breaker_calls=4 breaker_open=1s", callee) { service in
        for _ in 0..<4 { #expect(try service.get(LoneService.call).status == 502) }
        for _ in 0..<3 { try Self.expectRefused(service, .circuitOpen) }
        #expect(callee.requests.count == 4)
        #expect(try service.status().breakers["user-service"] == "open")
        // The trial is held; every other call is refused meanwhile.
        callee.reply(.never)
        var trial: RawClient?
        #expect(
          try await eventually {
            let client = try service.start(1)[0]
            if client.hasInput(within: .milliseconds(50)) { return false }
            trial = client
            return callee.held == 1
          })
        #expect(try service.status().breakers["user-service"] == "half-open")
        for _ in 0..<3 { try Self.expectRefused(service, .circuitOpen) }
        #expect(callee.requests.count == 5)
        callee.reply(.ok)
        callee.release()
        #expect(try trial?.answer().status == 200)
        #expect(try await eventually { try service.status().breakers["user-service"] == "closed" })
        #expect(try service.get(LoneService.call).status == 200)
        try Self.expectAgreement(try service.snapshot(), [.open, .halfOpen, .closed])
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func underLoadTheLogOfTheBreakerAddsUp(model: IOModel) async throws {
      let callee = try Self.failing(40, with: .answer(500, "{}"))
      defer { callee.shutDown() }
      try await run(model, "breaker=50% breaker_calls=8 breaker_open=20ms", callee) { service in
        let clients = try (0..<8).map { _ in try service.client() }
        let isClosed = try await eventually {
          for client in clients { try client.get(LoneService.call) }
          for client in clients { _ = try client.answer() }
          let closed = try service.snapshot().records(.breaker).filter { $0.detail == BreakerState.closed.rawValue }
          return !closed.isEmpty
        }
        #expect(isClosed)
        let log = try service.snapshot()
        let states = log.records(.breaker).map(\.detail)
        #expect(states.first == BreakerState.open.rawValue)
        #expect(!zip(states, states.dropFirst()).contains { $0 == $1 })
        try Self.expectAgreement(log, nil)
      }
    }

    private static func expectRefused(_ service: LoneService, _ reason: ShedReason) throws {
      let answer = try service.get(LoneService.call)
      #expect(answer.status == 503 && answer.problem?.errorType == reason.rawValue)
      #expect(answer[header: "retry-after"] == "1")
    }

    /// What the breaker says that it refused is what was refused, and none of it waited for the callee.
    private static func expectAgreement(_ log: LogSnapshot, _ states: [BreakerState]?) throws {
      let changes = log.records(.breaker)
      #expect(changes.allSatisfy { log.name($0) == "user-service" })
      if let states { #expect(changes.map(\.detail) == states.map(\.rawValue)) }
      #expect(changes.last?.detail == BreakerState.closed.rawValue)
      let refused = Set(log.records(.spanEnd).filter { log.name($0) == "circuit_open" }.map(\.span))
      #expect(UInt64(refused.count) == changes.reduce(0) { $0 + $1.other })
      #expect(!refused.isEmpty)
      #expect(!log.records(.waitStart).contains { refused.contains($0.other) })
    }

    // MARK: What the callee sees

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func theDeadlineIsToldUnlessItIsOff(model: IOModel) async throws {
      let callee = try CannedCallee()
      defer { callee.shutDown() }
      try await run(model, "deadline=off", callee) { service in
        #expect(try service.get(LoneService.call, ["\(Deadline.header): 5000"]).status == 200)
        try service.control.setPolicy(.plain, for: .userService)
        #expect(try service.get(LoneService.call, ["\(Deadline.header): 5000"]).status == 200)
        #expect(callee.requests.map { $0.values(Deadline.header).count } == [0, 1])
        // It counts all the same.
        try service.control.setPolicy(try Self.policy("deadline=off"), for: .userService)
        callee.reply(.never)
        #expect(try service.get(LoneService.call, ["\(Deadline.header): 100"]).status == 504)
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func withoutKeepAliveEachCallMakesAConnection(model: IOModel) async throws {
      let callee = try CannedCallee()
      defer { callee.shutDown() }
      try await run(model, "none", callee, threads: 1) { service in
        for _ in 0..<5 { #expect(try service.get(LoneService.call).status == 200) }
        #expect(callee.connections.accepted == 1)
        try service.control.setPolicy(try Self.policy("keep_alive=off"), for: .userService)
        for _ in 0..<5 { #expect(try service.get(LoneService.call).status == 200) }
        #expect(callee.connections.accepted == 6)
        #expect(callee.requests.suffix(5).allSatisfy { $0.values("connection") == ["close"] })
        try service.control.resetPolicies()
        for _ in 0..<5 { #expect(try service.get(LoneService.call).status == 200) }
        #expect(callee.connections.accepted <= 7)
      }
    }

    // MARK: Changes

    @Test(.timeLimit(.minutes(1))) func aPolicyIsReplacedWhileItRuns() async throws {
      let callee = try CannedCallee(.answer(500, "{}"))
      defer { callee.shutDown() }
      try await run(.blocking, "breaker=100% breaker_calls=1", callee) { service in
        #expect(try service.get(LoneService.call).status == 502)
        #expect(try service.status().breakers["user-service"] == "open")
        try service.control.setPolicy(try Self.policy("retries=2"), for: .userService)
        #expect(try service.status().policies["user-service"] == "retries=2")
        #expect(try service.status().breakers["user-service"] == nil)
        #expect(try service.get(LoneService.call).status == 502)
        #expect(callee.requests.count == 4)
        try service.control.resetPolicy(for: .userService)
        #expect(try service.status().policies["user-service"] == "breaker=100% breaker_calls=1")
        let log = try service.snapshot()
        let policies = log.records(.policy).filter { log.name($0).hasPrefix("user-service ") }
        #expect(
          policies.map { LoggedFault(text: log.name($0), isOn: $0.detail == 1) } == [
            LoggedFault(text: "user-service breaker=100% breaker_calls=1", isOn: true),
            LoggedFault(text: "user-service breaker=100% breaker_calls=1", isOn: false),
            LoggedFault(text: "user-service retries=2", isOn: true),
            LoggedFault(text: "user-service retries=2", isOn: false),
            LoggedFault(text: "user-service breaker=100% breaker_calls=1", isOn: true),
          ])
        // The open breaker went with its policy.
        #expect(log.records(.breaker).map(\.detail) == [BreakerState.open.rawValue, BreakerState.closed.rawValue])
      }
    }
  }
}
