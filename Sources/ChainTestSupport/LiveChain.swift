package import ChainModel
import FoundationEssentials
import Glibc
package import LoadGenerator
package import Supervisor
package import Topology
package import TraceLog

/// The real chain: four processes and their supervisor, on ports and in a folder of their own. Stopped at the latest when
/// nobody needs it any more.
package final class LiveChain: Sendable {
  package let root: String
  package let topology: Topology
  package let run: RunFolder
  package let launcher: ChainLauncher

  /// Folder of the executables: that of the test program.
  package static let binaries: String = {
    let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return program.lastIndex(of: "/").map { String(program[..<$0]) } ?? "."
  }()

  /// Starts the chain and waits until it is ready.
  /// - Parameter change: what is different from `LiveChain.topology()`.
  /// - Throws: when the chain does not become ready.
  package init(_ change: (inout Topology) -> Void = { _ in }) throws {
    var topology = Self.topology()
    change(&topology)
    self.topology = topology
    root = FileManager.default.temporaryDirectory.appending(path: "chainlab-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    do {
      launcher = try ChainLauncher(root: root, binaries: Self.binaries)
      run = try Self.up(launcher, topology).chain.run
    } catch {
      try? FileManager.default.removeItem(atPath: root)
      throw error
    }
  }

  deinit {
    stop()
  }

  /// Stops the chain if it runs, and removes its folder with its log.
  package func stop() {
    _ = try? launcher.down()
    collectSupervisor()
    try? FileManager.default.removeItem(atPath: root)
  }

  /// A supervisor that was killed, or stopped by somebody else's `chainlab down`, is still a child of this process. As a
  /// zombie it would keep every exit test from ending: Swift Testing waits for any child, and is told of this one again
  /// and again.
  private func collectSupervisor() {
    guard let identity = try? run.chain()?.supervisor.identity, !identity.isAlive else { return }
    _ = ChildProcess(identity: identity).poll()
  }

  package static func up(_ launcher: ChainLauncher, _ topology: Topology) throws -> ChainLauncher.UpOutcome {
    try launcher.up(topology, configuration: Array(topology.yaml().utf8), versions: ["test": "1"])
  }

  /// Four blocking services with four threads each, a queue that nothing overflows, no simulated latency.
  package static func topology() -> Topology {
    var topology = Topology.standard
    let ports = FreePorts.take(8)
    for index in topology.services.indices {
      var service = ServiceConfiguration.plain(4, stackKiB: 1024, storeThreads: 2, queueLimit: 1000)
      service.like(topology.services[index])
      (service.port, service.controlPort) = (ports[index], ports[index + 4])
      service.timeout = .seconds(30)
      topology.services[index] = service
    }
    topology.traceLog = TraceLogConfiguration(directory: "/dev/shm", sizeMiB: 64, enabled: true)
    topology.seed = SeedConfiguration(value: 1, users: 100)
    topology.dashboard.enabled = false
    return topology
  }

  // MARK: What a user does

  package func control(_ name: ServiceName) -> ControlClient {
    ControlClient(service: name, port: topology[name].controlPort, timeout: .seconds(10))
  }

  package func setMode(_ model: IOModel) throws {
    for name in topology.names { try control(name).setMode(model) }
  }

  package func statuses() throws -> [ServiceStatus] { try topology.names.map { try control($0).status() } }

  package func get(_ path: String, headers: [String] = [], from name: ServiceName = .gateway) -> ProbeAnswer? {
    HTTPProbe("http://127.0.0.1:\(topology[name].port)\(path)", headers: headers).send()
  }

  /// Sends load to the gateway, traced in the chain's log.
  package func load(
    _ arrival: LoadPlan.Arrival, for duration: Duration, path: String = "/users/{username}/payment-status"
  ) async throws -> LoadResult {
    let plan = LoadPlan(
      to: topology[.gateway].endpoint, paths: [path], usernames: SeedData.usernames(topology.seed.users),
      arrival: arrival, duration: duration, timeout: .seconds(30))
    let log = try LogWriter(path: try logPath(), name: "load")
    defer { log.close() }
    return try await LoadGenerator.run(plan, log: log) { _ in }
  }

  // MARK: What can be seen of it

  /// As its supervisor has written it; nil once the chain has ended.
  package func state() throws -> ChainState? { try launcher.chain()?.state }

  /// The process of a service; 0 while it has none.
  package func pid(_ name: ServiceName) throws -> Int32 {
    try state()?.services.first { $0.name == name }?.process?.pid ?? 0
  }

  /// All of its processes that are known, the supervisor among them.
  package func processes() throws -> [ProcessIdentity] {
    guard let state = try state() else { return [] }
    return [state.supervisor.identity] + state.services.compactMap(\.process?.identity)
  }

  /// The live log as long as there is one, then the saved one.
  package func logPath() throws -> String {
    guard let path = try run.logPath() else { throw MissingLog() }
    return path
  }

  package func snapshot() throws -> LogSnapshot { try LogReader(path: try logPath()).snapshot() }

  private struct MissingLog: Error {}

  /// The trace ids in the ledger, one per payment answered.
  package func ledger() throws -> [String] {
    let text = try String(contentsOfFile: "\(run.dataPath)/ledger.csv", encoding: .utf8)
    return text.split(separator: "\n").map { String($0.prefix(32)) }
  }

  /// Those of all replicas of payment-service that there were.
  package func ledgers() throws -> [String] {
    let further = ReplicaName.numbers.dropFirst().map { "\(run.dataPath)/\(ReplicaName(.paymentService, $0).text)" }
    return try ([run.dataPath] + further).flatMap { folder in
      let path = "\(folder)/ledger.csv"
      guard FileManager.default.fileExists(atPath: path) else { return [String]() }
      return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { String($0.prefix(32)) }
    }
  }
}
