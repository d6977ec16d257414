import ChainModel
import ChainTestSupport
import KernelView
import LoadGenerator
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  /// Services in which nothing goes on any more, or a great many wait.
  @Suite struct StandstillTests {
    @Test(.timeLimit(.minutes(2))) func controlPortsAnswerWhileEveryWorkerIsBlocked() async throws {
      try await withChain { chain in
        try chain.control(.paymentService).setFault(Fault(.latency(.fixed(.seconds(2)))))
        let load = Task { try await chain.load(.closed(clients: 8), for: .seconds(2)) }
        #expect(try await eventually { try chain.statuses().allSatisfy { $0.pool.busy == 4 } })
        try expectQuickControls(chain)
        try chain.control(.paymentService).clearFaults()
        #expect(try await load.value.measured.byStatus.keys.sorted() == [200])
      }
    }

    @Test(.timeLimit(.minutes(2))) func controlPortsAnswerWhileAServicesLoopsAreStalled() async throws {
      try await withChain { chain in
        try chain.setMode(.nonblocking)
        // First eight requests in flight, so that each loop has connections: one that stands still accepts none.
        try chain.control(.paymentService).setFault(Fault(.latency(.fixed(.milliseconds(200)))))
        let load = Task { try await chain.load(.closed(clients: 8), for: .seconds(4)) }
        #expect(try await eventually { try chain.control(.orderService).status().inFlight == 8 })
        try chain.control(.orderService).setFault(Fault(.blockLoop(.seconds(2))))
        #expect(try await eventually { try Self.everyLoopIsBlocked(chain, .orderService) })
        try expectQuickControls(chain)
        try chain.control(.orderService).clearFaults()
        #expect(try await load.value.measured.byStatus.keys.sorted() == [200])
        let stalls = try chain.snapshot().records.filter { $0.kind == .stall && $0.other >= 2_000_000_000 }
        #expect(!stalls.isEmpty)
      }
    }

    private static func everyLoopIsBlocked(_ chain: LiveChain, _ name: ServiceName) throws -> Bool {
      let loops = try DumpJSON(chain)[name]?.threads.filter { $0.hop.role == "loop" } ?? []
      return loops.count == chain.topology[name].loops && loops.allSatisfy { $0.hop.state == "blocked" }
    }

    /// A noisy machine may delay some answers; what stands still would delay them all.
    private func expectQuickControls(_ chain: LiveChain) throws {
      for name in Topology.standard.names {
        for path in ["/health", "/status"] {
          let url = "http://127.0.0.1:\(chain.topology[name].controlPort)\(path)"
          let answers = try (0..<5).map { _ in try #require(HTTPProbe(url).send()) }
          let times = answers.map(\.time).sorted()
          #expect(answers.allSatisfy { $0.status == 200 })
          #expect(times[0] < .milliseconds(50) && times[4] < .seconds(1), "\(name.rawValue) \(path): \(times)")
        }
      }
    }

    @Test(.timeLimit(.minutes(3))) func fourHundredRequestsHoldFourHundredThreadsOrNone() async throws {
      try await withChain { topology in
        for index in topology.services.indices { topology.services[index].threads = 400 }
      } _: { chain in
        try chain.control(.paymentService).setFault(Fault(.latency(.fixed(.seconds(2)))))
        let blocking = try await Self.underLoad(chain) { $0.pool.busy == 400 }
        for status in blocking {
          #expect(status.threads.workers == 400)
          #expect(status.memory.stacks >= 400 << 20)
          // Reserved as address space, which is not memory in use.
          #expect(status.memory.virtual >= status.memory.stacks)
          #expect(status.memory.resident < status.memory.stacks)
        }
        try chain.setMode(.nonblocking)
        #expect(try await eventually { try chain.statuses().allSatisfy { $0.threads.workers == 0 } })
        let nonblocking = try await Self.underLoad(chain) { $0.inFlight == 400 }
        for status in nonblocking {
          #expect(status.threads.total == status.threads.loops + status.threads.store + status.threads.control)
          #expect(status.threads.workers == 0 && status.threads.hired == 0)
          #expect(status.memory.stacks == status.threads.store << 20)
        }
        for (held, free) in zip(blocking, nonblocking) { Self.print(held, free) }
      }
    }

    /// The statuses of all services at a moment when each holds 400 requests, as the condition tells it.
    private static func underLoad(
      _ chain: LiveChain, _ holdsAll: (ServiceStatus) -> Bool
    ) async throws -> [ServiceStatus] {
      let load = Task { try await chain.load(.closed(clients: 400), for: .seconds(3)) }
      var statuses: [ServiceStatus] = []
      let hold = try await eventually(within: .seconds(20)) {
        statuses = try chain.statuses()
        return statuses.allSatisfy(holdsAll)
      }
      #expect(hold, "busy \(statuses.map(\.pool.busy)), in flight \(statuses.map(\.inFlight))")
      for status in statuses { #expect(ProcessView(pid: Int32(status.pid)).threadCount == status.threads.total) }
      let measured = try await load.value.measured
      #expect(measured.byStatus[200] == measured.started && measured.started >= 400, "\(measured)")
      return statuses
    }

    private static func print(_ held: ServiceStatus, _ free: ServiceStatus) {
      func text(_ status: ServiceStatus) -> String {
        let memory = [status.memory.stacks, status.memory.virtual, status.memory.resident].map { "\($0 >> 20) MiB" }
        return "\(status.threads.total) threads, stacks \(memory[0]), VmSize \(memory[1]), RSS \(memory[2])"
      }
      Swift.print("\(held.service), 400 in flight: blocking \(text(held)); nonblocking \(text(free))")
    }
  }
}
