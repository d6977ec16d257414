import ChainModel
import ChainSimulator
import Testing
import Topology

@Suite struct StepCostTests {
  private static let costs = StepCosts(
    request: .microseconds(250), call: .microseconds(170), query: .microseconds(45), file: .microseconds(90))

  private static func table(_ costs: StepCosts) -> StepCostTable {
    StepCostTable(Dictionary(uniqueKeysWithValues: IOModel.allCases.map { ($0, costs) }), origin: .assumed)
  }

  /// What each service would use for each path, times a factor that differs from one to the next.
  private static func observations(
    _ routes: [Int], noise: Double = 0
  ) throws -> ([StepCostFit.Observation], Topology) {
    let topology = try Chains.topology()
    let system = SimulatedSystem(topology, costs: table(costs))
    var observations: [StepCostFit.Observation] = []
    for route in routes {
      for (place, time) in system.processorTimes(service: 0, route: route).enumerated() where time > 0 {
        let factor = 1 + noise * (observations.count.isMultiple(of: 2) ? 1 : -1)
        observations.append(.init(Topology.standard.names[place], route: route, time: time * factor))
      }
    }
    return (observations, topology)
  }

  private static let all = [Chains.nested, Chains.orchestrated, Chains.ping]

  @Test func costsAreFoundAgain() throws {
    let (observations, topology) = try Self.observations(Self.all)
    // Ping at one service; four services on each of the others.
    #expect(observations.count == 9)
    let fit = try #require(StepCostFit(observations, topology))
    let found = [fit.costs.request, fit.costs.call, fit.costs.query, fit.costs.file].map(\.seconds)
    for (found, cost) in zip(found, [250e-6, 170e-6, 45e-6, 90e-6]) { #expect(isNear(found, cost, within: 1e-3)) }
    #expect(fit.error < 1e-3)
  }

  @Test func noiseIsSpreadAndTold() throws {
    let (observations, topology) = try Self.observations(Self.all, noise: 0.05)
    let fit = try #require(StepCostFit(observations, topology))
    #expect(isNear(fit.costs.request.seconds, 250e-6, within: 0.1))
    #expect(fit.error > 0.01 && fit.error < 0.05, "\(fit.error)")
  }

  @Test func noStepCostsLessThanNothing() throws {
    var (observations, topology) = try Self.observations(Self.all)
    // As if a query gave time back.
    for index in observations.indices where observations[index].service != .gateway {
      observations[index].time = 200e-6
    }
    let fit = try #require(StepCostFit(observations, topology))
    #expect(fit.costs.query >= .zero && fit.costs.file >= .zero && fit.costs.call >= .zero)
    #expect(fit.error > 0.01)
  }

  @Test func whatDoesNotTellStepsApartGivesNothing() throws {
    let (pings, topology) = try Self.observations([Chains.ping])
    #expect(StepCostFit(pings, topology) == nil)
    #expect(StepCostFit([], topology) == nil)
  }

  /// A request uses the processors for what its services' steps cost, in the model of each.
  @Test func eachServicePaysTheCostsOfItsModel() throws {
    let topology = try Chains.topology([("gateway.io_model", "nonblocking")])
    let dear = StepCosts(request: .milliseconds(10), call: .zero, query: .zero, file: .zero)
    let table = StepCostTable([.nonblocking: dear, .blocking: Self.costs], origin: .calibrated(date: "2026-01-31"))
    let times = SimulatedSystem(topology, costs: table).processorTimes(service: 0, route: Chains.nested)
    #expect(isNear(times[0], 0.01, within: 1e-9) && isNear(times[3], 385e-6, within: 1e-9), "\(times)")
    let load = SimulatedLoad(.open(rate: 10, .fixed), duration: .seconds(10))
    let prediction = try ChainPrediction(
      topology, SimulationPlan(SimulatedSystem(topology, cores: 2, costs: table), load), costs: table)
    #expect(prediction.costs == "calibrated on 2026-01-31")
    let busy = try #require(prediction.figures.first { $0.name == "cores busy" }).value
    #expect(isNear(busy, 10 * times.reduce(0, +), within: 0.02), "\(busy)")
  }
}
