import ChainModel
import ChainTestSupport
import LoadGenerator
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  @Suite struct CancellationTests {
    /// Four requests wait at the end of the chain when their clients go away: nobody works for them any more.
    @Test(.timeLimit(.minutes(2))) func whoLeavesIsForgottenInTheWholeChain() async throws {
      try await withChain { chain in
        try chain.control(.paymentService).setFault(Fault(.latency(.fixed(.seconds(600)))))
        for model in IOModel.allCases {
          try chain.setMode(model)
          let clients = try (0..<4).map { _ in try RawClient(port: chain.topology[.gateway].port) }
          for client in clients { try client.get("/users/ada/payment-status") }
          #expect(try await eventually { try chain.statuses().allSatisfy { $0.inFlight == 4 } })
          let left = Monotonic.now()
          for client in clients { client.close() }
          #expect(try await eventually { try chain.statuses().allSatisfy { $0.inFlight == 0 && $0.pool.busy == 0 } })
          // Otherwise they would have waited for the gateway's timeout.
          #expect(Monotonic.now() - left < chain.topology[.gateway].timeout.nanoseconds / 10, "\(model)")
        }
        try chain.control(.paymentService).clearFaults()
        let log = try chain.snapshot()
        let ends = log.records.filter { $0.kind == .end }
        #expect(ends.count == 4 * 4 * IOModel.allCases.count)
        #expect(ends.allSatisfy { $0.arg == 499 && log.strings[$0.name] == "cancelled" })
        #expect(try chain.ledger().isEmpty)
        #expect(chain.get("/users/ada/payment-status")?.status == 200)
      }
    }
  }
}
