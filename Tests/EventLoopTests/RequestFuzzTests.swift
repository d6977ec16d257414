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
}
