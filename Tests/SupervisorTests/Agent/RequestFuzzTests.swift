import ChainTestSupport
import Testing

/// See `RequestFuzzer`.
@Suite struct RequestFuzzTests {
  /// On loopback no token is needed, so that the requests come through.
  @Test(.timeLimit(.minutes(120))) func nothingBreaksAnAgentsPort() throws {
    let agent = try TestAgent(hasToken: false)
    let count = try RequestFuzzer(port: agent.port, "GET", "/services/n#/status").run()
    #expect(count > 0)
    #expect(try agent.ask("/status").status == 200)
  }
}
