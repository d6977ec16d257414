import ChainModel
import FoundationEssentials
import Glibc
import KernelView
import LoadGenerator
import Supervisor
import Topology
import TraceLog

/// A chain of the benchmark's own, which ends with it.
final class BenchChain: Sendable {
  let topology: Topology
  let chain: ChainLauncher.Chain
  private let launcher: ChainLauncher
  private let root: String

  /// - Parameters:
  ///   - name: for its folder; one chain at a time has it.
  ///   - settings: as in lessons, such as `all.io_model`.
  /// - Throws: when it does not start.
  init(_ name: String, _ settings: [String: String] = [:]) throws {
    topology = try OwnChain.topology(settings, source: "the benchmark")
    root = try Folder.scratch("bench-\(name)")
    launcher = try ChainLauncher(root: root, binaries: LabFolder.binaries)
    let yaml = Array(topology.yaml().utf8)
    try AtomicFile.write(yaml, to: "\(root)/services.yaml")
    chain = try launcher.up(topology, configuration: yaml, versions: ["chainlab": Version.text]).chain
  }

  /// Stops the chain and removes all it has left.
  func close() {
    _ = try? launcher.down()
    try? FileManager.default.removeItem(atPath: root)
  }

  var port: Int { topology.front.port }

  var pids: [Int32] { chain.state.services.compactMap { $0.process?.pid } }

  var dataFolder: String { "\(chain.run.path)/data" }

  func control(_ service: ServiceName) -> ControlClient {
    ControlClient(service: service, port: topology[service].controlPort)
  }

  func setMode(_ model: IOModel) throws {
    for service in topology.names { try control(service).setMode(model) }
  }

  func statuses() throws -> [ServiceStatus] { try topology.names.map { try control($0).status() } }

  /// Sends the load; without a log, so that only the services write.
  func load(
    _ arrival: LoadPlan.Arrival, warmUp: Duration = .zero, _ duration: Duration, timeout: Duration = .seconds(30),
    path: String = BenchChain.path
  ) async throws -> LoadResult {
    try await LoadGenerator.run(
      LoadPlan(
        to: topology.front.endpoint, paths: [path], usernames: SeedData.usernames(topology.seed.users),
        arrival: arrival,
        warmUp: warmUp, duration: duration, timeout: timeout), log: nil
    ) { _ in }
  }

  static let path = "/users/{username}/payment-status"
  /// Of one user, for tools that know no placeholder.
  static let onePath = "/users/ada/payment-status"
}

/// What processes, and all others, used of the processors between two looks.
struct ProcessorWatch {
  private let own: [ProcessView]
  private let ownAtStart: [(kernel: Duration, switches: Int)]
  private let start: [Int32: Double]
  private let startedAt = Monotonic.now()

  init(_ pids: [Int32]) {
    own = pids.map(ProcessView.init)
    ownAtStart = own.map { ($0.kernelTime, $0.contextSwitches) }
    start = Self.times()
  }

  struct Reading {
    /// Of the watched processes.
    var seconds = 0.0
    /// The part of it in the kernel.
    var kernel = 0.0
    /// How often their threads gave up a processor or lost it.
    var switches = 0
    /// Of all others, as a share of one processor.
    var foreign = 0.0
  }

  /// - Parameter ours: further processes whose work is none of others', such as the load generator.
  /// - Returns: what was used since the first look.
  func read(ours: [Int32] = []) -> Reading {
    let now = Self.times()
    let elapsed = Double(Monotonic.now() &- startedAt) / 1e9
    let pids = Set(own.map(\.pid))
    var reading = Reading()
    for (pid, time) in now {
      let used = time - (start[pid] ?? 0)
      if pids.contains(pid) {
        reading.seconds += used
      } else if !ours.contains(pid), pid != getpid() {
        reading.foreign += used / elapsed
      }
    }
    for (view, before) in zip(own, ownAtStart) {
      reading.kernel += (view.kernelTime - before.kernel).seconds
      reading.switches += view.contextSwitches - before.switches
    }
    return reading
  }

  /// Of every process that there is.
  private static func times() -> [Int32: Double] {
    let names = (try? Folder.names(in: "/proc")) ?? []
    return names.reduce(into: [:]) { times, name in
      if let pid = Int32(name) { times[pid] = ProcessView(pid: pid).processorTime.seconds }
    }
  }
}
