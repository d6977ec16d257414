import ChainModel
import ChainTestSupport
import KernelView
import Testing
import Topology
import TraceLog

extension OneService {
  /// A process without a free file descriptor: calls fail clearly, connections wait, and nothing spins.
  @Suite struct DescriptorTests {
    /// Processor time the process uses in the time, as a share of one processor.
    private func load(_ kernel: ProcessView, during window: Duration) async throws -> Double {
      let (began, used) = (Monotonic.now(), kernel.processorTime)
      try await Task.sleep(for: window)
      return (kernel.processorTime - used).seconds / Duration.nanoseconds(Int64(Monotonic.now() - began)).seconds
    }

    /// Leaves the service with the descriptors that it has, once all of its connections but these are closed.
    /// - Returns: how many it could have before.
    private func takeDescriptors(of service: LoneService, _ client: RawClient, _ control: RawClient) throws -> Int {
      #expect(try client.request("/ping").status == 200)
      // The one loop of the control port closes the connections of whoever asked before it answers twice.
      #expect(try control.request("/ready").status == 200)
      let status = try #require(WireJSON.decode(ServiceStatus.self, from: try control.request("/status").body))
      try #require(ProcessView(pid: service.pid).takeFreeDescriptors())
      return status.limits.descriptors
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases, Overflow.allCases)
    func nothingBreaksAndNothingSpins(model: IOModel, overflow: Overflow) async throws {
      let callee = try CannedCallee(.answer(200, #"{"id":1}"#))
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
        $0.overflow = overflow
      } body: { service in
        let kernel = ProcessView(pid: service.pid)
        let (client, control) = (try service.client(), try RawClient(port: service.controlPort))
        let limit = try takeDescriptors(of: service, client, control)
        let waiting = try (0..<3).map { _ in try service.client() }
        for client in waiting { try client.get("/ping") }
        let waitingControl = try RawClient(port: service.controlPort)
        try waitingControl.get("/health")
        #expect(await eventually { ProcessView.acceptQueue(port: service.port) == 3 })
        #expect(await eventually { ProcessView.acceptQueue(port: service.controlPort) == 1 })
        // A loop that tries again and again uses all of a processor.
        let share = try await load(kernel, during: .milliseconds(500))
        #expect(share < 0.25)

        // Those who are connected are served, and told what cannot be done.
        #expect(try client.request("/ping").status == 200)
        #expect(try control.request("/health").status == 200)
        for _ in 1...3 {
          let answer = try client.request(LoneService.call)
          #expect(answer.status == 503)
          #expect(answer[header: "retry-after"] == "1")
          #expect(answer.problem?.errorType == ShedReason.descriptors.rawValue)
        }
        #expect(callee.requests.isEmpty)

        try #require(kernel.limitDescriptors(to: limit))
        for client in waiting { #expect(try client.answer().status == 200) }
        #expect(try waitingControl.answer().status == 200)
        #expect(try client.request(LoneService.call).status == 200)
        #expect(try await service.servesAsBefore())
        #expect(
          service.output.split(separator: "\n").filter { $0.contains("no connection can be accepted") }.count == 2)
        try service.expectSoundLog()
      }
    }

    /// A service that needs its store and cannot open it says so, and can when there are descriptors again.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func aStoreThatCannotBeOpenedIsTriedAgain(model: IOModel) async throws {
      try await LoneService.run(.paymentService) {
        $0.model = model
      } body: { service in
        let kernel = ProcessView(pid: service.pid)
        let (client, control) = (try service.client(), try RawClient(port: service.controlPort))
        let limit = try takeDescriptors(of: service, client, control)
        let answer = try client.request("/payments?order_ids=1")
        #expect(answer.status == 500)
        #expect(answer.problem?.errorType == "store_failed")
        try #require(kernel.limitDescriptors(to: limit))
        #expect(try client.request("/payments?order_ids=1").status == 200)
        try service.expectSoundLog()
      }
    }
  }
}
