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

    /// As one does it by hand: set, look, clear.
    @Test(.timeLimit(.minutes(2))) func theCommandLineSetsAndShowsPolicies() async throws {
      try await withChain { chain in
        func run(_ words: String...) async throws -> ChainlabProgram.Outcome {
          try await ChainlabProgram.run(words + ["--root", chain.root])
        }
        let line = "order-service → payment-service: retries=3 backoff=10ms breaker=50%, breaker closed\n"
        let set = try await run(
          "policy", "order-service", "payment-service", "retries=3", "backoff=10ms", "breaker=50%")
        #expect(set.output == line && set.exitCode == 0, "\(set)")
        let all = try await run("policy", "all", "payment-service")
        #expect(all.output == "gateway → payment-service: none\n" + line, "\(all)")
        #expect(try await run("status").output.contains("policy  \(line)"))
        try chain.control(.paymentService).setFault(Fault(.error(status: 500)))
        #expect(chain.get("/users/ada/payment-status")?.status == 502)
        let trace = try #require(try chain.snapshot().records.last { $0.kind == .arrive }?.trace)
        let shown = try await run("trace", "show", trace.hex)
        #expect(shown.output.contains("attempt 4") && shown.output.contains("policy  order-service → payment-service "))
        let rules = try await run("admission", "payment-service", "min_remaining=100ms", "leave=finish", "in_flight=50")
        #expect(rules.output == "payment-service: min_remaining=100ms leave=finish in_flight=50\n", "\(rules)")
        #expect(try await run("status").output.contains("admission  \(rules.output)"))
        let cleared = try await run("policy", "order-service", "payment-service", "clear")
        #expect(cleared.output == "order-service → payment-service: none\n", "\(cleared)")
        let wrong = try await run("policy", "payment-service", "gateway", "retries=1")
        #expect(wrong.exitCode == ExitCode.usage.rawValue && wrong.notes.contains("calls no gateway"), "\(wrong)")
      }
    }

    /// Of each trace, how many requests the service got.
    private static func arrivals(at service: ServiceName, _ log: LogSnapshot) -> [Int] {
      let arrivals = log.records.filter { $0.kind == .arrive && log.process($0)?.name == service.rawValue }
      return Dictionary(grouping: arrivals) { $0.trace?.hex ?? "" }.values.map(\.count)
    }
  }
}
