import ChainModel
import ChainTestSupport
import Supervisor
import Testing
import Topology
import TraceLog

extension OneService {
  /// What a service does with more requests and connections than it can take.
  @Suite struct OverflowTests {
    private func expectShed(_ answer: RawAnswer, _ reason: ShedReason) {
      #expect(answer.status == 503)
      #expect(answer[header: "retry-after"] == "1")
      #expect(answer.problem?.errorType == reason.rawValue)
      #expect(answer.problem?.traceID != nil)
    }

    private func refusals(_ service: LoneService, _ reason: ShedReason) throws -> Int {
      let text = String(decoding: try service.control.get("/metrics").body, as: UTF8.self)
      let start = #"chainlab_refused_total{reason="\#(reason.rawValue)"} "#
      let line = text.split(separator: "\n").first { $0.hasPrefix(start) }
      return line.flatMap { Int($0.dropFirst(start.count)) } ?? 0
    }

    @Test(.timeLimit(.minutes(1)))
    func aFullQueueSheds() async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.threads = 2
        $0.queueLimit = 3
      } body: { service in
        let clients = try service.start(5)
        #expect(await eventually { callee.held == 2 })
        #expect(try await service.isInFlight(5))
        for path in ["/ping", LoneService.call] { expectShed(try service.get(path), .queueFull) }
        #expect(try refusals(service, .queueFull) == 2)
        // A place for one more is a place for one more.
        try service.control.setPool(PoolChange(queue: 4))
        let sixth = try service.start(1)
        #expect(try await service.isInFlight(6))
        expectShed(try service.get(LoneService.call), .queueFull)
        callee.reply(.ok)
        callee.release()
        for client in clients + sixth { #expect(try client.answer().status == 200) }
        #expect(callee.requests.count == 6)
        #expect(try service.snapshot().records(.reject).count == 3)
        try service.expectSoundLog()
      }
    }

    /// The limits are equal in every IO model, or a comparison would be worthless.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func requestsOverTheInFlightLimitAreShed(model: IOModel) async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
        $0.threads = 8
        $0.inFlightLimit = 3
      } body: { service in
        let clients = try service.start(3)
        #expect(await eventually { callee.held == 3 })
        let fourth = try service.client()
        for path in [LoneService.call, "/ping"] { expectShed(try fourth.request(path), .inFlightLimit) }
        callee.reply(.ok)
        callee.release(1)
        #expect(try await service.isInFlight(2))
        #expect(try fourth.request(LoneService.call).status == 200)
        callee.release()
        #expect(try clients.map { try $0.answer().status } == [200, 200, 200])
        #expect(callee.requests.count == 4)
        try service.expectSoundLog()
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func connectionsOverTheLimitAreShed(model: IOModel) async throws {
      try await LoneService.run {
        $0.model = model
        $0.connectionLimit = 3
      } body: { service in
        let clients = try (0..<3).map { _ in try service.client() }
        for client in clients { #expect(try client.request("/ping").status == 200) }
        let fourth = try service.client()
        let answer = try fourth.request("/ping")
        expectShed(answer, .connectionLimit)
        #expect(answer[header: "connection"] == "close")
        #expect(try fourth.end() == .closed)
        for client in clients { #expect(try client.request("/ping").status == 200) }
        clients[0].close()
        #expect(try await eventually { try service.status().connections == 2 })
        let fifth = try service.client()
        for client in clients.dropFirst() + [fifth] { #expect(try client.request("/ping").status == 200) }
      }
    }

    /// Connections that only sit there cannot take what the service needs for itself: beyond the limit some are kept until
    /// they have sent a request that can be answered, the others are told at once.
    @Test(.timeLimit(.minutes(1)), arguments: [IOModel.blocking, .nonblocking])
    func idleConnectionsOverTheLimitAreBounded(model: IOModel) async throws {
      let callee = try CannedCallee()
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee], descriptors: 200) {
        $0.model = model
        $0.backlog = 512
      } body: { service in
        let client = try service.client()
        #expect(try client.request("/ping").status == 200)
        let limit = try service.status().limits.connections
        #expect(limit < 100)
        let idle = try (0..<250).map { _ in try service.client() }
        let last = try #require(idle.last).answer()
        #expect(last.status == 503)
        #expect(last[header: "retry-after"] == "1")
        #expect(last.problem?.errorType == ShedReason.connectionLimit.rawValue)
        #expect(try await eventually { try service.status().connections <= limit + 32 })
        // It has descriptors left for its control port and for a call.
        #expect(try client.request(LoneService.call).status == 200)
        for client in idle { client.close() }
        #expect(try await eventually { try service.status().connections == 1 })
        try service.expectSoundLog()
      }
    }

    // MARK: overflow: backlog

    private func withFullBacklog(
      _ body: (LoneService, CannedCallee, [RawClient]) async throws -> Void
    ) async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.threads = 2
        $0.queueLimit = 3
        $0.overflow = .backlog
        $0.backlog = 4
      } body: { service in
        // Two are served, three wait in the queue, and the kernel keeps one more than the backlog's length.
        let served = try service.start(5)
        #expect(await eventually { callee.held == 2 })
        #expect(try await service.isInFlight(5))
        let queued = try service.start(5)
        #expect(await eventually { KernelView.acceptQueue(port: service.port) == 5 })
        let status = try service.status()
        #expect(status.connections == 5 && status.inFlight == 5 && status.pool.queued == 3)
        try await body(service, callee, served + queued)
        #expect(KernelView.acceptQueue(port: service.port) == 0)
        #expect(try service.snapshot().records(.reject).isEmpty)
        try service.expectSoundLog()
      }
    }

    @Test(.timeLimit(.minutes(1)))
    func theKernelsBacklogFillsAndOverflows() async throws {
      try await withFullBacklog { service, callee, clients async throws in
        let outside = try (0..<2).map { _ in try RawClient(port: service.port, waiting: false) }
        for client in outside { #expect(!client.isConnected(within: .milliseconds(200))) }
        for client in clients { #expect(!client.hasInput()) }
        callee.reply(.ok)
        callee.release()
        for client in clients { #expect(try client.answer().status == 200) }
        // The kernel of whoever was left outside knocks again after one second, then after two, then after four.
        for client in outside {
          #expect(client.isConnected(within: .seconds(15)))
          #expect(try client.request(LoneService.call).status == 200)
        }
        #expect(callee.requests.count == 12)
      }
    }

    /// What is connected keeps its place: a second request on a connection never waits outside.
    @Test(.timeLimit(.minutes(1)))
    func whoeverHasAThreadMakesRoomForTheNext() async throws {
      try await withFullBacklog { service, callee, clients async throws in
        callee.release(1)
        #expect(await eventually { KernelView.acceptQueue(port: service.port) == 4 })
        #expect(await eventually { callee.held == 2 })
        #expect(try service.status().connections == 6)
        callee.reply(.ok)
        callee.release()
        for client in clients { #expect(try client.answer().status == 200) }
        for client in clients { #expect(try client.request(LoneService.call).status == 200) }
        #expect(callee.requests.count == 20)
      }
    }

    /// Only threads can be used up: a model without them accepts whoever waits.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases.filter { $0 != .blocking })
    func anotherModelOpensTheDoor(model: IOModel) async throws {
      try await withFullBacklog { service, callee, clients async throws in
        callee.reply(.ok)
        try service.control.setMode(model)
        for client in clients.dropFirst(5) { #expect(try client.answer().status == 200) }
        callee.release()
        for client in clients.prefix(5) { #expect(try client.answer().status == 200) }
        #expect(callee.requests.count == 10)
      }
    }
  }
}
