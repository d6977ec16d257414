import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import Supervisor
import Testing
import Topology
import TraceLog

/// A folder with a `services.yaml`, as a user has one, and what `chainlab` does there. Whatever runs is ended with it.
final class ChainlabRoot: Sendable {
  let path: String
  let topology: Topology

  init(_ change: (inout Topology) -> Void = { _ in }) throws {
    var topology = LiveChain.topology()
    topology.dashboard = DashboardConfiguration(port: FreePorts.take(1)[0], enabled: true)
    change(&topology)
    self.topology = topology
    path = FileManager.default.temporaryDirectory.appending(path: "chainlab-root-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Data(topology.yaml().utf8).write(to: URL(filePath: "\(path)/services.yaml"))
  }

  deinit {
    _ = try? launcher().down()
    try? FileManager.default.removeItem(atPath: path)
  }

  func launcher() throws -> ChainLauncher { try ChainLauncher(root: path, binaries: LiveChain.binaries) }

  func chain() throws -> ChainLauncher.Chain { try #require(try launcher().chain()) }

  func run(_ words: String..., limits: String = ":", interruptedWhen: () -> Bool = { false }) async throws
    -> ChainlabProgram.Outcome
  {
    try await ChainlabProgram.run(words + ["--root", path], limits: limits, interruptedWhen: interruptedWhen)
  }

  func get(_ path: String, of name: ServiceName = .gateway) -> ProbeAnswer? {
    HTTPProbe("http://127.0.0.1:\(topology[name].port)\(path)").send()
  }

  func page(_ path: String, host: String = "127.0.0.1") -> ProbeAnswer? {
    HTTPProbe("http://\(host):\(topology.dashboard.port)\(path)").send()
  }

  var processes: ChainProcesses { ChainProcesses.find(root: path) }

  /// No process, no port, no log outside of the root.
  func expectNothingLeft(_ processes: Set<ProcessIdentity>, logs: [String]) {
    #expect(self.processes.isEmpty)
    #expect(!processes.contains { $0.isAlive })
    let ports = topology.services.flatMap { [$0.port, $0.controlPort] } + [topology.dashboard.port]
    for port in ports { #expect(PortCheck.isFree(Endpoint(port: port)), "\(port)") }
    for log in logs { #expect(access(log, F_OK) != 0, "\(log)") }
  }
}
