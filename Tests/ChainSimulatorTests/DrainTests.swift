import ChainModel
import ChainSimulator
import Testing

/// What a load generator sees of requests that end after the measured time.
@Suite struct DrainTests {
  /// One thread that takes a second for each of two requests a second: the k-th waits k/2 s and more.
  private static func result(drain: Duration) throws -> SimulationResult {
    let system = Systems.one(.fixed(.seconds(1)), threads: 1)
    let load = SimulatedLoad(
      .open(rate: 2, .fixed), warmUp: .seconds(2), duration: .seconds(10), drain: drain)
    return try SimulationPlan(system, load).run()
  }

  @Test func responseTimesAreThoseOfAllThatWereDue() throws {
    let result = try Self.result(drain: .seconds(60))
    // Due at 2, 2.5, …, 11.5 s; the k-th of all ends at k + 1 s.
    let times = (4..<24).map { Double($0 + 1) - Double($0) / 2 }
    #expect(result.routes[0].times.count == times.count)
    #expect(isNear(result.routes[0].times.mean, times.reduce(0, +) / 20, within: 0.01))
    #expect(isNear(result.routes[0].times.percentile(1), times[19], within: 0.01))
    #expect(result.sent == 24 && result.done == 24)
  }

  @Test func ratesAndLevelsAreOfTheMeasuredTime() throws {
    let (drained, cut) = (try Self.result(drain: .seconds(60)), try Self.result(drain: .zero))
    #expect(isNear(drained.throughput, 1, within: 0.11) && isNear(cut.throughput, 1, within: 0.11))
    #expect(drained.services[0].held == 1 && cut.services[0].held == 1)
    #expect(isNear(drained.services[0].queued, cut.services[0].queued, within: 1e-9))
    // Only those that ended in time.
    #expect(cut.routes[0].times.count == 10 || cut.routes[0].times.count == 11)
    #expect(cut.services[0].inFlightAtEnd >= 11 && drained.services[0].inFlightAtEnd == 0)
  }

  @Test func clientsOfAClosedLoopStopAsking() throws {
    let system = Systems.one(.fixed(.seconds(3)), threads: 8)
    let load = SimulatedLoad(
      .closed(clients: 4, think: .zero), duration: .seconds(10), drain: .seconds(30))
    let result = try SimulationPlan(system, load).run()
    // At 0, 3, 6 and 9 s; the last end at 12 s.
    #expect(result.sent == 16 && result.done == 16)
    #expect(result.routes[0].times.count == 16)
    #expect(isNear(result.throughput, 1.2, within: 1e-9))
  }
}
