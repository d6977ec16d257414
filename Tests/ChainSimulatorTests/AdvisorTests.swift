import ChainModel
import ChainSimulator
import Testing
import Topology

/// Advice in cases whose answer is known.
@Suite struct AdvisorTests {
  /// One after another; the same as at the same time.
  private static let batch: Advisor.Batch = { plans in try plans.map { try $0.run() } }

  private static func chain(
    _ changes: [(String, String)], _ arrival: SimulatedLoad.Arrival, cores: Int? = 2, seconds: Int = 30,
    route: Int = Chains.nested
  ) throws -> AdvisedChain {
    let load = SimulatedLoad(
      arrival, entries: [SimulatedLoad.Entry(route: route)], warmUp: .seconds(5), duration: .seconds(seconds))
    return AdvisedChain(try Chains.topology(changes), cores: cores, costs: .usual, load: load)
  }

  private static func advise(_ chain: AdvisedChain, _ objective: String) async throws -> Advice {
    var advisor = Advisor(chain, try Objective.parse(objective), seeds: 2, simulate: batch)
    return try await advisor.advise()
  }

  private static let fourAtTheEnd = [
    ("gateway.threads", "40"), ("user-service.threads", "40"), ("order-service.threads", "40"),
    ("payment-service.threads", "4"), ("payment-service.latency", "1s"),
  ]

  @Test func whatHoldsIsLeftAlone() async throws {
    let chain = try Self.chain([("payment-service.latency", "10ms")], .open(rate: 20, .fixed))
    let advice = try await Self.advise(chain, "p99<200ms")
    #expect(advice.configured.verdict == .holds && advice.proposals.isEmpty && advice.best == nil)
    #expect(advice.configured.held == 2 && advice.forbiddenBy.isEmpty && advice.reasons.isEmpty)
  }

  /// A second each at 10 a second holds 10 threads (Little's law), and 11 with the margin of a tenth more load.
  @Test func theLastPoolGetsWhatLittlesLawAsksFor() async throws {
    let chain = try Self.chain(Self.fourAtTheEnd, .open(rate: 10, .fixed))
    let advice = try await Self.advise(chain, "p99<2s")
    #expect(advice.configured.verdict == .misses)
    #expect(advice.reasons.map(\.kind) == [.threads] && advice.reasons[0].text.hasPrefix("payment-service"))
    let best = try #require(advice.proposals.first)
    #expect(best.change.settings.map(\.path) == ["payment-service.threads"])
    let threads = try #require(Int(best.change.settings[0].valueText))
    #expect((11...13).contains(threads), "\(best.change.text)")
    #expect(best.trial.verdict == .holds && best.trial.held == best.trial.runs)
    // Each service before it waits in its turn, so that the others are not proposed alone.
    let alone = advice.proposals.filter { $0.change.settings.count == 1 }
    #expect(
      alone.allSatisfy { $0.change.settings[0].service == .paymentService }, "\(advice.proposals.map(\.change.text))")
  }

  /// Three replicas of 4 threads are 12.
  @Test func replicasOfTheLastServiceAreProposedAsWell() async throws {
    let chain = try Self.chain(Self.fourAtTheEnd, .open(rate: 10, .fixed))
    let advice = try await Self.advise(chain, "p99<2s")
    let replicas = advice.proposals.first { $0.change.settings.map(\.key) == ["replicas"] }
    #expect(replicas?.change.settings.map(\.valueText) == ["3"], "\(advice.proposals.map(\.change.text))")
  }

  @Test func eachBlockingServiceBeforeASlowOneNeedsItsThreads() async throws {
    let small = ["gateway", "user-service", "order-service", "payment-service"].map { ("\($0).threads", "4") }
    let chain = try Self.chain(small + [("payment-service.latency", "1s")], .open(rate: 10, .fixed))
    let advice = try await Self.advise(chain, "p99<2s")
    #expect(advice.reasons.count == 4)
    let values = try #require(
      advice.proposals.first { $0.change.settings.map(\.key) == Array(repeating: "threads", count: 4) })
    for setting in values.change.settings {
      let threads = try #require(Int(setting.valueText))
      #expect((11...14).contains(threads), "\(values.change.text)")
    }
    #expect(values.change.settings.map(\.service) == Topology.standard.names.reversed(), "from the back")
    // Nobody waits in any of them: the other answer, and there is none with fewer moves.
    let moves = advice.proposals.filter { $0.change.settings.allSatisfy { $0.key == "io_model" } }
    #expect(moves.map { $0.change.settings.count } == [4])
  }

  /// With three services that hold no thread, the one that does is the one to be changed.
  @Test func theOneServiceThatHoldsThreadsIsMoved() async throws {
    let models = ["gateway", "order-service", "payment-service"].map { ("\($0).io_model", "nonblocking") }
    let chain = try Self.chain(
      models + [("user-service.threads", "4"), ("payment-service.latency", "500ms")], .open(rate: 20, .fixed))
    let advice = try await Self.advise(chain, "p99<1s")
    #expect(advice.proposals.map { $0.change.settings.map(\.path) }.contains(["user-service.io_model"]))
    #expect(advice.proposals.first?.change.settings.map(\.path) == ["user-service.threads"])
    #expect(advice.proposals.allSatisfy { $0.change.settings[0].service != .paymentService })
  }

  @Test func aTimeoutThatIsTooShortIsLengthened() async throws {
    let changes = [
      ("payment-service.latency", "2s"), ("order-service.timeout_ms", "1500"), ("payment-service.threads", "40"),
    ]
    let advice = try await Self.advise(try Self.chain(changes, .open(rate: 2, .fixed)), "errors<1%")
    #expect(advice.configured.middle.errors == 1)
    #expect(advice.proposals.first?.change.settings.map(\.path) == ["order-service.timeout_ms"])
  }

  @Test func aQueueThatIsTooShortIsLengthened() async throws {
    // 24 clients that think for 300 ms keep 6 of 8 threads busy on average, and now and then find no room.
    let changes = [
      ("gateway.threads", "8"), ("gateway.queue_limit", "2"), ("user-service.threads", "64"),
      ("order-service.threads", "64"), ("payment-service.threads", "64"), ("payment-service.latency", "100ms"),
    ]
    let advice = try await Self.advise(
      try Self.chain(changes, .closed(clients: 24, think: .exponential(mean: .milliseconds(300)))),
      "refused<1% and mean<1s")
    #expect(advice.configured.verdict == .misses, "\(advice.configured)")
    let paths = advice.proposals.filter { $0.change.settings.count == 1 }.map { $0.change.settings[0].path }
    #expect(paths.contains("gateway.queue_limit") && paths.contains("gateway.threads"), "\(paths)")
  }

  // MARK: What cannot be

  @Test(arguments: [
    ("p99<300ms", Bound.Kind.remoteLatency), ("mean<900ms", .remoteLatency), ("p50<1s", .remoteLatency),
    ("goodput>=11/s", .load),
  ])
  func aClosedFormSaysWhatForbidsIt(_ objective: String, _ kind: Bound.Kind) async throws {
    let advice = try await Self.advise(try Self.chain(Self.fourAtTheEnd, .open(rate: 10, .fixed)), objective)
    #expect(advice.forbiddenBy.map(\.kind) == [kind], "\(advice.forbiddenBy)")
    #expect(advice.proposals.isEmpty && advice.best != nil)
  }

  /// A request takes 2.72 ms of a processor, so that two of them do 735 a second.
  @Test func processorsForbidWhatTheyCannotDo() async throws {
    let chain = try Self.chain([], .open(rate: 900, .fixed), seconds: 5)
    #expect(isNear(chain.bounds.scarcestProcessors?.capacity ?? 0, 2 / 0.00272, within: 1e-9))
    let advice = try await Self.advise(chain, "p99<1s")
    #expect(advice.forbiddenBy.map(\.kind) == [.cores])
  }

  @Test func boundsFollowTheModels() throws {
    let changes = [("payment-service.latency", "1s"), ("user-service.io_model", "async")]
    let chain = try Self.chain(changes, .open(rate: 10, .fixed))
    let pools = chain.bounds.pools
    #expect(pools.map(\.service) == ["payment-service", "order-service", "user-service", "gateway"])
    #expect(zip(pools, pools.dropFirst()).allSatisfy { $0.holding <= $1.holding })
    #expect(pools[2].holding == pools[1].holding, "a hired thread holds the call, and nothing else")
    #expect(chain.bounds.narrowest?.service == "gateway", "16 threads each: the first is held longest")
    let free = try Self.chain(
      Topology.standard.names.map { ("\($0.rawValue).io_model", "nonblocking") }, .open(rate: 10, .fixed))
    #expect(free.bounds.pools.isEmpty)
    let ping = try Self.chain(changes, .open(rate: 10, .fixed), route: Chains.ping)
    #expect(ping.bounds.pools.map(\.service) == ["gateway"] && isNear(ping.bounds.meanFloor, 0.0004, within: 1e-9))
  }

  /// A floor is not above what any simulation of an idle chain finds.
  @Test(arguments: ["300ms", "100ms..300ms", "lognormal:100ms,0.5", "p50:50ms,p90:100ms,p99:1s"])
  func noPercentileIsBelowItsFloor(_ latency: String) throws {
    let changes = [("payment-service.latency", latency), ("order-service.latency", "5ms..15ms")]
    let chain = try Self.chain(changes, .closed(clients: 1, think: .zero), cores: nil, seconds: 3000)
    let figures = ServedFigures(try chain.plan(Change([], of: chain.topology), seed: 0).run())
    for (share, value) in [(0.5, figures.p50), (0.95, figures.p95), (0.99, figures.p99)] {
      let floor = chain.bounds.percentileFloor(share)
      #expect(try floor > 0 && floor <= #require(value) * 1.02, "\(share): \(floor) \(value ?? 0)")
    }
    #expect(isNear(chain.bounds.meanFloor, figures.mean ?? 0, within: 0.03))
  }

  // MARK: Changes

  @Test func theOrderOfChanges() throws {
    let topology = try Chains.topology()
    func change(_ settings: (ServiceName, Change.Setting.Value)...) -> Change {
      Change(settings.map { Change.Setting($0.0, $0.1) }, of: topology)
    }
    let inOrder = [
      change((.paymentService, .queueLimit(128))), change((.paymentService, .queueLimit(256))),
      change((.paymentService, .threads(17))), change((.gateway, .threads(20))),
      change((.paymentService, .replicas(2))), change((.gateway, .model(.nonblocking))),
      change((.gateway, .threads(17)), (.paymentService, .threads(17))),
      change((.gateway, .model(.async)), (.paymentService, .threads(17))),
    ]
    for (smaller, larger) in zip(inOrder, inOrder.dropFirst()) {
      #expect(smaller.isSmaller(than: larger) && !larger.isSmaller(than: smaller), "\(smaller.text) | \(larger.text)")
    }
    #expect(inOrder.map(\.addedThreads) == [0, 0, 1, 4, 16, -16, 2, 1])
    let last = inOrder[6]
    #expect(last.text == "payment-service.threads 16 → 17, gateway.threads 16 → 17")
    #expect(last.applied(to: topology)[.gateway].threads == 17)
    #expect(change((.gateway, .threads(16))).isNothing, "what is so already is no change")
  }
}
