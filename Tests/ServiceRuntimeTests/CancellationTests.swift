import ChainModel
import ChainTestSupport
import Supervisor
import Testing
import Topology
import TraceLog

extension OneService {
  /// A caller that goes away cancels what was started for it, in every IO model.
  @Suite struct CancellationTests {
    /// What waits would take if nobody cancelled them, in relation to what is allowed when somebody does.
    private static let patience = 10

    /// Closes the connections, and waits until the service has forgotten their requests.
    private func leave(_ clients: [RawClient], of service: LoneService, byReset: Bool = false) async throws {
      let left = Monotonic.now()
      for client in clients { byReset ? client.reset() : client.close() }
      #expect(try await service.isInFlight(0))
      #expect(try await eventually { try service.status().pool.busy == 0 })
      let timeout = service.configuration.timeout.nanoseconds
      #expect(Monotonic.now() - left < timeout / UInt64(Self.patience))
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases, [false, true])
    func itsCallIsCancelled(model: IOModel, byReset: Bool) async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
      } body: { service in
        let clients = try service.start(4)
        #expect(await eventually { callee.held == 4 })
        try await leave(clients, of: service, byReset: byReset)
        #expect(await eventually { callee.connections.open == 0 })
        let log = try service.snapshot()
        #expect(log.ends == Array(repeating: .cancelled, count: 4))
        #expect(Set(log.outcomes(.call)) == [.cancelled])
        #expect(log.records(.spanEnd).map { log.name($0) } == Array(repeating: "cancelled", count: 4))
        // There are four threads, and each of them is free for a call again.
        let others = try service.start(4)
        #expect(await eventually { callee.held == 8 })
        callee.release()
        for other in others { #expect(try other.answer().status == 200) }
        try service.expectSoundLog()
      }
    }

    /// A request that waits for the only thread is forgotten, and its call never made.
    @Test(.timeLimit(.minutes(1)), arguments: [IOModel.blocking, .async])
    func whoWaitsForAThreadIsNeverServed(model: IOModel) async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
        $0.threads = 1
      } body: { service in
        let first = try service.start(1)[0]
        #expect(await eventually { callee.held == 1 })
        let others = try service.start(3)
        #expect(try await service.isInFlight(4))
        for other in others { other.close() }
        #expect(try await eventually { try service.status().connections == 1 })
        callee.release()
        #expect(try first.answer().status == 200)
        #expect(try await service.isInFlight(0))
        #expect(callee.requests.count == 1)
        let ends = try service.snapshot().ends
        #expect(ends.filter { $0.status == 499 && $0.errorType == "cancelled" }.count == 3, "\(ends)")
        // A worker refuses what it takes from the queue; a loop has begun the request that waits for a hired thread.
        #expect(ends.filter(\.refused).count == (model == .blocking ? 3 : 0))
        try service.expectSoundLog()
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases, [FaultKind.latency(.fixed(.seconds(60))), .hang])
    func whatSleepsIsWoken(model: IOModel, kind: FaultKind) async throws {
      try await LoneService.run(.paymentService) {
        $0.model = model
      } body: { service in
        try service.control.setFault(Fault(kind))
        let clients = try service.start(3, "/payments?order_ids=1")
        #expect(try await eventually { try service.snapshot().records(.waitStart).count == 3 })
        try await leave(clients, of: service)
        let log = try service.snapshot()
        #expect(log.ends == Array(repeating: .cancelled, count: 3))
        #expect(log.outcomes(.sleep) == Array(repeating: .cancelled, count: 3))
        try service.control.clearFaults()
        #expect(try service.get("/payments?order_ids=1").status == 200)
        try service.expectSoundLog()
      }
    }

    /// The other requests on the same loop and threads go on.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func nobodyElseIsCancelled(model: IOModel) async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
      } body: { service in
        let clients = try service.start(4)
        #expect(await eventually { callee.held == 4 })
        for index in [0, 2] { clients[index].close() }
        #expect(try await service.isInFlight(2))
        callee.release()
        for index in [1, 3] { #expect(try clients[index].answer().status == 200) }
        #expect(try await service.isInFlight(0))
        #expect(Set(try service.snapshot().ends.map(\.status)) == [200, 499])
        try service.expectSoundLog()
      }
    }
  }
}
