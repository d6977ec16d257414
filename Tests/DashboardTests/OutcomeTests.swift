import ChainModel
import ChainTestSupport
import Dashboard
import Supervisor
import Testing
import TraceLog

/// No figure on the page without how it came about: what is refused at once is not quick, and what waits has no time yet.
@Suite struct OutcomeTests {
  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      (PingOutcome.answered(status: 200), #""outcome":"ok","status":200"#),
      (.answered(status: 503), #""outcome":"refused","status":503"#),
      (.answered(status: 500), #""outcome":"failed","status":500"#), (.timedOut, #""outcome":"timed_out""#),
      (.unreachable, #""outcome":"unreachable""#),
    ])
  func aBystanderIsToldWithItsOutcome(_ ping: PingOutcome, _ told: String) async throws {
    let lab = try TestLab(isChainRunning: true, ping: ping)
    let gateway = try lab.writeLog(requests: 1, isOver: false)
    defer { gateway.close() }
    try await TestPage.with(lab) { page in
      let events = try #require(try page.read("/api/v1/events", until: told))
      #expect(events.contains("\"took_ns\":"))
    }
  }

  private struct State: Decodable {
    struct Figures: Decodable {
      struct Time: Decodable {
        var value: UInt64
        var so_far: Bool
      }

      var good: Double
      var failed: Double
      var timed_out: Double
      var refused: Double
      var p50_ns: Time?
      var p99_ns: Time?
      var oldest_ns: UInt64?
    }

    var figures: [String: Figures]?
  }

  /// Requests that are answered badly in no time, one answered well in 5 ms, and one that has no answer.
  @Test(.timeLimit(.minutes(1))) func failuresMakeNothingQuickAndOpenRequestsCount() async throws {
    let lab = try TestLab(isChainRunning: true)
    let log = try lab.writeOutcomes(refused: 30, timedOut: 20, open: 1)
    defer { log.close() }
    try await TestPage.with(lab) { page in
      func gateway() -> State.Figures? { page.json("/api/v1/state", as: State.self)?.figures?["gateway"] }
      // The first look has nothing to set beside itself.
      _ = gateway()
      log.finish()
      // One look that has seen all of it: a later one has a later window.
      var looked: State.Figures?
      _ = Patience.wait(.seconds(10)) {
        looked = gateway()
        return (looked?.good ?? 0) > 0 && (looked?.timed_out ?? 0) > 0
      }
      let figures = try #require(looked)
      #expect(figures.refused > figures.failed && figures.failed == figures.timed_out)
      #expect(figures.timed_out > figures.good)
      let median = try #require(figures.p50_ns)
      #expect(median.value >= 5 * TestLab.milli)
      let slowest = try #require(figures.p99_ns)
      #expect(slowest.so_far && slowest.value > median.value)
      #expect(try #require(figures.oldest_ns) >= 100 * TestLab.milli)
    }
  }
}
