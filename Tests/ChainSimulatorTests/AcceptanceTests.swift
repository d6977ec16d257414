import ChainModel
import ChainSimulator
import Testing
import Topology

/// The simulator against queueing theory: the acceptance tests of the design, with its tolerances.
@Suite struct AcceptanceTests {
  private let exponential = StepTime.exponential(mean: .milliseconds(100))

  @Test func eightServersWithoutALimitAreErlangs() throws {
    let result = try SimulationPlan(Systems.one(exponential), Systems.open(64, for: .seconds(10_000))).run()
    let expected = ErlangQueue(arrivalRate: 64, serviceRate: 10, servers: 8).responseTime
    #expect(isNear(expected, 0.1286, within: 0.001))
    let mean = result.routes[0].times.mean
    #expect(isNear(mean, expected, within: 0.02), "W \(mean), expected \(expected)")
  }

  @Test func aBoundedQueueRefusesTheShareThatTheoryGives() throws {
    let system = Systems.one(exponential, queue: 12)
    let result = try SimulationPlan(system, Systems.open(100, for: .seconds(10_000))).run()
    let expected = BoundedQueue(arrivalRate: 100, serviceTime: 0.1, servers: 8, capacity: 20).figures
    #expect(isNear(expected.blocked, 0.2058, within: 0.001))
    #expect(isNear(expected.throughput, 79.42, within: 0.001))
    #expect(isNear(expected.responseTime, 0.2072, within: 0.001))
    let leaf = try #require(result["leaf"])
    #expect(isNear(Double(leaf.dropped) / Double(leaf.offered), expected.blocked, within: 0.025))
    #expect(isNear(result.goodput, expected.throughput, within: 0.025))
    #expect(isNear(result.routes[0].times.mean, expected.responseTime, within: 0.025))
    #expect(isNear(leaf.held, expected.busy, within: 0.025))
  }

  @Test func withoutThreadsAsManyAreInFlightAsLittleSays() throws {
    let system = Systems.one(exponential, .nonblocking)
    let result = try SimulationPlan(system, Systems.open(200, for: .seconds(2000))).run()
    let leaf = try #require(result["leaf"])
    #expect(isNear(leaf.inFlight, 20, within: 0.015), "N \(leaf.inFlight)")
    #expect(leaf.dropped == 0)
  }

  @Test(arguments: [(10, 16.64), (20, 33.27), (40, 64.75), (80, 79.21), (160, 79.21)])
  func clientsThatThinkAreMachineRepair(_ clients: Int, _ known: Double) throws {
    let think = StepTime.exponential(mean: .milliseconds(500))
    let system = Systems.chain([64, 32, 16, 8], own: [.zero, .zero, .zero, exponential])
    let result = try SimulationPlan(system, Systems.closed(clients, think: think)).run()
    let expected = MachineRepair(clients: clients, thinkTime: 0.5, serviceTime: 0.1, servers: 8).figures
    // The known figures are those of a chain whose services also take a little time of a processor.
    #expect(isNear(expected.throughput, known, within: 0.011) && isNear(result.goodput, known, within: 0.015))
    #expect(
      isNear(result.goodput, expected.throughput, within: 0.015),
      "X \(result.goodput), expected \(expected.throughput), known \(known)")
  }

  @Test(arguments: [72.0, 90])
  func aNestedChainIsOneQueueOfItsNarrowestPool(_ rate: Double) throws {
    let system = Systems.reference(exponential)
    let result = try SimulationPlan(system, Systems.open(rate, for: .seconds(10_000))).run()
    let chain = NestedChain(
      threads: [64, 32, 16, 8], ownTimes: [0, 0, 0, 0.1], cpuTimes: [0, 0, 0, 0], frontQueue: 64)
    let expected = chain.reduction(arrivalRate: rate).figures
    #expect(isNear(result.goodput, expected.throughput, within: 0.015))
    #expect(isNear(result.routes[0].times.mean, expected.responseTime, within: 0.04))
    for inner in result.services.dropFirst() { #expect(inner.dropped == 0) }
    if rate == 90 {
      let gateway = try #require(result["gateway"])
      #expect(isNear(expected.blocked, 0.1111, within: 0.001))
      #expect(isNear(Double(gateway.dropped) / Double(gateway.offered), expected.blocked, within: 0.04))
    }
  }

  /// The next request comes 1 ms after the leaf has stopped answering: so each pool is full 1 ms after a whole number of
  /// gaps, its size less one, and saturated when the next one has come.
  @Test func theFrontOfACascadeMovesAsPredictedToTheMillisecond() throws {
    let system = Systems.chain(
      [64, 32, 16, 8], own: [.zero, .zero, .zero, .fixed(.milliseconds(5))], queues: [64, 100, 100, 100])
    let load = Systems.open(100, .fixed, warmUp: .zero, for: .seconds(5))
    let stall = ScriptedChange(
      at: .milliseconds(999), service: 3, .fault(Fault(.stall(.seconds(2)))))
    let result = try SimulationPlan(system, load, changes: [stall]).run()
    let chain = NestedChain(threads: [64, 32, 16, 8], ownTimes: [0, 0, 0, 0.005], cpuTimes: [0, 0, 0, 0])
    let expected = chain.front(arrivalRate: 100, inFlight: [0.9, 0.9, 0.9, 0.9])
    var ends: [UInt64] = []
    for (service, instant) in zip(result.services, expected) {
      let onset = try #require(service.onset) - 0.999
      #expect(abs(onset - 0.01 - instant) < 0.001, "\(service.name): \(onset), not 10 ms after \(instant)")
      ends.append(try #require(service.saturations.last?.end))
    }
    #expect(
      result.services.map { $0.saturations[0].start } == result.services.map { $0.saturations[0].start }.sorted(by: >))
    // It recovers from the front to the back.
    #expect(ends == ends.sorted(), "\(ends)")
  }

  /// Cases A and C of the design: its layered model is at most 3 % off in throughput there.
  @Test(arguments: [
    (40, [64, 32, 16, 8], [0, 0, 0, 100]), (80, [64, 32, 16, 8], [0, 0, 0, 100]),
    (160, [24, 24, 24, 24], [20, 20, 20, 60]),
  ])
  func theMethodOfLayersComesCloseToTheSimulation(_ clients: Int, _ pools: [Int], _ own: [Int]) throws {
    let system = Systems.chain(pools, own: own.map { .exponential(mean: .milliseconds($0)) })
    let think = StepTime.exponential(mean: .milliseconds(500))
    let result = try SimulationPlan(system, Systems.closed(clients, think: think, for: .seconds(500))).run()
    let seconds = own.map { Double($0) / 1000 }
    let chain = NestedChain(threads: pools, ownTimes: seconds, cpuTimes: seconds.map { _ in 0 })
    let layered = LayeredModel(chain: chain, clients: clients, thinkTime: 0.5).figures
    #expect(isNear(layered.throughput, result.goodput, within: 0.03), "\(layered.throughput), \(result.goodput)")
    #expect(isNear(layered.responseTime, result.routes[0].times.mean, within: 0.12))
    #expect(isNear(layered.held.last ?? 0, result.services.last?.held ?? 0, within: 0.05))
  }

  // MARK: Limits of the models

  @Test func threadsWithoutALimitAreLikeNoThreads() throws {
    let load = Systems.open(100, for: .seconds(200))
    let blocking = try SimulationPlan(Systems.one(exponential, threads: 50_000), load).run()
    let nonblocking = try SimulationPlan(Systems.one(exponential, .nonblocking, loops: 5_000), load).run()
    #expect(blocking.routes[0].times == nonblocking.routes[0].times)
    #expect(blocking.done > 10_000)
  }

  @Test func hiredThreadsCarryWhatAsManyWorkersCarry() throws {
    let time = StepTime.fixed(.milliseconds(100))
    let load = Systems.open(400, warmUp: .seconds(10), for: .seconds(60))
    let blocking = try SimulationPlan(Systems.one(time, threads: 32, queue: 64), load).run()
    let async = try SimulationPlan(Systems.one(time, .async, threads: 32), load).run()
    #expect(isNear(blocking.goodput, 320, within: 0.01))
    #expect(isNear(async.goodput, blocking.goodput, within: 0.01))
    #expect(try #require(async["leaf"]).inFlightAtEnd > 1000, "it keeps accepting")
    #expect(try #require(async["leaf"]).hired > 31.9)
  }

  @Test func callsThatBlockALoopAreBlockingWithAsManyThreadsAsLoops() throws {
    let time = StepTime.fixed(.milliseconds(100))
    let load = Systems.open(400, warmUp: .seconds(10), for: .seconds(60))
    let onLoop = try SimulationPlan(Systems.one(time, .blockingOnLoop, threads: 32, queue: 64, loops: 2), load).run()
    let threads = try SimulationPlan(Systems.one(time, threads: 2, queue: 64), load).run()
    #expect(onLoop.routes == threads.routes)
    #expect(isNear(onLoop.goodput, 20, within: 0.01))
  }
}
