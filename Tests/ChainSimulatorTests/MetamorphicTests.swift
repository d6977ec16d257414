import ChainModel
import ChainSimulator
import Testing
import Topology

/// What must hold between two runs, whatever the figures are.
@Suite struct MetamorphicTests {
  private static func plan(
    _ pools: [Int] = [12, 8, 6, 4], scale: Int = 1, model: ServingModel = .blocking, rate: Double = 70
  ) -> SimulationPlan {
    let leaf = StepTime.exponential(mean: .milliseconds(60 * scale))
    let own: [StepTime] = [.zero, .exponential(mean: .milliseconds(5 * scale)), .zero, leaf]
    let system = Systems.chain(
      pools, own: own, queues: [20, 20, 20, 20], model: model, cpu: .microseconds(200 * scale), cores: 2)
    let load = SimulatedLoad(
      .open(rate: rate / Double(scale), .poisson), warmUp: .seconds(10 * scale), duration: .seconds(200 * scale))
    return SimulationPlan(system, load)
  }

  @Test func moreThreadsAtTheBottleneckNeverLowerThroughput() throws {
    var last = 0.0
    for threads in [2, 3, 4, 6, 8] {
      let goodput = try Self.plan([12, 8, 8, threads]).run().goodput
      #expect(goodput >= last * 0.995, "\(threads) threads: \(goodput) after \(last)")
      last = goodput
    }
    let slow = try Self.plan([12, 8, 8, 2]).run().goodput
    #expect(last > 1.8 * slow)
  }

  @Test func twiceTheTimeIsHalfTheRate() throws {
    let (once, twice) = (try Self.plan().run(), try Self.plan(scale: 2).run())
    #expect(isNear(once.goodput, 2 * twice.goodput, within: 1e-3))
    #expect(isNear(twice.routes[0].times.mean, 2 * once.routes[0].times.mean, within: 1e-3))
    for (one, two) in zip(once.services, twice.services) {
      #expect(abs(one.done - two.done) <= 2 && isNear(one.held, two.held, within: 1e-3))
    }
  }

  @Test func aServiceThatNobodyCallsChangesNothing() throws {
    let plan = Self.plan()
    var more = plan
    more.system.services.append(
      SimulatedService("lonely", routes: [ServiceRoute("GET /", [.cpu(.fixed(.seconds(1)))])]))
    let (result, other) = (try plan.run(), try more.run())
    #expect(result.routes == other.routes)
    #expect(Array(other.services.dropLast()) == result.services)
    #expect(other.services.last?.offered == 0)
  }

  @Test func aLimitOfRequestsInFlightIsAsGoodAsThreads() throws {
    let time = StepTime.exponential(mean: .milliseconds(100))
    let load = Systems.open(120, for: .seconds(500))
    let blocking = try SimulationPlan(Systems.one(time, threads: 10, queue: 0), load).run()
    let nonblocking = try SimulationPlan(Systems.one(time, .nonblocking, inFlight: 10), load).run()
    #expect(blocking.routes[0].times == nonblocking.routes[0].times)
    #expect(blocking.routes[0].outcomes["queue_full"] == nonblocking.routes[0].outcomes["in_flight_limit"])
    #expect(blocking.routes[0].outcomes["queue_full"] ?? 0 > 1000)
  }

  /// E6: from the front it gains nothing until the last, from the leaf it doubles each time.
  @Test func theOrderOfMigrationMatters() throws {
    func goodput(_ models: [ServingModel]) throws -> Double {
      var system = Systems.reference(.fixed(.milliseconds(100)))
      for index in models.indices {
        system.services[index].model = models[index]
        system.services[index].inFlightLimit = 10_000
      }
      let load = Systems.open(400, warmUp: .seconds(5), for: .seconds(30))
      return try SimulationPlan(system, load).run().goodput
    }
    let (block, not) = (ServingModel(.blocking), ServingModel(.nonblocking))
    for front in 0...3 {
      let models = Array(repeating: not, count: front) + Array(repeating: block, count: 4 - front)
      #expect(isNear(try goodput(models), 80, within: 0.08), "\(front) from the front")
    }
    for (leaf, expected) in [(1, 160.0), (2, 320), (3, 400), (4, 400)] {
      let models = Array(repeating: block, count: 4 - leaf) + Array(repeating: not, count: leaf)
      #expect(isNear(try goodput(models), expected, within: 0.08), "\(leaf) from the leaf")
    }
  }
}
