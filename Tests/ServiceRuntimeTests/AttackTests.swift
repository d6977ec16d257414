import CascadeAnalysis
import ChainModel
import ChainTestSupport
import FoundationEssentials
import Supervisor
import Testing
import Topology
import TraceLog

extension OneService {
  /// Clients that are broken, slow or hostile: each gets one clear error, and the service goes on.
  @Suite struct AttackTests {
    /// Bytes that are no HTTP/1.1 request.
    private static let malformed = [
      "GET\r\n\r\n",
      "GET /ping\r\n\r\n",
      "G\u{1}T /ping HTTP/1.1\r\n\r\n",
      "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3} no TLS here",
      "GET /ping HTTP/1.1\r\nHost: localhost\r\nno colon here\r\n\r\n",
      "GET /ping HTTP/1.1\r\nHost: localhost\r\nbad name: 1\r\n\r\n",
      "GET /ping HTTP/1.1\r\nHost: localhost\r\nx: \u{0}\r\n\r\n",
      "GET /ping HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
      "GET /ping HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
      "GET /ping HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999999\r\n\r\n",
      "POST /ping HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /ping HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    ]

    @Test(.timeLimit(.minutes(1)), arguments: malformed)
    func whatIsNoHTTPIsRefusedOnce(request: String) async throws {
      try await LoneService.run(.paymentService) { service in
        let client = try service.client()
        try client.send(Array(request.unicodeScalars.map { UInt8($0.value) }))
        let answer = try client.answer()
        #expect(answer.status == 400)
        #expect(answer.problem?.errorType == "bad_request")
        #expect(answer[header: "connection"] == "close")
        #expect(try client.end() != .open)
        #expect(try await service.servesAsBefore())
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func theSecondRequestMayBeMalformed(model: IOModel) async throws {
      try await LoneService.run(.paymentService) {
        $0.model = model
      } body: { service in
        let client = try service.client()
        try client.send("GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try client.answer().status == 200)
        try client.send("nonsense\r\n\r\n")
        #expect(try client.answer().status == 400)
        #expect(try client.end() != .open)
        #expect(try await service.servesAsBefore())
      }
    }

    /// Heads that are too large: one field, many fields, the path.
    private static let oversized = [
      "GET /ping HTTP/1.1\r\nHost: localhost\r\nx: \(String(repeating: "y", count: 128 * 1024))\r\n\r\n",
      "GET /ping HTTP/1.1\r\nHost: localhost\r\n\((1...2000).map { "x\($0): y\r\n" }.joined())\r\n",
    ]

    @Test(.timeLimit(.minutes(1)), arguments: oversized)
    func anOversizedHeadIsRefused(request: String) async throws {
      try await LoneService.run(.paymentService) { service in
        let client = try service.client()
        // The service may answer and close before it has read all of it.
        try? client.send(request)
        let answer = try client.answer()
        #expect(answer.status == 431)
        #expect(answer.problem?.errorType == "head_too_large")
        #expect(try await service.servesAsBefore())
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func anOversizedBodyIsRefusedBeforeItsEnd(model: IOModel) async throws {
      try await LoneService.run(.paymentService) {
        $0.model = model
      } body: { service in
        let client = try service.client()
        try client.send("GET /ping HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n")
        try client.send([UInt8](repeating: 120, count: 70_000))
        let answer = try client.answer()
        #expect(answer.status == 413)
        #expect(answer.problem?.errorType == "body_too_large")
        #expect(answer[header: "connection"] == "close")
        #expect(try await service.servesAsBefore())
      }
    }

    @Test(.timeLimit(.minutes(1)))
    func anOversizedChunkedBodyIsRefused() async throws {
      try await LoneService.run(.paymentService) { service in
        let client = try service.client()
        try client.send("GET /ping HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 1...9 { try client.send("2000\r\n\(String(repeating: "x", count: 8192))\r\n") }
        #expect(try client.answer().status == 413)
        #expect(try await service.servesAsBefore())
      }
    }

    /// Waits for a record in the service's log.
    private static func sees(_ service: LoneService, named name: String? = nil, _ matches: (Record) -> Bool) -> Bool {
      Patience.wait(.seconds(15)) {
        guard let log = try? service.snapshot() else { return false }
        return log.records.contains { matches($0) && (name == nil || log.strings[$0.name] == name) }
      }
    }

    /// Its head is in the log, and so its end must be.
    @Test(
      .timeLimit(.minutes(1)),
      arguments: [
        ("Content-Length: 100\r\n\r\nabc", true, "cancelled"),
        ("Content-Length: 100\r\n\r\nabc", false, "request_timeout"),
        ("Transfer-Encoding: chunked\r\n\r\nzz\r\n", false, "bad_request"),
      ])
    func aRequestThatNeverComesWholeEndsInTheLog(rest: String, leaves: Bool, reason: String) async throws {
      try await LoneService.run(.paymentService) {
        $0.requestTimeout = .milliseconds(300)
      } body: { service in
        let client = try service.client()
        try client.send("GET /ping HTTP/1.1\r\nHost: localhost\r\n\(rest)")
        if leaves {
          #expect(Self.sees(service) { $0.kind == .arrive })
          client.close()
        }
        #expect(Self.sees(service, named: reason) { $0.kind == .reject })
        #expect(LogAudit(try service.snapshot()).open == 0)
        #expect(try service.status().inFlight == 0)
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func aBodyWithinTheLimitIsIgnored(model: IOModel) async throws {
      try await LoneService.run(.paymentService) {
        $0.model = model
      } body: { service in
        let client = try service.client()
        for _ in 1...2 {
          let body = String(repeating: "x", count: 60_000)
          try client.send("GET /ping HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n\(body)")
          #expect(try client.answer().status == 200)
        }
        #expect(try await service.servesAsBefore())
      }
    }

    /// What a slow client has sent when it stops.
    private static let beginnings = [
      "G", "GET /ping HTTP/1.1\r\nHost: localhost\r\n",
      "GET /ping HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc",
    ]

    @Test(.timeLimit(.minutes(1)), arguments: beginnings)
    func aSlowClientIsTold(beginning: String) async throws {
      try await LoneService.run(.paymentService) {
        $0.requestTimeout = .milliseconds(200)
      } body: { service in
        let client = try service.client()
        try client.send(beginning)
        let answer = try client.answer(within: .seconds(5))
        #expect(answer.status == 408)
        #expect(answer.problem?.errorType == "request_timeout")
        #expect(try client.end(within: .seconds(5)) != .open)
        #expect(try await service.servesAsBefore())
        #expect(try await eventually { try service.status().connections == 0 })
      }
    }

    @Test(.timeLimit(.minutes(1)))
    func aClientThatSendsByteByByteIsTold() async throws {
      try await LoneService.run(.paymentService) {
        $0.requestTimeout = .milliseconds(300)
      } body: { service in
        let client = try service.client()
        // Each byte comes well within the timeout; the request as a whole does not.
        for byte in "GET /ping HTTP/1.1\r\nx-long: \(String(repeating: "y", count: 500))".utf8 {
          guard !client.hasInput(within: .milliseconds(20)) else { break }
          try client.send([byte])
        }
        #expect(try client.answer(within: .seconds(5)).status == 408)
        #expect(try await service.servesAsBefore())
      }
    }

    /// Connections on which nothing comes: none at all, and one request but no second.
    @Test(.timeLimit(.minutes(1)), arguments: [false, true])
    func anIdleConnectionIsClosed(afterRequest: Bool) async throws {
      try await LoneService.run(.paymentService) {
        $0.idleTimeout = .milliseconds(200)
      } body: { service in
        let client = try service.client()
        if afterRequest { #expect(try client.request("/ping").status == 200) }
        #expect(try client.end(within: .seconds(5)) == .closed)
        #expect(try await eventually { try service.status().connections == 0 })
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: beginnings, [false, true])
    func aClientMayLeaveInTheMiddleOfItsRequest(beginning: String, byReset: Bool) async throws {
      try await LoneService.run(.paymentService) { service in
        let client = try service.client()
        try client.send(beginning)
        #expect(try await eventually { try service.status().connections == 1 })
        if byReset { client.reset() } else { client.close() }
        #expect(try await eventually { try service.status().connections == 0 })
        #expect(try await service.servesAsBefore())
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: IOModel.allCases)
    func pipelinedRequestsAreAnsweredInOrder(model: IOModel) async throws {
      try await LoneService.run(.paymentService) {
        $0.model = model
      } body: { service in
        let paths = (1...10).map { "/payments?order_ids=\($0)" }
        let client = try service.client()
        try client.send(paths.map { "GET \($0) HTTP/1.1\r\nHost: localhost\r\n\r\n" }.joined())
        for number in 1...10 {
          let answer = try client.answer()
          let payments = WireJSON.decode([Payment].self, from: answer.body)
          #expect(payments?.map(\.orderID) == [number])
        }
        #expect(try await service.servesAsBefore())
      }
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["%", "%2", "%zz", "%ff", "%C3%28", "ada%", "%%41"])
    func brokenEscapesAreABadRequest(name: String) async throws {
      try await LoneService.run(.userService) { service in
        let answer = try service.get("/users/\(name)")
        #expect(answer.status == 400)
        #expect(answer.problem?.errorType == "bad_request")
        #expect(try service.get("/users/%61d%61").text.contains(#""username":"ada""#))
      }
    }

    @Test(.timeLimit(.minutes(1)))
    func anUnknownPathOrMethodIsNamed() async throws {
      try await LoneService.run(.paymentService) { service in
        for path in ["/nothing", "/", "/ping/more", "//", "/payments/1", "*"] {
          #expect(try service.get(path).status == 404, "\(path)")
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
          let client = try service.client()
          try client.send("\(method) /ping HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
          let answer = try client.answer()
          #expect(answer.status == 405)
          #expect(answer[header: "allow"] == "GET, HEAD")
        }
        #expect(try await service.servesAsBefore())
      }
    }

    @Test(.timeLimit(.minutes(1)))
    func anAnswerToHEADHasNoBody() async throws {
      try await LoneService.run(.paymentService) { service in
        let client = try service.client()
        try client.send("HEAD /ping HTTP/1.1\r\nHost: localhost\r\n\r\nGET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try client.answer(bodiless: true)[header: "content-length"] == "15")
        // A body would stand here, and be taken for the next answer.
        #expect(try client.answer().text == #"{"ping":"pong"}"#)
        let control = try RawClient(port: service.controlPort)
        try control.send(
          "HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try control.answer(bodiless: true).status == 200)
        #expect(try control.answer().status == 200)
      }
    }
  }
}
