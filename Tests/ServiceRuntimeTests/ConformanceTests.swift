import ChainModel
import ChainTestSupport
import Testing
import Topology

extension OneService {
  /// The service port and the control port at the level of bytes, against RFC 9110 and RFC 9112.
  @Suite struct ConformanceTests {
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func theServicePortSpeaksHTTP(model: IOModel) async throws {
      let strangers = [
        WireCase("9110 7.4", "another host", WireCase.request("GET /ping HTTP/1.1", ["Host: evil.example"]), [421]),
        WireCase(
          "9112 3.2.2", "another host's target", WireCase.request("GET http://evil.example/ping HTTP/1.1"), [421]),
        WireCase(
          "9110 7.4", "the service's name", WireCase.request("GET /ping HTTP/1.1", ["Host: payment-service:80"]), [200]),
        WireCase("9112 3.2", "no host in HTTP/1.0", "GET /ping HTTP/1.0\r\n\r\n", [200], ends: true),
        WireCase(
          "6454 7", "another site's page",
          WireCase.request("GET /ping HTTP/1.1", WireCase.host("Origin: http://evil.example")),
          [403]),
        WireCase(
          "6454 7", "a page of this host",
          WireCase.request("GET /ping HTTP/1.1", WireCase.host("Origin: http://localhost:8079")), [200]),
        WireCase(
          "9110 15.5.6", "another method", WireCase.request("PUT /ping HTTP/1.1"), [405], header: ("allow", "GET, HEAD")
        ),
        WireCase(
          "9110 10.1.1", "not wanted, and it waits to be asked",
          WireCase.request("POST /ping HTTP/1.1", WireCase.host("Expect: 100-continue", "Content-Length: 5")), [405],
          ends: true
        ),
      ]
      try await LoneService.run(.paymentService) {
        $0.model = model
      } body: { service in
        for wire in WireCase.all("/ping") + strangers { #expect(wire.complaints(port: service.port) == []) }
        #expect(try await service.servesAsBefore())
        try service.expectSoundLog()
      }
    }

    @Test(.timeLimit(.minutes(1))) func theControlPortSpeaksHTTP() async throws {
      try await LoneService.run(.paymentService) { service in
        let asked = WireCase.request("HEAD /status HTTP/1.1")
        let rows = [
          WireCase(
            "9110 15.5.6", "another method", WireCase.request("PUT /health HTTP/1.1"), [405],
            header: ("allow", "GET, HEAD")
          ),
          WireCase("9110 9.3.2", "HEAD", asked, [200]),
        ]
        for wire in WireCase.all("/health") + rows { #expect(wire.complaints(port: service.controlPort) == []) }
      }
    }

    /// 9110 10.1.1: whoever asks before sending a body is told to go on, at once.
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func whoWaitsToBeAskedIsAsked(model: IOModel) async throws {
      try await LoneService.run(.paymentService) {
        $0.model = model
      } body: { service in
        #expect(WireTalk.isAskedToGoOn(port: service.port, "/ping") == nil)
        #expect(WireTalk.isAskedToGoOn(port: service.controlPort, "/health") == nil)
      }
    }

    /// A request may come in any pieces.
    @Test(.timeLimit(.minutes(1))) func aRequestMayBeSplitAnywhere() async throws {
      try await LoneService.run(.paymentService) { service in
        #expect(WireTalk.maySplitAnywhere(port: service.port, "/ping") == nil)
      }
    }

    /// 9112 9.6: a client that has nothing more to send may still wait for its answer (`nc -N`).
    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func aClientThatHalfClosesGetsItsAnswer(model: IOModel) async throws {
      let callee = try CannedCallee(.late(.milliseconds(300), .ok))
      defer { callee.shutDown() }
      try await LoneService.run(callees: [.userService: callee]) {
        $0.model = model
      } body: { service in
        for path in ["/ping", LoneService.call] {
          #expect(WireTalk.mayHalfClose(port: service.port, path) == nil)
        }
        try service.expectSoundLog()
      }
    }

    /// A client that sends all of its upload before it reads must be able to read why it is refused.
    @Test(.timeLimit(.minutes(1))) func aRefusedUploadIsToldWhy() async throws {
      try await LoneService.run(.paymentService) { service in
        for port in [service.port, service.controlPort] {
          #expect(WireTalk.isToldWhyItIsRefused(port: port, "/ping") == nil)
        }
      }
    }

    /// `localhost` is ::1 as well.
    @Test(.timeLimit(.minutes(1))) func theOtherLocalhostIsServedToo() async throws {
      try await LoneService.run(.paymentService) { service in
        guard RawClient.hasIPv6 else { return }
        #expect(HTTPProbe("http://[::1]:\(service.port)/ping").send()?.status == 200)
        #expect(HTTPProbe("http://[::1]:\(service.controlPort)/health").send()?.status == 200)
      }
    }
  }
}
