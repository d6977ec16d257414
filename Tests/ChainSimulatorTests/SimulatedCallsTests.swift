import ChainModel
import ChainSimulator
import Testing
import Topology

/// Retries, budgets, bulkheads, breakers, timeouts, deadlines and connections, as the running services have them.
@Suite struct SimulatedCallsTests {
  private static func failing(_ rules: CallPolicy, layers: Int = 3) -> SimulatedSystem {
    var system = Systems.chain([64, 64, 64, 64], own: [.zero, .zero, .zero, .fixed(.milliseconds(1))])
    for index in 0..<layers { system.services[index].rules = [index + 1: rules] }
    return system
  }

  private static let failure = [ScriptedChange(at: .zero, service: 3, .fault(Fault(.error(status: 500))))]

  /// E10: 4 attempts in each of 3 layers.
  @Test(arguments: [(3, 64), (1, 4), (0, 1)]) func retriesMultiplyFromLayerToLayer(_ layers: Int, _ attempts: Int)
    throws
  {
    var rules = CallPolicy()
    rules.retries = 3
    let plan = SimulationPlan(
      Self.failing(rules, layers: layers), Systems.open(1, .fixed, warmUp: .zero, for: .milliseconds(20_500)),
      changes: Self.failure)
    let result = try plan.run()
    #expect(result.services[3].offered == attempts * result.services[0].offered)
    #expect(result.routes[0].outcomes["fault_injected"] == result.done && result.done > 15)
  }

  @Test func aBudgetKeepsRetriesAShareOfTheCalls() throws {
    var rules = CallPolicy()
    (rules.retries, rules.budget) = (3, 0.1)
    let plan = SimulationPlan(
      Self.failing(rules, layers: 1), Systems.open(100, .fixed, warmUp: .zero, for: .seconds(20)),
      changes: Self.failure)
    let result = try plan.run()
    let first = result.services[0].offered
    #expect(
      result.services[1].offered == first + 10 + first / 10 || result.services[1].offered == first + 9 + first / 10)
  }

  @Test func aBulkheadKeepsThreadsFree() throws {
    var rules = CallPolicy()
    rules.bulkhead = 5
    var system = Systems.chain([20, 20], own: [.zero, .fixed(.seconds(1))], names: ["gateway", "slow"])
    system.services[0].rules = [1: rules]
    let result = try SimulationPlan(system, Systems.open(50, .fixed, warmUp: .zero, for: .seconds(20))).run()
    #expect(result.services[1].peakInFlight == 5 && result.services[0].peakInFlight == 6)
    #expect(isNear(result.goodput, 5, within: 0.06))
    #expect(result.routes[0].outcomes["bulkhead_full"] ?? 0 > 800)
  }

  @Test func anOpenBreakerSparesTheCallee() throws {
    var rules = CallPolicy()
    (rules.breaker, rules.breakerCalls, rules.breakerOpen) = (0.5, 20, .seconds(5))
    let changes = Self.failure + [ScriptedChange(at: .milliseconds(12_000), service: 3, .liftFaults)]
    let plan = SimulationPlan(
      Self.failing(rules, layers: 1), Systems.open(100, .fixed, warmUp: .zero, for: .seconds(20)), changes: changes)
    let result = try plan.run()
    // 20 failures, trials after 5 and 10 s that fail, one after 15 s that works, and then everything.
    #expect(result.services[0].offered - (result.routes[0].outcomes["circuit_open"] ?? 0) == result.services[1].offered)
    #expect((480...500).contains(result.services[1].succeeded), "\(result.services[1].succeeded)")
    #expect(result.services[1].done - result.services[1].succeeded == 22)
  }

  /// E9 with a queue: the clients' retries keep it dead after a stall, a bounded queue cures it.
  @Test(arguments: [(140.0, 100_000, true), (200, 100_000, false), (200, 240, true)])
  func aRetryStormIsMetastable(_ rate: Double, _ queue: Int, _ recovers: Bool) throws {
    var system = Systems.one(.fixed(.milliseconds(100)), threads: 30, queue: queue)
    system.cancels = false
    var rules = CallPolicy()
    (rules.timeout, rules.retries, rules.deadline) = (.seconds(1), 1, false)
    let load = SimulatedLoad(
      .open(rate: rate, .poisson), warmUp: .seconds(90), duration: .seconds(30), rules: rules)
    let stall = ScriptedChange(at: .seconds(30), service: 0, .fault(Fault(.stall(.seconds(3)))))
    let goodput = try SimulationPlan(system, load, changes: [stall]).run().goodput
    #expect(recovers ? goodput > 0.95 * rate : goodput < 0.05 * rate, "\(goodput) of \(rate)")
  }

  @Test func aCallerThatGivesUpIsNoWorkForItsCallee() throws {
    func plan(cancels: Bool) -> SimulationPlan {
      var system = Systems.chain(
        [50, 50], own: [.zero, .fixed(.seconds(4))], timeout: .seconds(1), names: ["gateway", "slow"])
      system.cancels = cancels
      return SimulationPlan(system, Systems.open(10, .fixed, warmUp: .milliseconds(10_050), for: .seconds(20)))
    }
    let (kind, rude) = (try plan(cancels: true).run(), try plan(cancels: false).run())
    #expect(isNear(kind.services[1].inFlight, 10, within: 0.01) && isNear(rude.services[1].inFlight, 40, within: 0.01))
    #expect(isNear(kind.services[0].responseTime, 1, within: 1e-3))
    #expect(kind.routes[0].outcomes == ["timeout": 200])
  }

  /// E4: a stall at the leaf overflows the front alone, and its connections come back after whole seconds.
  @Test func anOverflowAtTheFrontIsRetriedAfterWholeSeconds() throws {
    var system = Systems.chain(
      [32, 32, 32, 32], own: [.zero, .zero, .zero, .fixed(.milliseconds(5))], queues: [0, 0, 0, 0])
    for index in system.services.indices {
      system.services[index].overflow = .backlog
      system.services[index].backlog = 31
    }
    func result(stall: Int) throws -> SimulationResult {
      let load = Systems.open(200, .fixed, warmUp: .zero, for: .seconds(10))
      let fault = ScriptedChange(at: .milliseconds(2001), service: 3, .fault(Fault(.stall(.milliseconds(stall)))))
      return try SimulationPlan(system, load, changes: [fault]).run()
    }
    let (short, long) = (try result(stall: 310), try result(stall: 600))
    #expect(short.services.allSatisfy { $0.overflows == 0 })
    #expect(long.services.map { $0.overflows > 0 } == [true, false, false, false])
    #expect(long.services.allSatisfy { $0.dropped == 0 })
    #expect(short.routes[0].times.longest < 400_000_000)
    let late = long.routes[0].times.longest
    #expect(late >= 1_000_000_000 && late < 1_150_000_000, "\(late)")
  }

  @Test func replicasShareTheLoad() throws {
    var system = Systems.chain(
      [64, 8], own: [.zero, .exponential(mean: .milliseconds(100))], names: ["gateway", "leaf"])
    system.services[1].replicas = 4
    let result = try SimulationPlan(system, Systems.open(200, for: .seconds(100))).run()
    #expect(result.services.count == 5)
    for leaf in result.services.dropFirst() { #expect(isNear(leaf.throughput, 50, within: 0.02)) }
    #expect(isNear(result.goodput, 200, within: 0.02))
  }
}
