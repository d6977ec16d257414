import ChainModel
import ChainTestSupport
import EventLoop
import ServiceRuntime
import Supervisor
import Synchronization
import Testing
import Topology

/// Names as a test has them.
private final class TestNames: Sendable {
  private let addresses = Mutex<[String: Endpoint]>([:])

  func lead(_ name: String, to endpoint: Endpoint?) { addresses.withLock { $0[name] = endpoint } }

  var resolve: Lookup.Resolve {
    { [self] endpoint throws(SocketAddress.Unresolved) in
      guard let target = addresses.withLock({ $0[endpoint.host] }), let found = try? SocketAddress.parse(target) else {
        throw SocketAddress.Unresolved(reason: "nobody knows it")
      }
      return found
    }
  }
}

/// Calls user-service.
private struct OneCall: Handler {
  @available(*, noasync)
  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
    .json(try request.get(.userService, "/").body)
  }

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    request.get(.userService, "/") { answer in completion(answer.map { .json($0.body) }) }
  }

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
    .json(try await request.get(.userService, "/").body)
  }
}

extension OneService {
  /// A callee that is called by a name: its address is looked up by the first call, and again after one has failed.
  @Suite struct CalleeNameTests {
    private static func topology(
      _ model: IOModel, at host: String, port: Int, _ change: (inout ServiceConfiguration) -> Void = { _ in }
    ) -> Topology {
      var topology = LoneService.topology(.gateway, callees: [.userService: port]) {
        $0.model = model
        change(&$0)
      }
      topology[.userService].address = host
      return topology
    }

    private func run(
      _ topology: Topology, _ resolve: @escaping Lookup.Resolve, body: (OwnRoutesService) async throws -> Void
    ) async throws {
      try await OwnRoutesService.run(topology, resolve: resolve) { _ in
        [Route("GET", "/call", OneCall())]
      } body: { service in
        try await body(service)
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func itMayBeUnknownAtFirstAndMoveLater(model: IOModel) async throws {
      let (names, callees) = (TestNames(), try (0..<2).map { _ in try CannedCallee() })
      defer { for callee in callees { callee.shutDown() } }
      try await run(Self.topology(model, at: "user.test", port: 8081), names.resolve) { service in
        let answer = try service.get("/call")
        #expect(answer.status == 502 && answer.problem?.errorType == "name_not_found", "\(answer.text)")
        names.lead("user.test", to: Endpoint(port: callees[0].port))
        #expect(try await eventually { try service.get("/call").status == 200 })
        #expect(callees[0].requests.first?.values("host") == ["user.test:8081"])
        // It is another machine from now on; the connections to the old one end.
        names.lead("user.test", to: Endpoint(port: callees[1].port))
        callees[0].shutDown()
        #expect(try await eventually { try service.get("/call").status == 200 })
        #expect(!callees[1].requests.isEmpty)
      }
    }

    /// A resolver that does not answer holds up its calls as long as they may take, and nothing else.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func aResolverThatDoesNotAnswerHoldsUpNothingElse(model: IOModel) async throws {
      let (gate, callee) = (Condition(), try CannedCallee())
      let isOpen = Mutex(false)
      defer { callee.shutDown() }
      let target = Endpoint(port: callee.port)
      let resolve: Lookup.Resolve = { _ throws(SocketAddress.Unresolved) in
        gate.withLock { while !isOpen.withLock({ $0 }) { gate.wait() } }
        guard let found = try? SocketAddress.parse(target) else { throw SocketAddress.Unresolved(reason: "-") }
        return found
      }
      let topology = Self.topology(model, at: "user.test", port: 8081) {
        $0.timeout = .milliseconds(300)
        $0.loops = 1
      }
      try await run(topology, resolve) { service in
        let waiting = try service.start("/call")
        // The lookup has no answer, so whatever waited for it would wait longer than a test may take.
        for _ in 0..<5 { #expect(try service.get("/ping").status == 200) }
        let answer = try waiting.answer()
        #expect(answer.status == 504 && answer.problem?.errorType == "timeout", "\(answer.text)")
        gate.withLock {
          isOpen.withLock { $0 = true }
          gate.broadcast()
        }
        #expect(try await eventually { try service.get("/call").status == 200 })
      }
    }

    /// The machine's own resolver.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func namesAreLookedUpAsTheMachineDoes(model: IOModel) async throws {
      let callee = try CannedCallee()
      defer { callee.shutDown() }
      try await run(Self.topology(model, at: "localhost", port: callee.port), Lookup.system) { service in
        let answer = try service.get("/call")
        #expect(answer.status == 200, "\(answer.text)")
      }
      try await run(Self.topology(model, at: "nobody.invalid", port: callee.port), Lookup.system) { service in
        let answer = try service.get("/call")
        #expect(answer.problem?.errorType == "name_not_found", "\(answer.text)")
        #expect(try service.get("/ping").status == 200)
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func anAddressMayBeIPv6(model: IOModel) async throws {
      let callee = try CannedCallee(host: "::1")
      defer { callee.shutDown() }
      try await run(Self.topology(model, at: "::1", port: callee.port), Lookup.system) { service in
        for _ in 0..<3 {
          let answer = try service.get("/call")
          #expect(answer.status == 200, "\(answer.text)")
        }
      }
      #expect(callee.requests.map { $0.values("host") } == Array(repeating: ["[::1]:\(callee.port)"], count: 3))
    }

    /// Replicas of one callee on several hosts.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func replicasMayBeOnSeveralHosts(model: IOModel) async throws {
      let callees = try ["127.0.0.1", "127.0.0.2", "::1"].map { try CannedCallee(host: $0) }
      defer { for callee in callees { callee.shutDown() } }
      try await LoneService.run(callees: [.userService: callees[0]]) {
        $0.model = model
      } body: { service in
        let list = [
          Endpoint(port: callees[0].port), Endpoint("127.0.0.2", port: callees[1].port), nil,
          Endpoint("::1", port: callees[2].port),
        ]
        try service.control.setCallees(["user-service": list])
        for _ in 0..<12 { #expect(try service.get(LoneService.call).status == 200) }
        #expect(callees.map(\.requests.count) == [4, 4, 4])
        #expect(try service.control.callees()["user-service"]?.map(\.address) == list.compactMap { $0 })
        try service.expectSoundLog()
      }
    }
  }
}
