import ChainModel
import FoundationEssentials
import Glibc
import Supervisor
import Testing
import Topology
import TraceLog

/// A root folder with a chain of stand-ins. It is a value that also another process can work on.
struct TestChain: Codable, Sendable {
  struct Service: Codable, Sendable {
    var port: Int
    var controlPort: Int
    var behaviour: StandIn.Behaviour

    enum CodingKeys: String, CodingKey {
      case port, behaviour
      case controlPort = "control_port"
    }
  }

  var root: String
  var logFolder: String
  var isTraced = true
  /// By name.
  var services: [String: Service]
  var readyTimeoutMilliseconds = 15_000
  var stopTimeoutMilliseconds = 10_000

  /// Builds the chain's executables and its root in a folder.
  init(in folder: TemporaryFolder, _ behaviours: [ServiceName: StandIn.Behaviour] = [:]) throws {
    root = folder.path
    logFolder = folder.path
    services = [:]
    for name in Topology.standard.names {
      services[name.rawValue] = Service(
        port: TestPorts.take(), controlPort: TestPorts.take(), behaviour: behaviours[name] ?? .serves)
    }
    guard mkdir(binaries, 0o755) == 0 else { throw TestSetupError("mkdir \(binaries)") }
    try install(StandIn.service, as: Topology.standard.names.map(\.rawValue))
  }

  var binaries: String { "\(root)/bin" }

  subscript(name: ServiceName) -> Service {
    services[name.rawValue] ?? Service(port: 0, controlPort: 0, behaviour: .deaf)
  }

  /// As the run's folder keeps it, for the stand-ins to read.
  var configuration: [UInt8] { WireJSON.encode(["services": services]) }

  var topology: Topology {
    var topology = Topology.standard
    for index in topology.services.indices {
      let place = self[topology.services[index].name]
      (topology.services[index].port, topology.services[index].controlPort) = (place.port, place.controlPort)
    }
    topology.traceLog = TraceLogConfiguration(directory: logFolder, sizeMiB: 16, enabled: isTraced)
    topology.seed = SeedConfiguration(value: 7, users: 10)
    return topology
  }

  /// A run that no supervisor has seen yet.
  func makeRun() throws -> RunFolder {
    let executables = Dictionary(
      uniqueKeysWithValues: Topology.standard.names.map { ($0.rawValue, "\(binaries)/\($0.rawValue)") })
    let store = try RunStore(root: root)
    let run = try store.create(
      topology: topology, configuration: configuration, executables: executables, versions: ["chainlab": "test"])
    try store.makeCurrent(run)
    return run
  }

  /// Is the supervisor of a run; for a process of its own.
  func supervise(_ runID: String) -> Int32 {
    do {
      return try ChainSupervisor.run(
        SupervisorOptions(
          root: root, runID: runID, topology: topology, binaries: binaries,
          readyTimeout: .milliseconds(readyTimeoutMilliseconds), stopTimeout: .milliseconds(stopTimeoutMilliseconds)))
    } catch {
      return error.exitCode.rawValue
    }
  }

  /// Has the run supervised by another process, hands the chain out once it is ready, and waits until the supervisor
  /// has ended, which `whileReady` has to bring about.
  func supervised(
    _ run: RunFolder, endsWith expected: ProcessEnd = .exited(0),
    whileReady: (ChainState) async throws -> Void
  ) async throws {
    let supervisor = try SupervisorProcess.spawn(self, run)
    defer { sweep(run, supervisor) }
    _ = await eventually { [.ready, .failed].contains(try? run.chain()?.phase) }
    try #require(try run.chain()?.phase == .ready, "\(text(of: run.supervisorLogPath))")
    try await whileReady(try #require(try run.chain()))
    let end = await SupervisorProcess.end(of: supervisor)
    #expect(end == expected)
  }

  /// Has a run supervised that cannot succeed.
  /// - Returns: how the supervisor ended.
  func supervisedInVain(_ run: RunFolder) async throws -> ProcessEnd? {
    let supervisor = try SupervisorProcess.spawn(self, run)
    defer { sweep(run, supervisor) }
    return await SupervisorProcess.end(of: supervisor)
  }

  var ports: [Int] { services.values.flatMap { [$0.port, $0.controlPort] } }

  /// Ends whatever a failed test has left running.
  func sweep(_ run: RunFolder, _ supervisor: ChildProcess? = nil) {
    for process in [supervisor, (try? run.chain()?.supervisor.identity).map(ChildProcess.init)] {
      guard let process else { continue }
      process.signal(SIGKILL)
      _ = Patience.wait(.seconds(5)) { process.poll() != nil || !process.identity.isAlive }
    }
    let left = ChainProcesses.find(root: root)
    for process in left.supervisors.union(left.members) { kill(process.pid, SIGKILL) }
  }
}

extension TestChain {
  /// Writes a program under several names into the folder of executables. Another process does so: of a file that this
  /// one has open for writing, a child that another test is just starting would have a copy for a moment, and a program
  /// that somebody writes to cannot be run ("Text file busy").
  func install(_ program: String, as names: [String]) throws {
    try AtomicFile.write(Array(program.utf8), to: "\(root)/program")
    let child = try Command(
      executable: "/bin/sh",
      arguments: [
        "-c", #"cd "$0" && for name; do cp program "bin/$name" && chmod 755 "bin/$name" || exit 1; done"#, root,
      ] + names,
      environment: [:], output: "\(root)/install.log"
    ).spawn()
    var end: ProcessEnd?
    let hasEnded = Patience.wait(.seconds(30)) {
      end = child.poll()
      return end != nil
    }
    guard hasEnded, end == .exited(0) else { throw TestSetupError(text(of: "\(root)/install.log")) }
  }
}
