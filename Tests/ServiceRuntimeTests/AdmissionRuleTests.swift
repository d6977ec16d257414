import ChainModel
import ChainTestSupport
import Supervisor
import Testing
import Topology
import TraceLog

extension OneService {
  /// Which requests a service takes, and what it does when a caller leaves, changed while it runs.
  @Suite struct AdmissionRuleTests {
    private func run(
      _ model: IOModel, _ callee: CannedCallee, threads: Int = 4,
      _ change: (inout ServiceConfiguration) -> Void = { _ in }, body: (LoneService) async throws -> Void
    ) async throws {
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
        $0.threads = threads
        change(&$0)
      } body: { service in
        try await body(service)
        try service.expectSoundLog()
      }
    }

    private static func deadline(_ milliseconds: Int) -> String { "\(Deadline.header): \(milliseconds)" }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func whatHasTooLittleTimeLeftIsNotBegun(model: IOModel) async throws {
      let callee = try CannedCallee()
      defer { callee.shutDown() }
      try await run(model, callee) { service in
        try service.control.setAdmission(AdmissionChange(minRemaining: .seconds(5)))
        let answer = try service.get(LoneService.call, [Self.deadline(4_000)])
        #expect(answer.status == 503 && answer.problem?.errorType == "shed_late")
        #expect(callee.requests.isEmpty)
        #expect(try service.get(LoneService.call, [Self.deadline(60_000)]).status == 200)
        #expect(try service.get(LoneService.call).status == 200)
        #expect(try service.status().admission.minRemainingMs == 5_000)
        try service.control.setAdmission(AdmissionChange(minRemaining: .zero))
        #expect(try service.get(LoneService.call, [Self.deadline(4_000)]).status == 200)
        #expect(try service.snapshot().ends.first == LoggedEnd(refused: true, status: 503, errorType: "shed_late"))
      }
    }

    /// The time passes while the request waits for the only thread.
    @Test(.timeLimit(.minutes(1)), arguments: [IOModel.blocking, .async])
    func whatLostItsTimeInTheQueueIsNotBegun(model: IOModel) async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      try await run(model, callee, threads: 1) {
        $0.minRemaining = .milliseconds(9_500)
      } body: { service in
        let first = try service.start(1)[0]
        #expect(await eventually { callee.held == 1 })
        let late = try service.start(1, LoneService.call, [Self.deadline(10_000)])[0]
        #expect(try await service.isInFlight(2))
        #expect(!late.hasInput(within: .milliseconds(600)))
        callee.release()
        #expect(try first.answer().status == 200)
        let answer = try late.answer()
        #expect(answer.status == 503 && answer.problem?.errorType == "shed_late")
        #expect(callee.requests.count == 1)
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func whatACallerLeftIsFinishedIfThatIsTheRule(model: IOModel) async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      try await run(model, callee) { service in
        try service.control.setAdmission(AdmissionChange(leave: .finish))
        for client in try service.start(3) {
          #expect(await eventually { callee.held > 0 })
          client.close()
        }
        #expect(try await eventually { try service.status().connections == 0 })
        #expect(await eventually { callee.held == 3 })
        #expect(try service.status().inFlight == 3)
        callee.release()
        #expect(try await service.isInFlight(0))
        #expect(try service.snapshot().ends == Array(repeating: LoggedEnd(status: 200), count: 3))
        // And not if it is not.
        try service.control.setAdmission(AdmissionChange(leave: .cancel))
        let last = try service.start(1)[0]
        #expect(await eventually { callee.held == 1 })
        last.close()
        #expect(try await service.isInFlight(0))
        #expect(try service.snapshot().ends.last == .cancelled)
      }
    }

    /// Those who wait in the queue are served too.
    @Test(.timeLimit(.minutes(1)), arguments: [IOModel.blocking, .async])
    func whoLeftTheQueueIsServedIfThatIsTheRule(model: IOModel) async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      try await run(model, callee, threads: 1) {
        $0.onLeave = .finish
      } body: { service in
        let clients = try service.start(3)
        #expect(try await service.isInFlight(3))
        #expect(await eventually { callee.held == 1 })
        for client in clients { client.close() }
        #expect(try await eventually { try service.status().connections == 0 })
        callee.reply(.ok)
        callee.release()
        #expect(try await service.isInFlight(0))
        #expect(callee.requests.count == 3)
        #expect(try service.snapshot().ends == Array(repeating: LoggedEnd(status: 200), count: 3))
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func theInFlightLimitIsChanged(model: IOModel) async throws {
      let callee = try CannedCallee(.never)
      defer { callee.shutDown() }
      try await run(model, callee) { service in
        try service.control.setAdmission(AdmissionChange(inFlight: 2))
        #expect(try service.status().limits.inFlight == 2)
        var clients = try service.start(2)
        #expect(await eventually { callee.held == 2 })
        #expect(try service.get(LoneService.call).problem?.errorType == "in_flight_limit")
        try service.control.setAdmission(AdmissionChange(inFlight: 3))
        clients += try service.start(1)
        #expect(await eventually { callee.held == 3 })
        #expect(try service.get("/ping").problem?.errorType == "in_flight_limit")
        callee.release()
        for client in clients { #expect(try client.answer().status == 200) }
        let log = try service.snapshot()
        #expect(
          log.records(.policy).map { LoggedFault(text: log.name($0), isOn: $0.detail == 1) } == [
            LoggedFault(text: "admission in_flight=2", isOn: true),
            LoggedFault(text: "admission in_flight=2", isOn: false),
            LoggedFault(text: "admission in_flight=3", isOn: true),
          ])
      }
    }
  }
}
