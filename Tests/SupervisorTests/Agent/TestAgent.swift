import ChainModel
import ChainTestSupport
import FoundationEssentials
import Supervisor
import Testing

/// An agent, with or without a token, that ends with the test.
final class TestAgent: Sendable {
  let root: String
  let agent: HostAgent
  let token: AgentToken?

  init(at address: String = Endpoint.loopback, hasToken: Bool = true) throws {
    root = try Folder.scratch("agent-test")
    if hasToken { try AgentToken.make(at: "\(root)/token") }
    token = hasToken ? try AgentToken(path: "\(root)/token") : nil
    agent = try HostAgent(
      at: Endpoint(address, port: 0), token: token, launcher: ChainLauncher(root: root, binaries: LiveChain.binaries),
      version: "1.2.3")
  }

  deinit {
    agent.stop()
    try? FileManager.default.removeItem(atPath: root)
  }

  var port: Int { agent.endpoint.port }

  func ask(
    _ path: String, method: String = "GET", _ headers: [String] = [], body: String? = nil
  ) throws -> ProbeAnswer {
    let probe = HTTPProbe(
      "\(agent.endpoint.url)\(path)", method: method, headers: headers, body: body)
    return try #require(probe.send())
  }

  var right: [String] { token.map { [$0.field] } ?? [] }
}
