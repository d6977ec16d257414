import CascadeAnalysis
import ChainModel
import ChainTestSupport
import Supervisor
import Testing
import Topology
import TraceLog

extension ChainTests {
  /// `GET /fanout/users/{username}/payment-status`: what is asked of two services at the same time takes as long as the
  /// longer branch, which is blamed for it.
  @Suite struct FanOutTests {
    private static let path = "/fanout/users/ada/payment-status"
    private static let template = "/fanout/users/{username}/payment-status"
    private static let (short, long) = (Duration.milliseconds(200), Duration.milliseconds(400))

    @Test(.timeLimit(.minutes(2))) func theBranchThatEndsLastIsBlamed() async throws {
      try await withChain { chain in
        for model in IOModel.allCases {
          try chain.setMode(model)
          for (slow, quick) in [(ServiceName.userService, ServiceName.orderService), (.orderService, .userService)] {
            try chain.control(quick).setFault(Fault(.latency(.fixed(Self.short))))
            try chain.control(slow).setFault(Fault(.latency(.fixed(Self.long))))
            let from = Monotonic.now()
            // The machine may be busy: the best of some.
            let times = try (0..<3).map { _ in try #require(chain.get(Self.path)).time }
            let best = try #require(times.min())
            #expect(best >= Self.long && best < Self.long + Self.short * 0.7, "\(model) \(slow): \(times)")
            try Self.expectBlame(on: slow, not: quick, model, try chain.snapshot(), from: from)
          }
        }
      }
    }

    private static func expectBlame(
      on slow: ServiceName, not quick: ServiceName, _ model: IOModel, _ log: LogSnapshot, from: UInt64
    ) throws {
      let last = log.records.last { $0.kind == .arrive && log.process($0)?.name == ServiceName.gateway.rawValue }
      let trace = try #require(last?.trace)
      let waterfall = try #require(TraceWaterfall(log, trace: trace))
      let path = waterfall.criticalPath
      #expect(path.duration == waterfall.duration)
      #expect(
        path.totals.first?.text == "\(slow.rawValue) sleep (fault: latency=400ms)", "\(waterfall.text(width: 120))")
      #expect(!path.totals.contains { $0.text.hasPrefix(quick.rawValue) }, "\(waterfall.text(width: 120))")
      let report = CascadeReport(log, options: CascadeOptions(from: from))
      #expect(report.unbalanced == 0)
      let blame = model.holdsThread ? report.blame : report.requestBlame
      #expect(blame.first?.service == slow.rawValue, "\(model): \(blame.map(\.text))")
    }

    /// Load, the dump, the cause and the forecast know the route as they know the others.
    @Test(.timeLimit(.minutes(2))) func everyVerbKnowsTheRoute() async throws {
      let root = try ChainlabRoot()
      #expect(try await root.run("up").exitCode == 0)
      let nested = try #require(root.get("/users/ada/payment-status"))
      #expect(root.get(Self.path)?.body == nested.body)
      #expect(root.get("/fanout/users/nobody/payment-status")?.status == 404)
      #expect(try await root.run("fault", "order-service", "latency=300ms").exitCode == 0)
      async let load = root.run("load", "--path", Self.template, "--closed", "8", "--duration", "3s")
      var dump = ""
      let isSeen = try await eventually {
        guard let path = try root.chain().run.logPath() else { return false }
        dump = ThreadDump(try LogReader(path: path).snapshot()).text(width: 120, limit: 4)
        return dump.contains("joining 2 at the same time") && dump.contains("GET /fanout/users/")
          && dump.contains("sleep (fault: latency=300ms)")
      }
      #expect(isSeen, "\(dump)")
      let outcome = try await load
      #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.notes)")
      let cascade = try await root.run("cascade")
      #expect(cascade.output.contains("root cause: order-service sleep (fault: latency=300ms)"), "\(cascade.output)")
      let forecast = try await root.run(
        "predict", "--path", Self.template, "--rate", "5", "--duration", "5s", "--fault",
        "order-service latency=300ms", "--fault", "user-service latency=200ms")
      #expect(forecast.exitCode == 0, "\(forecast.notes)")
      // Not the sum.
      let mean = forecast.output.split(separator: "\n").first { $0.hasPrefix("response time, mean") }
      #expect(mean.map { $0.contains(" 30") && $0.contains("ms") } == true, "\(forecast.output)")
      #expect(try await root.run("down").exitCode == 0)
    }
  }
}
