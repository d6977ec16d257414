import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import LoadGenerator
import Testing

@Suite struct LoadPauseTests {
  /// As on a laptop that is closed for a moment: the server goes on, the load does not.
  @Test(.timeLimit(.minutes(2)))
  func aLoadThatIsStoppedForASecondRecoversAndItsMedianStaysTheServers() async throws {
    try await TinyServer.with(.answer(status: 200)) { server in
      var stoppedAt: UInt64?
      var isStopped = false
      let outcome = try await ChainlabProgram.run(
        ["load", "--port", "\(server.port)", "--path", "/ping", "--rate", "400", "--duration", "5s", "--json"],
        meanwhile: { process in
          let now = Monotonic.now()
          if stoppedAt == nil, server.counts.requests >= 400 {
            stoppedAt = now
            isStopped = kill(process, SIGSTOP) == 0
          } else if isStopped, let stoppedAt, now - stoppedAt > 1_000_000_000 {
            isStopped = kill(process, SIGCONT) != 0
          }
        })
      #expect(outcome.exitCode == 0 && !isStopped)
      let result = try #require(outcome.json(LoadResult.self))
      #expect(result.measured.byStatus == [200: 2000])
      let (late, times) = (try #require(result.sentLate), try #require(result.latency.successful.corrected))
      #expect(late.max >= 900)
      #expect(times.max >= 900)
      // A fifth of the requests came late.
      #expect(late.p90 > 10 * late.p50)
      #expect(times.p50 < times.max / 20)
      #expect(result.connections < 100)
    }
  }
}
