import ChainModel
import ChainTestSupport
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  /// Retries of several services multiply.
  @Suite struct RetryTests {
    private static let requests = 3

    @Test(
      .timeLimit(.minutes(2)), arguments: IOModel.allCases,
      [([ServiceName.gateway, .userService, .orderService], 64), ([.gateway], 4)])
    func attemptsMultiplyFromServiceToService(model: IOModel, retrying: ([ServiceName], attempts: Int)) async throws {
      try await withChain { topology in
        for index in topology.services.indices {
          topology.services[index].model = model
          guard retrying.0.contains(topology.services[index].name) else { continue }
          topology.services[index].callPolicy.retries = 3
        }
      } _: { chain in
        try chain.control(.paymentService).setFault(Fault(.error(status: 500)))
        for _ in 0..<Self.requests {
          #expect(chain.get("/users/ada/payment-status")?.status == 502)
        }
        let log = try chain.snapshot()
        #expect(Self.arrivals(at: .paymentService, log) == Array(repeating: retrying.attempts, count: Self.requests))
        // Each attempt is a span, and has its number.
        let numbers = log.records.filter { $0.kind == .spanStart && $0.detail == SpanKind.client.rawValue }
          .filter { log.process($0)?.name == ServiceName.gateway.rawValue }.map(\.arg)
        #expect(numbers == (0..<Self.requests).flatMap { _ in [1, 2, 3, 4] })
      }
    }

    /// Of each trace, how many requests the service got.
    private static func arrivals(at service: ServiceName, _ log: LogSnapshot) -> [Int] {
      let arrivals = log.records.filter { $0.kind == .arrive && log.process($0)?.name == service.rawValue }
      return Dictionary(grouping: arrivals) { $0.trace?.hex ?? "" }.values.map(\.count)
    }
  }
}
