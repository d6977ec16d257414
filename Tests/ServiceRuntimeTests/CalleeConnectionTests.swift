import ChainModel
import ChainTestSupport
import Synchronization
import Testing
import Topology
import TraceLog

extension OneService {
  /// A callee that misbehaves on its connection is the same to every IO model.
  @Suite struct CalleeConnectionTests {
    private static let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    private static let good = head + "content-length: 2\r\n\r\n{}"

    private func run(
      _ model: IOModel, _ callee: CannedCallee, _ change: (inout ServiceConfiguration) -> Void = { _ in },
      body: (LoneService) async throws -> Void
    ) async throws {
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
        $0.threads = 1
        change(&$0)
      } body: { service in
        try await body(service)
        try service.expectSoundLog()
      }
    }

    /// Answers that end too early, or are none, and what the client is told.
    private static let broken: [(bytes: String, error: String)] = [
      (head + "content-length: 50\r\n\r\n{}", "connection_reset"),
      (head + "transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n", "connection_reset"),
      (head + "conte", "connection_reset"),
      ("", "connection_reset"),
      ("hello\r\n\r\n", "malformed_answer"),
      (head + "content-length: x\r\n\r\n{}", "malformed_answer"),
      (head + "content-length: 2\r\ncontent-length: 3\r\n\r\n{}", "malformed_answer"),
      (head + "transfer-encoding: chunked\r\n\r\nzz\r\n", "malformed_answer"),
      ("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", "malformed_answer"),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func aBrokenAnswerIsTheSameFailure(model: IOModel) async throws {
      for (bytes, error) in Self.broken {
        try await run(model, try CannedCallee(.raw(bytes))) { service in
          let answer = try service.get(LoneService.call)
          #expect(answer.status == 502, "\(bytes)")
          #expect(answer.problem?.errorType == error, "\(bytes)")
        }
      }
    }

    /// Unusual, and right.
    private static let unusual = [
      "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + good,
      "HTTP/1.1 100 Continue\r\n\r\n" + good,
      head + "transfer-encoding: chunked\r\n\r\n1;e=1\r\n{\r\n1\r\n}\r\n0\r\nX-T: 1\r\n\r\n",
      head + "\r\n{}",
      "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}",
      head + "connection: close\r\ncontent-length: 2\r\n\r\n{}",
    ]

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func anUnusualAnswerIsAnAnswer(model: IOModel) async throws {
      for bytes in Self.unusual {
        try await run(model, try CannedCallee(.raw(bytes))) { service in
          for _ in 1...2 {
            let answer = try service.get(LoneService.call)
            #expect(answer.status == 200, "\(bytes)")
            #expect(answer.text == "{}", "\(bytes)")
          }
        }
      }
    }

    /// 9112 9.3.1: the callee closes a kept connection just as it is used again. The request is made once more, on a new
    /// connection, as a span of its own; it is nobody's failure, and needs no policy.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases, [CannedCallee.Reply.close, .reset])
    func aStaleConnectionIsReplacedOnce(model: IOModel, end: CannedCallee.Reply) async throws {
      let seen = Mutex<Set<Int>>([])
      let callee = try CannedCallee { request in
        seen.withLock { $0.insert(request.connection).inserted } ? .ok : end
      }
      try await run(model, callee) { service in
        for _ in 1...3 { #expect(try service.get(LoneService.call).status == 200) }
        // The second and the third call each met a connection that was closed.
        #expect(callee.requests.map(\.connection) == [1, 1, 2, 2, 3])
        let log = try service.snapshot()
        #expect(log.calls.map(\.arg) == [1, 1, 2, 1, 2])
        #expect(log.records(.spanEnd).map { log.name($0) }.filter { $0 == "stale_connection" }.count == 2)
        #expect(log.ends.allSatisfy { $0.status == 200 })
      }
    }

    /// A callee that closes every connection without an answer is not asked for ever.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func aNewConnectionThatIsClosedIsAFailure(model: IOModel) async throws {
      try await run(model, try CannedCallee(.close)) { service in
        let answer = try service.get(LoneService.call)
        #expect(answer.problem?.errorType == "connection_reset")
        #expect(try service.snapshot().calls.count == 1)
      }
    }

    /// 9112 9.2: what comes before a request was sent is no answer to it.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases, [false, true])
    func anAnswerThatNobodyAskedForIsNone(model: IOModel, late: Bool) async throws {
      let unasked = "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
      let callee = try CannedCallee(late ? .both(.bytes(Self.good), .bytes(unasked)) : .bytes(Self.good + unasked))
      try await run(model, callee) { service in
        for _ in 1...3 {
          #expect(try service.get(LoneService.call).status == 200)
          // It has come when the callee's next answer has.
          try await Task.sleep(for: .milliseconds(late ? 60 : 1))
        }
        #expect(callee.connections.accepted == 3)
      }
    }

    /// A kept connection is used for less long than the callee keeps it.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func aKeptConnectionIsNoOlderThanTheCalleeAllows(model: IOModel) async throws {
      let callee = try CannedCallee()
      defer { callee.shutDown() }
      var topology = LoneService.topology(.gateway, callees: [.userService: callee.port]) {
        $0.model = model
        $0.threads = 1
      }
      for index in topology.services.indices { topology.services[index].idleTimeout = .milliseconds(200) }
      try await LoneService.run(.gateway, topology: topology) { service in
        for _ in 1...2 { #expect(try service.get(LoneService.call).status == 200) }
        try await Task.sleep(for: .milliseconds(150))
        #expect(try service.get(LoneService.call).status == 200)
        #expect(callee.requests.map(\.connection).last == 2)
      }
    }

    /// The callee gets the path as it was sent.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func dotsInAParameterStayDots(model: IOModel) async throws {
      let callee = try CannedCallee()
      try await run(model, callee) { service in
        for name in ["..", ".", "%2E%2E", "...", "a%2F..%2Fb"] {
          let answer = try service.get("/users/\(name)/payment-status")
          #expect(answer.status == 200)
        }
        #expect(
          callee.requests.map(\.target) == ["..", ".", "..", "...", "a%2F..%2Fb"].map { "/users/\($0)/payment-status" })
      }
    }

    /// A request's own deadline says nothing about the callee: it is not tried again, and no breaker counts it, whichever
    /// of the two sees first that it has passed.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases, [CannedCallee.Reply.answer(504, "{}"), .ok])
    func impatientClientsOpenNoBreaker(model: IOModel, reply: CannedCallee.Reply) async throws {
      let callee = try CannedCallee(.late(.milliseconds(50), reply))
      let policy = try CallPolicy.parse(words: ["retries=3", "breaker=50%", "breaker_calls=4", "breaker_open=60s"])
      try await run(model, callee) {
        $0.callPolicy = policy
      } body: { service in
        for _ in 1...6 {
          let answer = try service.get(LoneService.call, ["\(Deadline.header): \(reply == .ok ? 20 : 50)"])
          #expect(answer.problem?.errorType == "deadline_exceeded")
        }
        #expect(callee.requests.count <= 6)
        #expect(try service.status().breakers["user-service"] == "closed")
      }
    }
  }
}
