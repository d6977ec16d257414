import ChainTestSupport
import LoadGenerator
import Testing

@Suite struct RateMissTests {
  /// A machine that is busy for a moment makes a generator late and a server slow, so what is said is looked at up to five
  /// times.
  private func isSaid(_ miss: RateMiss?, _ run: () async throws -> LoadResult) async throws -> Bool {
    for _ in 0..<5 where try await run().rateMissed == miss { return true }
    return false
  }

  @Test(.timeLimit(.minutes(1)))
  func aServerThatAnswersMoreSlowlyThanItIsAskedIsSaidToBeSlow() async throws {
    try await TinyServer.with(.oneAtATime(.milliseconds(20))) { server in
      let isSlow = try await isSaid(.serverSlow) {
        let result = try await run(
          plan(server, .open(rate: 200, spacing: .fixed), for: .seconds(2), timeout: .seconds(1)))
        #expect(result.summary().contains("\nnot reached the server was slow") == (result.rateMissed == .serverSlow))
        // 50 a second at the most.
        #expect((result.rates.answered ?? 0) <= 51)
        #expect(result.measured.byFailure == [.timeout: result.measured.failed])
        expectConservation(result.measured)
        return result
      }
      #expect(isSlow)
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func aRateThatIsReachedNeedsNoExplanation() async throws {
    try await TinyServer.with(.answer(status: 200)) { server in
      let isReached = try await isSaid(nil) {
        let result = try await run(plan(server, .open(rate: 50, spacing: .poisson), for: .seconds(1)))
        #expect(result.summary().contains("not reached") == (result.rateMissed != nil))
        #expect(result.summary().contains("/s asked (\(result.measured.due) due), "))
        #expect(result.sentLate?.count == result.measured.due)
        return result
      }
      #expect(isReached)
    }
  }

  /// The answers of a server that takes longer than the first half of the load still come in the second.
  @Test(.timeLimit(.minutes(1)))
  func aServerThatTakesItsTimeAndKeepsUpIsNotSaidToBeSlow() async throws {
    try await TinyServer.with(.answerAfter(.milliseconds(400))) { server in
      let keepsUp = try await isSaid(nil) {
        let result = try await run(plan(server, .open(rate: 100, spacing: .fixed), for: .seconds(2)))
        #expect(result.measured.byStatus == [200: 200])
        // As Little's law has it, 40 at once; with what a busy machine adds.
        #expect((40...120).contains(result.connections))
        return result
      }
      #expect(keepsUp)
    }
  }
}
