import ChainTestSupport
import Dashboard
import Testing

/// The page's port at the level of bytes, against RFC 9110 and RFC 9112: the same as a service's ports.
@Suite struct PageConformanceTests {
  private static let path = "/api/v1/runs"

  @Test(.timeLimit(.minutes(1))) func thePageSpeaksHTTP() async throws {
    try await TestPage.with(try TestLab(isChainRunning: false)) { page in
      let rows = [
        WireCase("9110 9.3.2", "HEAD of a stream", WireCase.request("HEAD /api/v1/events HTTP/1.1"), [200]),
        WireCase("9110 9.3.2", "HEAD of a file", WireCase.request("HEAD /app.js HTTP/1.1"), [200]),
        Self.refused("PUT \(Self.path)", allow: "GET, HEAD"), Self.refused("DELETE /", allow: "GET, HEAD"),
        Self.refused("POST /api/v1/runs/run-1/lanes", allow: "GET, HEAD"),
        Self.refused("GET /api/v1/commands", allow: "POST"), Self.refused("HEAD /api/v1/load", allow: "DELETE"),
      ]
      for wire in WireCase.all(Self.path) + rows { #expect(wire.complaints(port: page.port) == []) }
    }
  }

  private static func refused(_ start: String, allow: String) -> WireCase {
    WireCase(
      "9110 15.5.6", "another method", WireCase.request("\(start) HTTP/1.1"), [405], header: ("allow", allow))
  }

  @Test(.timeLimit(.minutes(1))) func aConversationGoesAsItShould() async throws {
    try await TestPage.with(try TestLab(isChainRunning: false)) { page in
      #expect(WireTalk.isAskedToGoOn(port: page.port, Self.path) == nil)
      #expect(WireTalk.maySplitAnywhere(port: page.port, Self.path) == nil)
      #expect(WireTalk.mayHalfClose(port: page.port, Self.path) == nil)
      #expect(WireTalk.isToldWhyItIsRefused(port: page.port, Self.path) == nil)
    }
  }

  /// A stream has no length: its end is the connection's, as it says, and what comes behind its request is not read.
  @Test(.timeLimit(.minutes(1))) func aStreamSaysHowItEnds() async throws {
    try await TestPage.with(try TestLab(isChainRunning: false)) { page in
      let client = try page.connect()
      let request = WireCase.request("GET /api/v1/events HTTP/1.1")
      try client.send(request + request)
      let begun = try #require(try client.read(until: "\n\n"))
      #expect(begun.contains("\r\nconnection: close\r\n") && !begun.contains("content-length"))
      #expect(begun.contains("\r\n\r\nevent: state\ndata: {"))
      let more = try #require(try client.read(until: "}\n\nevent: state\n"))
      #expect(!more.dropFirst(9).contains("HTTP/1.1"))
    }
  }

  /// A long answer reaches a client that reads late and slowly, and nobody else waits for that.
  @Test(.timeLimit(.minutes(1))) func aLongAnswerComesWholeToASlowClient() async throws {
    try await TestPage.with(try TestLab(isChainRunning: false, runs: 20_000)) { page in
      let slow = try page.connect(receiveBuffer: 32 * 1024)
      try slow.get(Self.path)
      try slow.get("/no-such-path")
      #expect(page.send("/")?.status == 200)
      let answer = try slow.answer(within: .seconds(30))
      #expect(answer.status == 200 && answer.body.count > 1_000_000, "\(answer.body.count)")
      #expect(answer.text.hasPrefix("[{") && answer.text.contains(#""run-20000""#) && answer.text.hasSuffix("}]"))
      #expect(try slow.answer().status == 404)
    }
  }
}
