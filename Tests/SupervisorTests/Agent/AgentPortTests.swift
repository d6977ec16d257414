import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import Supervisor
import Testing
import TraceLog

/// An agent's port, as a neighbour and as a browser's page see it. Its root has no run.
@Suite struct AgentPortTests {
  @Test func whoeverHasTheTokenIsToldOfTheHost() throws {
    let agent = try TestAgent()
    let answer = try agent.ask("/status", agent.right)
    #expect(answer.status == 200)
    let status = try #require(WireJSON.decode(AgentStatus.self, from: answer.body))
    #expect(status.version == "1.2.3" && status.run == nil && status.refusedTokens == 0)
    #expect(answer.headers["cache-control"] == "no-store")
  }

  @Test func anyAddressOfLoopbackIsItsOwn() throws {
    let agent = try TestAgent(at: "127.0.0.7", hasToken: false)
    #expect(try agent.ask("/status").status == 200)
    #expect(try agent.ask("/status", ["Host: 127.0.0.8:\(agent.port)"]).status == 403)
  }

  @Test(.timeLimit(.minutes(1))) func withoutTheTokenNothingIsAnsweredAndEachAttemptCostsTime() throws {
    let agent = try TestAgent()
    let right = try #require(agent.right.first)
    let digits = right.suffix(64)
    let wrong: [[String]] = [
      [], ["Authorization: Bearer"], ["Authorization: Bearer x"], ["Authorization: Basic \(digits)"],
      ["Authorization: Bearer \(digits.dropLast())\(digits.last == "0" ? "1" : "0")"],
      ["Authorization: Bearer \(digits)0"], [right, right], ["X-Token: \(digits)"],
    ]
    let paths = ["/status", "/log", "/services/gateway/status", "/none"]
    // At the same time: each waits for itself.
    let answers = Parallel.map(wrong.count) { index in
      try? agent.ask(paths[index % paths.count], method: index % 4 == 1 ? "POST" : "GET", wrong[index])
    }.compactMap(\.self)
    try #require(answers.count == wrong.count)
    #expect(answers.allSatisfy { $0.status == 401 && $0.time > .milliseconds(900) })
    #expect(answers.allSatisfy { !$0.text.contains(digits) })
    // A token in a URL stands in logs; it is none.
    #expect(try agent.ask("/status?token=\(digits)").status == 401)
    let status = try #require(WireJSON.decode(AgentStatus.self, from: try agent.ask("/status", agent.right).body))
    #expect(status.refusedTokens == wrong.count + 1)
  }

  /// What watches over containers has no token, and is told nothing but that.
  @Test func aProbeIsToldWhetherTheAgentAndItsServicesAreThere() throws {
    let agent = try TestAgent()
    #expect(try agent.ask("/alive").status == 200)
    let ready = try agent.ask("/ready")
    #expect(ready.status == 503 && ready.text.contains("not ready"), "\(ready.text)")
    for path in ["/alive", "/ready"] {
      #expect(try agent.ask(path, ["Host: evil.example"]).status == 403)
      #expect(try agent.ask(path, ["Origin: http://evil.example"]).status == 403)
      #expect(try agent.ask(path, method: "POST", agent.right).status == 405)
    }
    for path in ["/alive/", "/ready?x", "/status"] { #expect(try agent.ask(path).status != 200, "\(path)") }
  }

  /// A page sends its origin, or, when its name was made to lead here, that name: also from a browser that has the token.
  @Test(arguments: [true, false]) func aPageOfABrowserIsRefused(hasToken: Bool) throws {
    let agent = try TestAgent(hasToken: hasToken)
    for fields in [
      ["Origin: http://evil.example"], ["Origin: http://127.0.0.1:\(agent.port)"], ["Origin: null"],
      ["Host: evil.example"], ["Host: evil.example:\(agent.port)"], ["Host: 10.77.0.12:\(agent.port)"],
    ] {
      for (path, method) in [("/status", "GET"), ("/stop", "POST"), ("/services/gateway/fault", "PUT")] {
        let answer = try agent.ask(path, method: method, agent.right + fields)
        #expect(answer.status == 403, "\(fields) \(method) \(path)")
      }
    }
  }

  @Test func onlyItsVerbsAreAnswered() throws {
    let agent = try TestAgent()
    for (method, path, status) in [
      ("GET", "/", 404), ("GET", "/services/gateway/callees/x", 404),
      ("PUT", "/services/gateway/callees", 405), ("POST", "/services/gateway/fault", 405), ("DELETE", "/status", 405),
      ("GET", "/start", 405), ("GET", "/log", 405), ("GET", "/services//status", 404),
      ("GET", "/services/gateway/status", 404), ("GET", "/services/..%2f..%2fetc/status", 404),
      ("POST", "/start", 415), ("POST", "/stop", 415), ("POST", "/log", 404),
    ] {
      let answer = try agent.ask(path, method: method, agent.right)
      #expect(answer.status == status, "\(method) \(path): \(answer.status) \(answer.text)")
    }
  }

  @Test func offLoopbackNobodyListensWithoutAToken() throws {
    let root = try Folder.scratch("agent-test")
    defer { try? FileManager.default.removeItem(atPath: root) }
    let launcher = try ChainLauncher(root: root, binaries: LiveChain.binaries)
    for address in ["10.77.0.12", "0.0.0.0", "::", "fd00::1"] {
      let endpoint = Endpoint(address, port: 0)
      let error = #expect(throws: AgentError.self) {
        try HostAgent(at: endpoint, token: nil, launcher: launcher, version: "1")
      }
      #expect(error == .tokenNeeded(endpoint) && error?.exitCode == .usage)
    }
  }

  /// Whatever comes, without the token it is not answered with anything but a refusal.
  @Test(.timeLimit(.minutes(1))) func damagedRequestsGetNothingPastTheToken() throws {
    let agent = try TestAgent()
    var ids = IDGenerator(seed: 19)
    let sound = Array("GET /status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer 00\r\n\r\n".utf8)
    let cases = (0..<40).map { _ in
      var bytes = sound
      for _ in 0...ids.next() % 3 {
        bytes[Int(ids.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: ids.next())
      }
      return bytes
    }
    let statuses = Parallel.map(cases.count) { index -> Int? in
      guard let client = try? RawClient(port: agent.port) else { return nil }
      try? client.send(cases[index])
      client.halfClose()
      return try? client.answer().status
    }
    #expect(statuses.allSatisfy { $0.map { $0 >= 400 } ?? true }, "\(statuses)")
    #expect(try agent.ask("/status", agent.right).status == 200)
  }
}
