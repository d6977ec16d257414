import ChainModel
import ChainSimulator
import Testing
import Topology

/// Systems of many services, and what an event costs.
@Suite struct SimulatorScaleTests {
  private static let like = SimulatedService("any", threads: 64, queueLimit: 1000, routes: [])

  private static func plan(_ shape: GeneratedSystem.Shape, _ services: Int, rate: Double, seconds: Int)
    -> SimulationPlan
  {
    let generated = GeneratedSystem(
      shape, services: services, like: like, cpu: .exponential(mean: .microseconds(100)),
      leaf: .exponential(mean: .milliseconds(5)))
    let load = SimulatedLoad(
      .open(rate: rate, .poisson), entries: generated.entries, warmUp: .seconds(1), duration: .seconds(seconds))
    return SimulationPlan(generated.system, load)
  }

  @Test(arguments: GeneratedSystem.Shape.allCases, [1, 2, 7, 1000])
  func generatedSystemsServeWhatTheyAreAsked(_ shape: GeneratedSystem.Shape, _ services: Int) throws {
    let result = try Self.plan(shape, services, rate: 20, seconds: shape == .tree ? 8 : 2).run()
    #expect(result.services.count == services)
    #expect(result.routes.reduce(0) { $0 + ($1.outcomes["ok"] ?? 0) } > 10)
    #expect(result.services.allSatisfy { $0.dropped == 0 })
    if shape != .mesh { #expect(result.services.allSatisfy { $0.offered > 0 }) }
  }

  @Test func aSystemThatCannotBeIsRefusedInOneSentence() {
    let sample = Self.plan(.chain, 2, rate: 1, seconds: 1)
    var plans = Array(repeating: sample, count: 9)
    plans[0].system.services = []
    plans[1].system.services[0].threads = 0
    plans[2].system.services[0].routes[0].steps = [.call(9, route: 0)]
    plans[3].load.arrival = .open(rate: .nan, .fixed)
    plans[4].load.duration = .seconds(1_000_000)
    plans[5].changes = [ScriptedChange(at: .zero, service: 5, .liftFaults)]
    plans[6].system.services[1].latency = .latency(.uniform(.seconds(2), .seconds(1)))
    plans[7].system.services[1].routes[0].steps = [.call(0, route: 0)]
    plans[8].system.services[1].model = .blockingOnLoop
    plans[8].changes = [ScriptedChange(at: .zero, service: 1, .model(.async))]
    for plan in plans {
      #expect(throws: SimulationError.self) { try plan.run() }
    }
    #expect(throws: Never.self) { try sample.run() }
  }

  @Test func memoryIsThatOfWhatIsInFlight() throws {
    let short = try Self.plan(.chain, 4, rate: 500, seconds: 10).run()
    let long = try Self.plan(.chain, 4, rate: 500, seconds: 100).run()
    #expect(long.events > 9 * short.events)
    #expect(long.peakFrames < 2 * short.peakFrames, "\(long.peakFrames) after \(short.peakFrames)")
  }

  @Test(.timeLimit(.minutes(2)), arguments: GeneratedSystem.Shape.allCases)
  func millionsOfEventsASecond(_ shape: GeneratedSystem.Shape) throws {
    let plan = Self.plan(shape, shape == .mesh ? 40 : 4, rate: 400, seconds: 300)
    var best = 0.0
    var events = 0
    for _ in 0..<3 {
      let start = ContinuousClock.now
      events = try plan.run().events
      best = max(best, Double(events) / (ContinuousClock.now - start).seconds)
    }
    print("simulated \(shape.rawValue): \(Int(best)) events/s over \(events) events; target 2000000")
    #expect(events > 500_000)
    // Without optimisation nothing is promised; with it, room for a machine that does other things.
    #expect(_isDebugAssertConfiguration() || best > 500_000)
  }
}
