import ChainModel
import ChainTestSupport
import EventLoop
import Glibc
import KernelView
import Supervisor
import Testing
import Topology
import TraceLog

extension OneService {
  /// The control port as somebody meets it who must not get in, or does not know how to ask.
  @Suite struct ControlPortTests {
    /// A request, the status it gets, and what its one message must say.
    struct Row: CustomTestStringConvertible {
      var request: String
      var status: Int
      var words: [String]

      init(
        _ status: Int, _ line: String, _ headers: [String] = ["Host: localhost"], _ body: String? = nil,
        says words: String...
      ) {
        var lines = ["\(line) HTTP/1.1"] + headers
        if let body {
          if !headers.contains(where: { $0.hasPrefix("Content-Type") }) {
            lines.append("Content-Type: application/json")
          }
          lines.append("Content-Length: \(body.utf8.count)")
        }
        request = (lines + ["", body ?? ""]).joined(separator: "\r\n")
        self.status = status
        self.words = words
      }

      static func put(_ path: String, _ body: String, says words: String...) -> Row {
        var row = Row(400, "PUT \(path)", ["Host: localhost"], body)
        row.words = words
        return row
      }

      var testDescription: String { String(request.prefix(120)) }
    }

    private struct Problem: Decodable {
      var detail: String
      var service: String
      var status: String
    }

    /// Each row is sent on a connection of its own, and again on one that has been of use before.
    private func expect(_ rows: [Row]) async throws {
      try await LoneService.run(.paymentService) { service in
        for row in rows {
          let client = try RawClient(port: service.controlPort)
          try? client.send(row.request)
          let answer = try client.answer()
          #expect(answer.status == row.status, "\(row.request.prefix(200)) \(answer.text)")
          #expect(answer[header: "x-content-type-options"] == "nosniff" || row.status == 400 || row.status == 431)
          guard row.status != 200 else { continue }
          #expect(answer[header: "content-type"] == "application/problem+json")
          let problem = try #require(WireJSON.decode(Problem.self, from: answer.body))
          #expect(problem.service == "payment-service" && problem.status == "\(row.status)")
          for word in row.words { #expect(problem.detail.contains(word), "\(problem.detail)") }
        }
        // Nothing has changed, and everything goes on.
        let status = try service.status()
        #expect(status.mode == .blocking && status.faults == [])
        #expect(status.pool.threads == 4 && status.pool.queueLimit == 16)
        #expect(try service.get("/ping").status == 200)
      }
    }

    // MARK: Who may ask

    /// Loopback is open to all users of a host; the chain is its owner's.
    @Test(
      .enabled(if: PeerUsers().isKnown && geteuid() == 0, "only root can be several users"), .timeLimit(.minutes(1)))
    func anotherUserOfTheHostIsRefused() async throws {
      try await LoneService.run(.paymentService) { service in
        await #expect(processExitsWith: .success) { [port = service.controlPort as Int] in
          #expect(setgid(65_534) == 0 && setuid(65_534) == 0)
          for request in ["GET /status", "DELETE /fault", "GET /metrics"] {
            let client = try RawClient(port: port)
            try client.send("\(request) HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let answer = try client.answer()
            #expect(answer.status == 403 && answer.text.contains("you are user 65534"), "\(answer.text)")
          }
        }
        let status = try service.status()
        #expect(status.faults == [])
      }
    }

    /// DNS rebinding: a page's own name leads to 127.0.0.1, but the browser says that name.
    @Test(.timeLimit(.minutes(1))) func aForeignHostIsRefused() async throws {
      let foreign = [
        "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:80", "0.0.0.0", "10.0.0.1",
        "localhost:99999", "localhost:", "localhost:80:80", "[::1", "[::2]", "[::1]x", "[::1]:x", "127.0.0.1@evil", "",
      ]
      let own = ["localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8080"]
      try await expect(
        [
          Row(400, "GET /status", [], says: "Host"),
          Row(400, "GET /status", ["Host: localhost", "Host: localhost"], says: "Host"),
        ]
          + foreign.map { Row(403, "GET /status", ["Host: \($0)"], says: "Host") }
          + [Row(403, "PUT /mode", ["Host: evil.example"], #"{"mode":"async"}"#, says: "Host")]
          + own.map { Row(200, "GET /status", ["Host: \($0)"]) })
    }

    /// A page from elsewhere makes a browser send a request: it says where the page is from.
    @Test(.timeLimit(.minutes(1))) func aForeignOriginIsRefused() async throws {
      let foreign = [
        "http://evil.example", "https://evil.example", "null", "http://localhost.evil.example", "file://", "",
        "http://evil.example:80", "http://", "localhost",
      ]
      func headers(_ origin: String) -> [String] { ["Host: localhost", "Origin: \(origin)"] }
      try await expect(
        foreign.map { Row(403, "GET /status", headers($0), says: "Origin") }
          + [
            Row(403, "PUT /mode", headers("http://evil.example"), #"{"mode":"async"}"#, says: "Origin"),
            Row(403, "PUT /fault", headers("null"), #"{"hang":""}"#, says: "Origin"),
            Row(403, "DELETE /fault", headers("http://evil.example"), says: "Origin"),
            Row(
              403, "GET /status", headers("http://localhost") + ["Origin: http://evil.example"], says: "Origin"),
          ]
          + ["http://localhost", "http://localhost:8080", "http://127.0.0.1:3000"].map {
            Row(200, "GET /status", headers($0))
          })
    }

    // MARK: What can be asked

    @Test(.timeLimit(.minutes(1))) func aWrongPathOrMethodIsNamed() async throws {
      try await expect(
        ["/", "/nothing", "/status/", "/Status", "/mode/x", "*"].map {
          Row(404, "GET \($0)", says: "/status", "/fault", "/mode")
        } + [
          Row(405, "PUT /status", ["Host: localhost"], "{}", says: "/status takes GET"),
          Row(405, "DELETE /mode", says: "/mode takes PUT"),
          Row(405, "POST /mode", ["Host: localhost"], #"{"mode":"async"}"#, says: "/mode takes PUT"),
          Row(405, "GET /fault", says: "/fault takes PUT, DELETE"),
          Row(405, "OPTIONS /fault", says: "PUT, DELETE"),
          Row(200, "GET /status?x=1"),
        ])
    }

    @Test(.timeLimit(.minutes(1))) func aBodyThatIsNoJSONObjectIsRefused() async throws {
      let typed = { (type: String) in ["Host: localhost", "Content-Type: \(type)"] }
      try await expect(
        // What a browser may send across sites without asking first has one of these types.
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"].map {
          Row(415, "PUT /mode", typed($0), #"{"mode":"async"}"#, says: "application/json", $0)
        }
          + [Row(415, "PUT /mode", says: "application/json")]
          + ["", "{", "[]", "null", "1", "async", #"{"mode":}"#, #"{"mode":["async"]}"#, #"{"mode":{"a":1}}"#].map {
            .put("/mode", $0, says: "no JSON object")
          })
    }

    @Test(.timeLimit(.minutes(1))) func anUnknownFieldOrValueIsNamed() async throws {
      try await expect([
        .put("/mode", #"{}"#, says: "mode: found nothing", "blocking, async, nonblocking, nonblocking-async"),
        .put("/mode", #"{"mode":"sideways"}"#, says: "sideways", "nonblocking-async"),
        .put("/mode", #"{"mode":"nonbloking"}"#, says: "did you mean nonblocking?"),
        .put("/mode", #"{"mode":"async","color":"red"}"#, says: "color: found an unknown key, expected one of mode"),
        .put("/mode", #"{"mode":1}"#, says: "found 1"),
        .put("/mode", #"{"mode":""}"#, says: "mode: found nothing"),
        .put("/mode", #"{"mode":"\u001b[31m"}"#, says: #"found \u{1B}[31m"#),
        .put("/pool", #"{}"#, says: "found nothing, expected one or more of threads, queue"),
        .put("/policy", #"{"retries":3}"#, says: "callee: found nothing", "payment-service calls nobody"),
        .put("/policy", #"{"callee":"gateway"}"#, says: "gateway", "calls nobody"),
        .put("/admission", #"{}"#, says: "min_remaining, leave, in_flight"),
        .put("/admission", #"{"leave":"never"}"#, says: "leave: found never, expected a choice (cancel, finish)"),
        .put("/admission", #"{"in_flight":0}"#, says: "in_flight: found 0, expected a limit of requests"),
        .put("/admission", #"{"late":1}"#, says: "late: found an unknown key"),
        .put("/pool", #"{"threads":0}"#, says: "threads: found 0, expected a whole number (1…4096)"),
        .put("/pool", #"{"threads":4097}"#, says: "4097", "1…4096"),
        .put("/pool", #"{"threads":2.5}"#, says: "2.5", "whole number"),
        .put("/pool", #"{"threads":"four"}"#, says: "threads", "whole number"),
        .put("/pool", #"{"threads":true}"#, says: "threads: found true"),
        .put("/pool", #"{"threads":8,"queue":-1}"#, says: "queue", "-1", "0…100000"),
        .put("/pool", #"{"threads":8,"queue":1e300}"#, says: "queue", "whole number"),
        .put("/pool", #"{"threads":8,"stack":1}"#, says: "stack: found an unknown key, expected one of threads, queue"),
        .put("/fault", #"{}"#, says: "found nothing, expected one of", "block-loop"),
        .put("/fault", #"{"latency":"soon"}"#, says: "latency: found soon", "lognormal"),
        .put("/fault", #"{"latncy":"1s"}"#, says: "did you mean latency?"),
        .put("/fault", #"{"latency":"1s","hang":""}"#, says: "one fault at a time"),
        .put("/fault", #"{"error":"200"}"#, says: "error", "400…599"),
        .put("/fault", #"{"error":503,"share":0}"#, says: "share: found 0"),
        .put("/fault", #"{"error":503,"share":"150%"}"#, says: "share", "150%"),
        .put("/fault", #"{"hang":"","users":"ada"}"#, says: "users: found an unknown key", "user, header, for"),
        .put("/fault", #"{"hang":"","for":"0s"}"#, says: "for", "0s"),
        .put("/fault", #"{"hang":"","header":"x"}"#, says: "header", "name:value"),
        .put("/fault", #"{"block-loop":"61s"}"#, says: "block-loop", "at most 60s"),
      ])
    }

    @Test(.timeLimit(.minutes(1))) func sizesAreBounded() async throws {
      let large = String(repeating: "x", count: 64 * 1024)
      let chunk = "10000\r\n\(large)\r\n"
      var chunked = Row(413, "PUT /mode", ["Host: localhost", "Transfer-Encoding: chunked"], says: "65536 bytes")
      chunked.request += chunk + chunk
      try await expect([
        Row(413, "PUT /mode", ["Host: localhost"], #"{"mode":"\#(large)"}"#, says: "65536 bytes"),
        chunked,
        Row(431, "GET /status", ["Host: localhost", "x: \(large)\(large)"], says: "head"),
        .put("/mode", #"{"mode":"\#(large.dropFirst(100))"}"#, says: "mode: found"),
      ])
    }

    // MARK: What is no HTTP

    /// The end of a connection on which nothing more can be understood.
    private static let malformed = [
      "nonsense\r\n\r\n", "GET /status\r\n\r\n",
      "GET /status HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
      "GET /status HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
      "PUT /mode HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "PUT /mode HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ]

    @Test(.timeLimit(.minutes(1)), arguments: [false, true])
    func whatIsNoHTTPEndsTheConnection(afterRequest: Bool) async throws {
      try await LoneService.run(.paymentService) { service in
        for bytes in Self.malformed {
          let client = try RawClient(port: service.controlPort)
          // A good request in the same packet is answered first.
          try client.send((afterRequest ? "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" : "") + bytes)
          if afterRequest { #expect(try client.answer().status == 200) }
          let answer = try client.answer()
          #expect(answer.status == 400, "\(bytes)")
          #expect(answer[header: "connection"] == "close")
          let problem = try #require(WireJSON.decode(Problem.self, from: answer.body))
          #expect(problem.detail.contains("no valid HTTP/1.1"))
          #expect(try client.end() != .open)
          #expect(try service.status().mode == .blocking)
        }
      }
    }

    @Test(.timeLimit(.minutes(1))) func whoLeavesInTheMiddleIsForgotten() async throws {
      try await LoneService.run(.paymentService) { service in
        let kernel = ProcessView(pid: service.pid)
        let control = try RawClient(port: service.controlPort)
        // Whoever asked before has been forgotten when this has been answered twice.
        for _ in 1...2 { #expect(try control.request("/health").status == 200) }
        let before = kernel.openDescriptors.count
        let clients = try (0..<20).map { _ in try RawClient(port: service.controlPort) }
        for (index, client) in clients.enumerated() {
          try client.send(
            index % 2 == 0 ? "PUT /mode HT" : "PUT /mode HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
        }
        #expect(await eventually { kernel.openDescriptors.count == before + 20 })
        for (index, client) in clients.enumerated() { index % 4 < 2 ? client.close() : client.reset() }
        #expect(await eventually { kernel.openDescriptors.count == before })
        #expect(try control.request("/health").status == 200)
      }
    }
  }
}
