import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import Supervisor
import Testing
import Topology

/// What an agent is asked to start is checked before anything is started.
@Suite struct StartOrderTests {
  private static let id = "2026-11-29T20-15-00-00aa"

  private static let system = """
    hosts:
      blue: {address: 127.0.0.1}
    services:
      shop:
        host: blue
        routes: {GET /orders: {steps: [{work: 1ms}]}}
    """

  /// - Returns: the status and what was said.
  private func start(_ order: StartOrder) throws -> (Int, String) {
    let root = try Folder.scratch("agent-test")
    defer { try? FileManager.default.removeItem(atPath: root) }
    let agent = try HostAgent(
      at: Endpoint(port: 0), token: nil, launcher: ChainLauncher(root: root, binaries: LiveChain.binaries), version: "1"
    )
    defer { agent.stop() }
    let probe = HTTPProbe(
      "\(agent.endpoint.url)/start", method: "POST", headers: ["Content-Type: application/json"],
      body: String(decoding: WireJSON.encode(order), as: UTF8.self))
    let answer = try #require(probe.send())
    #expect(try Folder.names(in: root).isEmpty, "nothing was made")
    return (answer.status, answer.text)
  }

  @Test(arguments: [
    ("../../etc", "blue", system), ("2026", "blue", system), (id, "green", system), (id, "here", system),
    (id, "blue", system + "\n    program: chainlab"), (id, "blue", system + "\n    program: /bin/sh"),
    (id, "blue", "services: {"), (id, "blue", ""), (id, "", system),
  ])
  func whatIsNotSoundIsRefusedAndNothingIsStarted(run: String, host: String, services: String) throws {
    let (status, text) = try start(StartOrder(run: run, host: host, services: services))
    #expect(status == 400, "\(text)")
  }
}
