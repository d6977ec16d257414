import ChainModel
import ChainSimulator
import Testing
import Topology

/// Plans of random extremes, within what is allowed and beyond: each is refused or simulated, none is a trap.
struct ExtremePlanTests {
  private struct Draw {
    var ids: IDGenerator

    mutating func one<Value>(_ values: [Value]) -> Value { values[Int(ids.next() % UInt64(values.count))] }

    mutating func time() -> Duration {
      one([.zero, .nanoseconds(1), .milliseconds(5), .seconds(1), .seconds(86_400)])
    }

    mutating func latency() -> StepTime {
      let (low, high) = (time(), time())
      return one([
        .fixed(low), .exponential(mean: low), .latency(.uniform(min(low, high), max(low, high))),
        .latency(.lognormal(median: low, sigma: 3)), .latency(.percentiles(p50: .zero, p90: low, p99: low)),
      ])
    }

    mutating func service(_ name: String, calls: Int?) -> SimulatedService {
      let steps: [Step] =
        [.cpu(one([.zero, .fixed(.nanoseconds(1)), .fixed(.microseconds(400))])), .remote(latency())]
        + (calls.map { [.call(service: $0, route: 0)] } ?? [])
      return SimulatedService(
        name, model: one(ServingModel.allCases), threads: one([0, 1, 4, 512, 90_001]),
        queueLimit: one([0, 1, 64, .max]), overflow: one([.reject, .backlog]), backlog: one([0, 1, 1_000_000]),
        loops: one([1, 2, 64]), storeThreads: one([1, 64]),
        inFlightLimit: one([.adaptive, .fixed(1), .fixed(10_000), .fixed(.max)]),
        replicas: one([1, 2]), timeout: one([.milliseconds(1), .seconds(20), .seconds(86_400)]),
        latency: latency(), routes: [ServiceRoute("GET /\(name)", steps)], rules: [:])
    }

    mutating func plan() -> SimulationPlan {
      let system = SimulatedSystem(
        services: [service("a", calls: 1), service("b", calls: nil)], cores: one([nil, 1, 1_000_000]), cancels: true)
      var rules = CallPolicy.plain
      rules.timeout = one([nil, .zero, .nanoseconds(1), .seconds(30), .seconds(4 * 3600)])
      rules.retries = one([0, 3, 100])
      let arrival: SimulatedLoad.Arrival = one([
        .open(rate: one([0, -1, .nan, .infinity, 1e-11, 0.001, 50, 10_000_000]), one([.fixed, .poisson])),
        .closed(clients: one([0, 1, 32]), think: latency()),
      ])
      let load = SimulatedLoad(
        arrival, warmUp: one([.zero, .milliseconds(1)]),
        duration: one([.zero, .nanoseconds(1), .milliseconds(2), .seconds(1)]), drain: one([.zero, .milliseconds(1)]),
        rules: rules, seed: ids.next())
      return SimulationPlan(system, load)
    }
  }

  @Test(.timeLimit(.minutes(2))) func everyPlanIsRefusedOrSimulated() throws {
    var draw = Draw(ids: IDGenerator(seed: 5))
    var (refused, simulated) = (0, 0)
    for _ in 0..<100 {
      let plan = draw.plan()
      do throws(SimulationError) {
        _ = try plan.estimatedRecords()
        guard plan.load.duration <= .milliseconds(2) else { continue }
        _ = WireJSON.encode(try ChainPrediction(system: plan))
        simulated += 1
      } catch {
        if case .lawBroken = error { Issue.record("\(error): \(plan)") }
        refused += 1
      }
    }
    #expect(refused > 10 && simulated > 2, "\(refused) refused, \(simulated) simulated")
  }

  @Test func whatIsTooRareOrTooFastIsRefusedWithItsRange() {
    for rate in [1e-11, 0, -1, .nan, .infinity, 1e8] {
      let system = SimulatedSystem(
        services: [
          SimulatedService("a", threads: 1, routes: [ServiceRoute("GET /", [.remote(.fixed(.milliseconds(1)))])])
        ], cores: nil)
      let plan = SimulationPlan(system, SimulatedLoad(.open(rate: rate, .fixed), duration: .seconds(1)))
      let error = #expect(throws: SimulationError.self) { try plan.run() }
      #expect(error?.description.contains("expected 0.001 to 10000000 a second") == true, "\(rate)")
    }
  }
}
