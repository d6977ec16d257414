import ChainModel
import ChainSimulator
import Testing
import Topology

/// Ten times what a service can serve, by default.
@Suite struct SimulatedOverloadTests {
  private func run(_ system: SimulatedSystem, rate: Double, fault: Fault? = nil) throws -> SimulationResult {
    var load = Systems.open(rate, warmUp: .seconds(3), for: .seconds(7))
    load.rules.timeout = .seconds(3)
    let changes = fault.map { [ScriptedChange(at: .zero, service: 0, .fault($0))] } ?? []
    return try SimulationPlan(system, load, changes: changes).run()
  }

  private func expectServes(_ result: SimulationResult, _ capacity: Double) {
    #expect(result.goodput > 0.8 * capacity, "\(result.goodput) of \(capacity)")
    let outcomes = result.routes[0].outcomes
    let ended = outcomes.values.reduce(0, +)
    #expect(Double(outcomes["overload"] ?? 0) > 0.85 * Double(ended), "\(outcomes)")
    #expect(Double(outcomes["timeout"] ?? 0) < 0.05 * Double(ended), "\(outcomes)")
  }

  @Test func hiredThreadsServeWhatTheyCan() throws {
    let time = StepTime.fixed(.milliseconds(112))
    let system = Systems.one(time, .async, threads: 8, queue: 64, inFlight: .adaptive)
    expectServes(try run(system, rate: 714), 71.4)
    let unlimited = Systems.one(time, .async, threads: 8, queue: 64, inFlight: 10_000)
    #expect(try run(unlimited, rate: 714).goodput < 30)
  }

  @Test(arguments: [ServingModel(.nonblocking), .nonblockingAsync])
  func blockedLoopsServeWhatTheyCan(model: ServingModel) throws {
    let system = Systems.one(.zero, model, threads: 4, queue: 64, inFlight: .adaptive)
    let fault = Fault(.blockLoop(.milliseconds(28)))
    expectServes(try run(system, rate: 714, fault: fault), 71.4)
  }

  @Test(arguments: [ServingModel(.async), .nonblocking, .nonblockingAsync])
  func loopsWithoutProcessorTimeServeWhatTheyCan(model: ServingModel) throws {
    var system = Systems.chain(
      [16, 12], own: [.zero, .zero], queues: [64, 64], model: model, cpu: .milliseconds(5), cores: 2)
    for index in system.services.indices { system.services[index].inFlightLimit = .adaptive }
    expectServes(try run(system, rate: 2000), 200)
  }

  /// 9,900 requests that wait for 5 s each are no overload.
  @Test(arguments: [ServingModel(.nonblocking), .nonblockingAsync])
  func whoWaitsForASlowSystemIsServed(model: ServingModel) throws {
    let system = Systems.one(.fixed(.seconds(5)), model, threads: 4, queue: 64, inFlight: .adaptive)
    let result = try SimulationPlan(system, Systems.open(1980, .fixed, warmUp: .seconds(5), for: .seconds(5))).run()
    #expect(result.routes[0].outcomes.keys.sorted() == ["ok"])
    #expect(try #require(result["leaf"]).inFlightAtEnd > 9_500)
  }
}
