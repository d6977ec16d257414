import ChainModel
import ChainSimulator
import Testing
import Topology

/// Systems from files, their bound, and what several seeds say.
@Suite struct GraphSystemTests {
  private static let shop = """
    cores: 4
    hop: 1ms
    services:
      shop:
        threads: 30
        routes:
          GET /checkout: [cpu: 2ms, call: cart/GET /items, call: stock/GET /stock]
          GET /home: [call: stock/GET /stock]
      cart: {threads: 8, queue_limit: 1000, routes: {GET /items: [remote: 20ms, call: stock/GET /stock]}}
      stock: {io_model: nonblocking, latency: 30ms, routes: {GET /stock: [store: 1ms]}}
    entries: {shop/GET /checkout: 3, shop/GET /home: 1}

    """

  private static func plan(_ arrival: SimulatedLoad.Arrival, seconds: Int = 100) throws -> SimulationPlan {
    let topology = try Topology.parse(shop, file: "f")
    return SimulationPlan(
      SimulatedSystem(topology),
      SimulatedLoad(
        arrival, entries: topology.entries.map { SimulatedLoad.Entry($0) }, warmUp: .seconds(5),
        duration: .seconds(seconds)))
  }

  @Test func aFilesSystemIsSimulatedAsItSays() throws {
    let result = try Self.plan(.open(rate: 20, .fixed)).run()
    // checkout: 2 + (2 + 20 + (2 + 31)) + (2 + 31), home: 2 + 31, and 2 for the way from clients.
    let times = result.routes.map(\.times.mean)
    #expect(isNear(times[0], 0.092, within: 0.01) && isNear(times[1], 0.035, within: 0.01), "\(times)")
    let counts = result.services.map { Double($0.offered) / Double(result.sent) }
    #expect(isNear(counts[1], 0.75, within: 0.1) && isNear(counts[2], 1.75, within: 0.05), "\(counts)")
    #expect(result.services[2].held == 0 && result.services[1].held > 0)
  }

  /// A mix is told of as a whole, by whomever: not its first kind of request for all.
  @Test func figuresOfAMixAreOfAllItsRequests() throws {
    let result = try Self.plan(.open(rate: 20, .fixed)).run()
    let mean = 0.75 * 0.092 + 0.25 * 0.035
    #expect(isNear(try #require(PredictionCheck.entry(result)["mean"]), mean * 1000, within: 0.02))
    #expect(isNear(try #require(ServedFigures(result).mean), mean, within: 0.02))
    #expect(result.outcomes.values.reduce(0, +) == result.routes.reduce(0) { $0 + $1.outcomes.values.reduce(0, +) })
    let median = try #require(PredictionCheck.entry(result)["p50"])
    #expect(isNear(median, 92, within: 0.02), "three of four take that long: \(median) ms")
  }

  @Test func theBoundIsThatOfLittlesLaw() throws {
    let plan = try Self.plan(.open(rate: 1, .fixed))
    let capacity = GraphCapacity(plan)
    // One request of clients holds cart's threads for 0.75 × (20 + 33) ms, shop's for 0.75 × 90 + 0.25 × 33.
    #expect(isNear(capacity.byThreads[1], 8 / (0.75 * 0.053), within: 1e-9))
    #expect(isNear(capacity.byThreads[0], 30 / (0.75 * 0.090 + 0.25 * 0.033), within: 1e-9))
    #expect(capacity.byThreads[2] == .infinity)
    #expect(isNear(try #require(capacity.byCores), 4 / (0.75 * 0.002 + 1.75 * 0.001), within: 1e-9))
    #expect(capacity.bottleneck == 1 && isNear(capacity.visits, 1 + 0.75 + 1.75, within: 1e-9))
    #expect(isNear(capacity.unloadedTime, 0.75 * 0.092 + 0.25 * 0.035, within: 1e-9))
  }

  /// A service with a processor of its own is done when that is, whatever the others have.
  @Test func aServicesOwnProcessorsAreItsLimit() throws {
    func plan(_ cores: String, _ arrival: SimulatedLoad.Arrival) throws -> SimulationPlan {
      let topology = try Topology.parse(
        """
        cores: 8
        services:
          shop: {io_model: nonblocking, routes: {GET /buy: [cpu: 2ms, call: bank/POST /pay], GET /home: [cpu: 1ms]}}
          bank: {io_model: nonblocking, \(cores)replicas: 2, routes: {POST /pay: [cpu: 10ms]}}
        entries: {shop/GET /buy: 1, shop/GET /home: 1}
        """, file: "f")
      return SimulationPlan(
        SimulatedSystem(topology),
        SimulatedLoad(
          arrival, entries: topology.entries.map { SimulatedLoad.Entry($0) }, warmUp: .seconds(5),
          duration: .seconds(60)))
    }
    let shared = GraphCapacity(try plan("", .open(rate: 1, .fixed)))
    #expect(isNear(try #require(shared.byCores), 8 / 0.0065, within: 1e-9) && shared.scarcestCores == nil)
    let limited = try plan("cores: 1, ", .closed(clients: 50, think: .zero))
    let own = GraphCapacity(limited)
    #expect(isNear(try #require(own.byCores), 2 / 0.005, within: 1e-9) && own.scarcestCores == 1)
    let result = try limited.run()
    #expect(isNear(result.goodput, 400, within: 0.02), "\(result.goodput)")
    #expect(result.processors.map(\.service) == [nil, "bank"] && result.processors.map(\.count) == [8, 2])
    #expect(result.processors[1].busy > 1.95 && result.processors[0].busy < 1, "\(result.processors)")
    #expect(SweepPoint("", limited, result).binding == .cores("bank"))
    let prediction = try ChainPrediction(system: limited)
    #expect(prediction.limit == "the 2 processors of bank")
    let buy = try #require(limited.load.entries.first)
    let bounds = ChainBounds(limited.system, buy)
    let scarcest = try #require(bounds.scarcestProcessors)
    #expect(scarcest.service == "bank" && scarcest.count == 2 && scarcest.work == 0.01)
  }

  /// Clients enough for every thread: the simulation comes near its bound, and never beyond.
  @Test(arguments: IOModel.allCases) func aSaturatedSystemServesItsBound(_ model: IOModel) throws {
    var plan = try Self.plan(.closed(clients: 200, think: .zero))
    plan.system.services[0].model = ServingModel(model)
    plan.system.services[0].queueLimit = 1000
    let (bound, served) = (GraphCapacity(plan).value, try plan.run().goodput)
    #expect(served <= bound * 1.01 && served > bound * 0.9, "\(served) of \(bound)")
  }

  @Test func aGeneratedSystemIsTheSameByWayOfItsFile() throws {
    for shape in GeneratedSystem.Shape.allCases {
      let generated = GeneratedSystem(
        shape, services: 60, cpu: .fixed(.microseconds(100)), leaf: .exponential(mean: .milliseconds(3)), seed: 9)
      var settings = ServiceConfiguration.standard
      settings.timeout = .milliseconds(700)
      let topology = Topology(generated, settings: settings)
      let read = try Topology.parse(topology.yaml(), file: "f")
      #expect(read == topology)
      var expected = generated.system
      for index in expected.services.indices {
        expected.services[index].timeout = .milliseconds(700)
        expected.services[index].routes.append(ServiceRoute(Topology.ping, []))  // that every service answers
      }
      #expect(SimulatedSystem(read) == expected)
      #expect(read.entries.map { SimulatedLoad.Entry($0) } == generated.entries)
    }
  }

  // MARK: Closed forms

  @Test func aChainOfAnyLengthHasTheClosedFormsOfTheChain() throws {
    let system = Systems.reference(.exponential(mean: .milliseconds(100)))
    let plan = SimulationPlan(system, Systems.open(72, for: .seconds(1000)))
    let chain = try #require(NestedChain(plan))
    #expect(chain.threads == [64, 32, 16, 8] && chain.ownTimes == [0, 0, 0, 0.1] && chain.frontQueue == 64)
    let figures = try ChainPrediction(system: plan).figures
    let reduced = try #require(figures.first { $0.method == .reduction && $0.unit == "s" })
    let simulated = try #require(figures.first { $0.name == "response time, mean" && $0.method == .simulation })
    #expect(isNear(simulated.value, reduced.value, within: 0.1))
  }

  @Test func whatIsNoChainHasABoundAlone() throws {
    let plan = try Self.plan(.closed(clients: 5, think: .zero), seconds: 5)
    #expect(NestedChain(plan) == nil)
    let prediction = try ChainPrediction(system: plan)
    #expect(Set(prediction.figures.map(\.method)) == [.simulation, .bound])
    #expect(prediction.limit == "threads of cart")
  }

  // MARK: Replications

  @Test func studentsIntervalIsThatOfTheTables() throws {
    // n = 4, mean 5, s = 2.582: t(3) 3.182 → ± 4.108.
    let estimate = MeanEstimate([2, 4, 6, 8])
    let half = try #require(estimate.halfWidth)
    #expect(estimate.mean == 5 && isNear(half, 4.108, within: 1e-3))
    #expect(MeanEstimate([7]).halfWidth == nil && MeanEstimate([]).mean == 0)
    // 101 measurements: t(100) 1.984.
    let many = MeanEstimate((0...100).map(Double.init))
    #expect(isNear(try #require(many.halfWidth), 1.984 * 29.3002 / 101.0.squareRoot(), within: 1e-3))
  }

  @Test func theTrueMeanLiesInTheIntervalOfReplications() throws {
    let system = Systems.one(.exponential(mean: .milliseconds(100)))
    let plans = SimulationPlan(system, Systems.open(64, for: .seconds(300))).replicated(12)
    #expect(Set(plans.map(\.load.seed)).count == 12)
    let replications = Replications(try plans.map { try $0.run() }, seeds: plans.map(\.load.seed))
    let time = try #require(replications.figures.first { $0.name == "response time, mean" }).estimate
    let half = try #require(time.halfWidth)
    // M/M/8: Erlang's C gives 0.1286 s. Twice the interval, so that a seed in twenty is no failure.
    let exact = ErlangQueue(arrivalRate: 64, serviceRate: 10, servers: 8).responseTime
    #expect(abs(time.mean - exact) < 2 * half && half < 0.05 * exact, "\(time.mean) ± \(half), exact \(exact)")
  }
}
