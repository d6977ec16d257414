import ChainModel
import ChainTestSupport
import Supervisor
import Testing
import Topology

extension OneService {
  /// What a service does by default with more requests than it can serve, in the models that have no pool for them.
  @Suite struct OverloadTests {
    private static let path = "/payments?order_ids=1,2,3"

    private func expectShed(_ answer: RawAnswer) {
      #expect(answer.status == 503 && answer[header: "retry-after"] == "1")
      #expect(answer.problem?.errorType == ShedReason.overload.rawValue)
    }

    /// Each request holds the only loop for 20 ms, and 200 come at once.
    @Test(.timeLimit(.minutes(1)), arguments: [IOModel.async, .nonblocking, .nonblockingAsync])
    func whatWaitsTooLongForTheLoopIsShed(model: IOModel) async throws {
      try await LoneService.run(.paymentService) {
        $0.model = model
        $0.backlog = 1024
        $0.inFlightLimit = .adaptive
      } body: { service in
        try service.control.setFault(Fault(.blockLoop(.milliseconds(20))))
        let clients = try service.start(200, Self.path)
        #expect(try await eventually { try service.status().limits.isShedding })
        let limits = try service.status().limits
        #expect(limits.inFlight < 1000 && limits.rule == "adaptive")
        let answers = try clients.map { try $0.answer() }
        let refused = answers.filter { $0.status != 200 }
        refused.forEach(expectShed)
        // Those that came to the loop before the queue had stood for half a second are served.
        #expect((5...199).contains(answers.count - refused.count), "\(refused.count) refused")
        let metrics = String(decoding: try service.control.get("/metrics").body, as: UTF8.self)
        #expect(metrics.contains(#"chainlab_refused_total{reason="overload"} \#(refused.count)"#))
        #expect(metrics.contains("\nchainlab_in_flight_limit "))
        // When all is well again, there is no limit any more.
        try service.control.clearFaults()
        #expect(
          try await eventually {
            _ = try service.get("/ping")
            return try !service.status().limits.isShedding
          })
        #expect(try service.get(Self.path).status == 200)
        try service.expectSoundLog()
      }
    }

    /// Four hired threads wait for a callee, and so do hundreds of requests for one of the threads.
    @Test(.timeLimit(.minutes(1)))
    func whatWaitsTooLongForAHiredThreadIsShed() async throws {
      let callee = try CannedCallee(.late(.milliseconds(40), .ok))
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = .async
        $0.inFlightLimit = .adaptive
      } body: { service in
        var clients: [RawClient] = []
        #expect(
          try await eventually {
            clients += try service.start(10)
            return try service.status().limits.isShedding
          })
        #expect(try service.status().limits.inFlight < 1000)
        let last = try service.get(LoneService.call)
        if last.status != 200 { expectShed(last) }
        let answers = try clients.map { try $0.answer(within: .seconds(30)) }
        #expect(answers.filter { $0.status == 200 }.count >= 20)
      }
    }

    /// The point of the lab: to wait for others costs nothing.
    @Test(.timeLimit(.minutes(1)), arguments: [IOModel.nonblocking, .nonblockingAsync])
    func whoWaitsForACalleeIsNotShed(model: IOModel) async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
        $0.inFlightLimit = .adaptive
      } body: { service in
        var clients: [RawClient] = []
        // No faster than a slow machine reads them.
        for count in stride(from: 10, through: 300, by: 10) {
          clients += try service.start(10)
          try #require(await service.isInFlight(count))
        }
        #expect(try service.get("/ping").status == 200)
        #expect(try !service.status().limits.isShedding)
        callee.reply(.ok)
        callee.release()
        for client in clients { #expect(try client.answer(within: .seconds(30)).status == 200) }
      }
    }
  }
}
