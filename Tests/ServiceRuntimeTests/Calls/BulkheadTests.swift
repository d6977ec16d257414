import ChainModel
import ChainTestSupport
import ServiceRuntime
import Testing
import Topology
import TraceLog

extension OneService {
  /// A cap on the calls in flight to a callee, in every IO model.
  @Suite struct BulkheadTests {
    /// A handler that makes one call.
    private struct OneCall: Handler {
      var callee: ServiceName

      func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
        .json(try request.get(callee, "/").body)
      }

      func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
        request.get(callee, "/") { answer in completion(answer.map { .json($0.body) }) }
      }

      func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
        .json(try await request.get(callee, "/").body)
      }
    }

    /// Both callees have a bulkhead of two, and the service has four threads.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func aSlowCalleeDoesNotHurtAFastOne(model: IOModel) async throws {
      let (slow, fast) = (try CannedCallee(.never), try CannedCallee())
      defer { for callee in [slow, fast] { callee.shutDown() } }
      let policy = try CallPolicy.parse(words: ["bulkhead=2"])
      try await OwnRoutesService.run(callees: [.userService: slow, .orderService: fast]) {
        $0.model = model
        $0.callPolicy = policy
      } routes: { _ in
        [Route("GET", "/slow", OneCall(callee: .userService)), Route("GET", "/fast", OneCall(callee: .orderService))]
      } body: { service in
        let held = try (0..<2).map { _ in try service.start("/slow") }
        #expect(await eventually { slow.held == 2 })
        for _ in 0..<8 {
          let answer = try service.get("/slow")
          #expect(answer.status == 503 && answer.problem?.errorType == "bulkhead_full")
          #expect(try service.get("/fast").status == 200)
        }
        #expect(slow.requests.count == 2 && fast.requests.count == 8)
        slow.reply(.ok)
        slow.release()
        for client in held { #expect(try client.answer().status == 200) }
        #expect(try service.get("/slow").status == 200)
      }
    }

    /// Without one, the slow callee takes all threads, where there are threads to take.
    @Test(.timeLimit(.minutes(1)), arguments: [IOModel.blocking, .async])
    func withoutABulkheadItDoes(model: IOModel) async throws {
      let (slow, fast) = (try CannedCallee(.never), try CannedCallee())
      defer { for callee in [slow, fast] { callee.shutDown() } }
      try await OwnRoutesService.run(callees: [.userService: slow, .orderService: fast]) {
        $0.model = model
      } routes: { _ in
        [Route("GET", "/slow", OneCall(callee: .userService)), Route("GET", "/fast", OneCall(callee: .orderService))]
      } body: { service in
        let held = try (0..<4).map { _ in try service.start("/slow") }
        #expect(await eventually { slow.held == 4 })
        let late = try service.start("/fast")
        #expect(!late.hasInput(within: .milliseconds(300)))
        #expect(fast.requests.isEmpty)
        slow.release()
        for client in held + [late] { #expect(try client.answer().status == 200) }
      }
    }

    /// A call that waits for the only hired thread has a place, and gives it back when its time passes meanwhile.
    @Test(.timeLimit(.minutes(1))) func whoNeverGetsAThreadGivesItsPlaceBack() async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      let policy = try CallPolicy.parse(words: ["bulkhead=2"])
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = .async
        $0.threads = 1
        $0.callPolicy = policy
      } body: { service in
        for round in 1...3 {
          let first = try service.start(1)[0]
          #expect(await eventually { callee.held == 1 })
          let late = try service.start(1, LoneService.call, ["\(Deadline.header): 100"])[0]
          #expect(try await service.isInFlight(2))
          #expect(try service.get(LoneService.call).problem?.errorType == "bulkhead_full")
          #expect(!late.hasInput(within: .milliseconds(150)))
          callee.release()
          #expect(try first.answer().status == 200)
          #expect(try late.answer().status == 504)
          #expect(callee.requests.count == round)
        }
        try service.expectSoundLog()
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func theBulkheadIsNeverExceeded(model: IOModel) async throws {
      let callee = try CannedCallee(.late(.milliseconds(3), .ok))
      defer { callee.shutDown() }
      let policy = try CallPolicy.parse(words: ["bulkhead=2"])
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
        $0.threads = 8
        $0.callPolicy = policy
      } body: { service in
        let clients = try (0..<8).map { _ in try service.client() }
        var statuses: [Int] = []
        for _ in 0..<30 {
          for client in clients { try client.get(LoneService.call) }
          for client in clients { statuses.append(try client.answer().status) }
        }
        #expect(Set(statuses) == [200, 503])
        let log = try service.snapshot()
        #expect(log.mostCallsAtOnce(model) == 2)
        #expect(log.records(.spanEnd).count { log.name($0) == "bulkhead_full" } == statuses.count { $0 == 503 })
        try service.expectSoundLog()
      }
    }
  }
}
