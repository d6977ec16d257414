import ChainModel
import ChainTestSupport
import Testing
import Topology
import TraceLog

extension OneService {
  /// How long a caller waits travels with the request, and ends the work when it has passed, in every IO model.
  @Suite struct DeadlineTests {
    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let parent = "traceparent: 00-\(trace)-b7ad6b7169203331-01"

    private static func deadline(_ milliseconds: Int) -> String { "\(Deadline.header): \(milliseconds)" }

    private static func sent(_ callee: CannedCallee) throws -> Int {
      let values = try #require(callee.requests.last).values(Deadline.header)
      try #require(values.count == 1)
      return try #require(Int(values[0]))
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func itTravelsAndShrinks(model: IOModel) async throws {
      let delay = Duration.milliseconds(100)
      let user = try CannedCallee(.late(delay, .answer(200, #"{"id":1,"username":"ada"}"#)))
      let orders = try CannedCallee(.late(delay, .answer(200, "[]")))
      let payments = try CannedCallee(.answer(200, "[]"))
      let callees: [ServiceName: CannedCallee] = [
        .userService: user, .orderService: orders, .paymentService: payments,
      ]
      defer { for callee in callees.values { callee.shutDown() } }
      let path = "/orchestrated/users/ada/payment-status"
      try await LoneService.run(callees: callees) {
        $0.model = model
      } body: { service in
        #expect(try service.get(path, [Self.deadline(5000)]).status == 200)
        let left = try [user, orders, payments].map { try Self.sent($0) }
        #expect(left[0] <= 5000 && left[0] > 4000, "\(left)")
        #expect(left[0] - left[1] >= 99 && left[1] - left[2] >= 99, "\(left)")
        // The service's own timeout is what counts if the caller waits longer, does not say, or says nonsense.
        for headers in [[Self.deadline(3_600_000)], [], ["\(Deadline.header): soon"], ["\(Deadline.header): -1"]] {
          #expect(try service.get(path, headers).status == 200)
          let left = try [user, orders, payments].map { try Self.sent($0) }
          #expect(left == [20_000, 20_000, 20_000], "\(headers)")
        }
        try service.expectSoundLog()
      }
    }

    /// The call's own timeout, or less than that if the caller has said so.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases, [false, true])
    func aCallThatTakesTooLongIsGivenUp(model: IOModel, byDeadline: Bool) async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
        $0.timeout = byDeadline ? .seconds(20) : .milliseconds(200)
      } body: { service in
        let began = Monotonic.now()
        let headers = [Self.parent] + (byDeadline ? [Self.deadline(200)] : [])
        let answer = try service.get(LoneService.call, headers)
        #expect(Monotonic.now() - began >= 200_000_000)
        let type = byDeadline ? "deadline_exceeded" : "timeout"
        #expect(answer.status == 504)
        #expect(answer.problem?.status == 504)
        #expect(answer.problem?.errorType == type)
        #expect(answer.problem?.service == "gateway")
        #expect(answer.problem?.traceID == Self.trace)
        #expect(callee.requests.count == 1)
        // Nobody waits for the callee any more.
        #expect(await eventually { callee.connections.open == 0 })
        let log = try service.snapshot()
        #expect(log.ends == [LoggedEnd(status: 504, errorType: type)])
        #expect(Set(log.outcomes(.call)) == [.timeout])
        callee.reply(.ok)
        #expect(try service.get(LoneService.call).status == 200)
        try service.expectSoundLog()
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func whatComesTooLateIsNotDone(model: IOModel) async throws {
      let callee = try CannedCallee()
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
      } body: { service in
        let client = try service.client()
        let answer = try client.request(LoneService.call, [Self.parent, Self.deadline(0)])
        #expect(answer.status == 504)
        #expect(answer.problem?.errorType == "deadline_exceeded")
        #expect(answer.problem?.traceID == Self.trace)
        #expect(callee.requests.isEmpty)
        #expect(try service.snapshot().ends == [LoggedEnd(refused: true, status: 504, errorType: "deadline_exceeded")])
        // The connection is as good as before.
        #expect(try client.request(LoneService.call).status == 200)
        try service.expectSoundLog()
      }
    }

    /// The time passes while the request waits for the only thread.
    @Test(.timeLimit(.minutes(1)), arguments: [IOModel.blocking, .async])
    func whatWaitedTooLongIsNotDone(model: IOModel) async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
        $0.threads = 1
      } body: { service in
        let first = try service.start(1)[0]
        #expect(await eventually { callee.held == 1 })
        let late = try service.start(1, LoneService.call, [Self.deadline(100)])[0]
        #expect(try await service.isInFlight(2))
        // It is in the queue now; its time has passed when this has.
        #expect(!late.hasInput(within: .milliseconds(150)))
        callee.release()
        #expect(try first.answer().status == 200)
        let answer = try late.answer()
        #expect(answer.status == 504)
        #expect(answer.problem?.errorType == "deadline_exceeded")
        #expect(callee.requests.count == 1)
        var refused = LoggedEnd.tooLate
        refused.refused = model == .blocking
        #expect(Set(try service.snapshot().ends) == [LoggedEnd(status: 200), refused])
        try service.expectSoundLog()
      }
    }
  }
}
