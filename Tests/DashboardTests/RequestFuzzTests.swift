import ChainTestSupport
import Dashboard
import Testing

/// See `RequestFuzzer`.
@Suite struct RequestFuzzTests {
  @Test(.timeLimit(.minutes(120))) func nothingBreaksThePagesPort() async throws {
    try await TestPage.with(try TestLab(isChainRunning: false)) { page in
      let count = try RequestFuzzer(port: page.port, "GET", "/#").run()
      #expect(count > 0)
    }
  }
}
