import ChainTestSupport
import EventLoop
import Testing

/// See `RequestFuzzer`.
@Suite struct RequestFuzzTests {
  @Test(.timeLimit(.minutes(120))) func nothingBreaksTheLoopsServer() throws {
    let server = try EchoServer(.init(request: .seconds(5), idle: .seconds(5)))
    defer { server.stop() }
    #expect(try RequestFuzzer(port: server.port, "GET", "/#").run() > 0)
  }

  /// Damage hides nothing: a server that gives an answer to the wrong request is found out.
  @Test(.timeLimit(.minutes(1))) func aServerThatMixesUpAnswersIsFound() throws {
    let server = try EchoServer(isMixedUp: true)
    defer { server.stop() }
    #expect(throws: RequestFuzzer.Finding.self) { try RequestFuzzer(port: server.port, "GET", "/#").run() }
  }
}
