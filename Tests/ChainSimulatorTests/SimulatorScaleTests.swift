import ChainModel
import ChainSimulator
import Glibc
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
    plans[2].system.services[0].routes[0].steps = [.call(service: 9, route: 0)]
    plans[3].load.arrival = .open(rate: .nan, .fixed)
    plans[4].load.duration = .seconds(1_000_000)
    plans[5].changes = [ScriptedChange(at: .zero, service: 5, .liftFaults)]
    plans[6].system.services[1].latency = .latency(.uniform(.seconds(2), .seconds(1)))
    plans[7].system.services[1].routes[0].steps = [.call(service: 0, route: 0)]
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

  private static let isStorm = getenv("CHAINLAB_STORM") != nil

  /// Of this thread, in seconds: what other programs do meanwhile does not count.
  private static func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  @Test(.timeLimit(.minutes(5)), arguments: GeneratedSystem.Shape.allCases, [4, 1000])
  func millionsOfEventsASecond(_ shape: GeneratedSystem.Shape, _ services: Int) throws {
    let isLarge = services > 4
    // A request of a tree or chain is a call of each service; of a mesh of four layers, fifteen in all.
    let rate = shape == .mesh ? 400 : 1600 / Double(services)
    let plan = Self.plan(shape, services, rate: isLarge ? 10 * rate : rate, seconds: Self.isStorm ? 300 : 30)
    var best = 0.0
    var events = 0
    for _ in 0..<3 {
      let start = Self.processorTime()
      events = try plan.run().events
      best = max(best, Double(events) / (Self.processorTime() - start))
    }
    print(
      "simulated \(shape.rawValue) of \(services): \(Int(best)) events/s over \(events) events; target 2000000")
    #expect(events > 50_000)
    // Without optimisation nothing is promised; with it, room for a machine that does other things.
    #expect(_isDebugAssertConfiguration() || best > 500_000)
  }

  /// A million requests in a simulated minute, on one processor.
  @Test(.timeLimit(.minutes(5)), arguments: [("chain", 4), ("mesh", 1000)])
  func aMillionRequestsAMinuteAreFasterThanRealTime(_ shape: String, _ services: Int) throws {
    let shape = try #require(GeneratedSystem.Shape(rawValue: shape))
    let seconds = Self.isStorm ? 60 : 6
    var plan = Self.plan(shape, services, rate: 1_000_000 / 60, seconds: seconds)
    for index in plan.system.services.indices { plan.system.services[index].threads = 512 }
    let start = Self.processorTime()
    let result = try plan.run()
    let took = Self.processorTime() - start
    print(
      "simulated \(shape.rawValue) of \(services): \(result.done) requests, \(result.events) events in \(took) s of "
        + "\(seconds + 1) s; at most \(result.peakFrames) in flight")
    #expect(isNear(Double(result.done), Double(seconds + 1) * 1_000_000 / 60, within: 0.02))
    #expect(_isDebugAssertConfiguration() || took < Double(seconds + 1))
  }
}
