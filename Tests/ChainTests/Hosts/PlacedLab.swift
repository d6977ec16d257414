import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import Supervisor
import Topology

/// A chain of which another host has a part. Both hosts are this machine, each with a root of its own.
final class PlacedLab {
  let root: String
  let other: String
  let port: Int
  var topology: Topology
  private var agent: ChildProcess?
  private let environment: [String: String]

  /// - Parameters:
  ///   - placed: these services are on the other host.
  ///   - token: of the agent, in the environment of all that is started; nil: it has none.
  ///   - hasPage: whether there is one.
  /// - Throws: when a folder or file cannot be made, or the agent cannot be started.
  init(placed: Set<ServiceName>, token: String? = nil, hasPage: Bool = false) throws {
    var environment = ProcessInfo.processInfo.environment
    environment["CHAINLAB_ROOT"] = nil
    environment["CHAINLAB_TOKEN"] = token
    self.environment = environment
    (root, other) = (try Folder.scratch("hosts-test"), try Folder.scratch("hosts-test-blue"))
    port = FreePorts.take(1)[0]
    topology = LiveChain.topology()
    topology.dashboard = DashboardConfiguration(port: FreePorts.take(1)[0], enabled: hasPage)
    topology.hosts = [HostConfiguration("blue", at: "127.0.0.1", agentPort: port)]
    for index in topology.services.indices where placed.contains(topology.services[index].name) {
      topology.services[index].host = "blue"
    }
    try topology.yaml().write(toFile: "\(root)/services.yaml", atomically: true, encoding: .utf8)
    try startAgent()
  }

  func startAgent() throws {
    agent = try start(["agent", "--root", other, "--listen", "127.0.0.1:\(port)"], output: "\(other)/agent.out")
  }

  /// Starts the program in the background.
  func start(_ words: [String], output: String) throws -> ChildProcess {
    try Command(
      executable: "\(LiveChain.binaries)/chainlab", arguments: words, environment: environment, output: output
    ).spawn()
  }

  func stopAgent() {
    agent?.end()
    agent = nil
  }

  deinit {
    stopAgent()
    for root in [root, other] {
      _ = try? ChainLauncher(root: root, binaries: LiveChain.binaries).down()
      try? FileManager.default.removeItem(atPath: root)
    }
  }

  func run(_ words: String...) async throws -> ChainlabProgram.Outcome {
    try await ChainlabProgram.run(words + ["--root", root])
  }

  func store(_ root: String) throws -> RunFolder { try RunStore(root: root).find("latest") }

  func get(_ path: String) -> ProbeAnswer? {
    HTTPProbe("http://127.0.0.1:\(topology[.gateway].port)\(path)").send()
  }
}
