import ChainModel
package import ChainSimulator
import FoundationEssentials
import Glibc
package import LoadGenerator
import Supervisor
import Topology

/// Runs for real what an advisor has simulated: on a chain of the program's own, on ports that are free now, without a
/// page, under the same load and the same faults.
package struct MeasuredChain {
  let chain: AdvisedChain
  /// A new folder for the run; without it, nothing is left.
  var keep: String?

  package init(_ chain: AdvisedChain, keep: String? = nil) {
    self.chain = chain
    self.keep = keep
  }

  /// - Parameter change: made before the chain is launched.
  /// - Returns: what its clients got.
  /// - Throws: when the chain does not come up, or the load cannot be sent.
  package func run(_ change: Change) async throws -> LoadResult {
    let root = try keep ?? Folder.scratch("objective")
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    let launcher = try ChainLauncher(root: root, binaries: LabFolder.binaries)
    defer {
      _ = try? launcher.down()
      if keep == nil { try? FileManager.default.removeItem(atPath: root) }
    }
    let topology = Self.onOwnPorts(change.applied(to: chain.topology))
    let yaml = Array(topology.yaml().utf8)
    if keep != nil { try AtomicFile.write(yaml, to: "\(root)/services.yaml") }
    let launched = try launcher.up(topology, configuration: yaml, versions: ["chainlab": Version.text]).chain
    let plan = plan(topology)
    let start = Monotonic.now()
    async let broken: Void = cause(launched, from: start)
    let result = try await LoadGenerator.run(plan, log: nil) { _ in }
    try await broken
    return result
  }

  private static func onOwnPorts(_ topology: Topology) -> Topology {
    var own = topology
    let ports = FreePorts.take(2 * own.services.count)
    for index in own.services.indices {
      (own.services[index].port, own.services[index].controlPort) = (ports[2 * index], ports[2 * index + 1])
    }
    own.dashboard.enabled = false
    return own
  }

  private func plan(_ topology: Topology) -> LoadPlan {
    let arrival: LoadPlan.Arrival =
      switch chain.load.arrival {
      case .closed(let clients, _): .closed(clients: clients)
      case .open(let rate, let spacing): .open(rate: rate, spacing: spacing == .poisson ? .poisson : .fixed)
      }
    var plan = LoadPlan(
      to: topology.front.endpoint, paths: [], usernames: SeedData.usernames(topology.seed.users),
      arrival: arrival, warmUp: chain.load.warmUp, duration: chain.load.duration,
      timeout: chain.load.rules.timeout ?? .seconds(30), seed: chain.load.seed)
    var asked = topology
    asked.entries = chain.load.entries.map { Topology.Entry(service: $0.service, route: $0.route, weight: $0.weight) }
    plan.kinds = LoadPlan.Kind.entries(of: asked)
    return plan
  }

  /// The faults at their times, in each replica.
  private func cause(_ launched: ChainLauncher.Chain, from start: UInt64) async throws {
    for change in chain.changes.sorted(by: { $0.at < $1.at }) {
      guard case .fault(let fault) = change.change else { continue }
      let (due, now) = (start &+ change.at.nanoseconds, Monotonic.now())
      if due > now { try await Task.sleep(for: .nanoseconds(Int64(due - now))) }
      let name = chain.topology.services[change.service].name
      for service in launched.state.services where service.name == name {
        try ControlClient(service: name, port: service.controlPort).setFault(fault)
      }
    }
  }
}

extension ServedFigures {
  /// Times count from when a request was due; in a closed loop, from when it was sent.
  package init(_ result: LoadResult) {
    let ended = max(1, result.measured.ended)
    let times = result.latency.successful.corrected ?? result.latency.successful.uncorrected
    self.init(
      throughput: result.rates.ended, goodput: result.rates.successful, mean: times.map { $0.mean / 1000 },
      p50: times.map { $0.p50 / 1000 }, p95: times.map { $0.p95 / 1000 }, p99: times.map { $0.p99 / 1000 },
      errors: 1 - Double(result.measured.successful) / Double(ended),
      refused: Double(result.measured.byStatus[503] ?? 0) / Double(ended))
    if result.measured.ended == 0 { errors = 1 }
  }
}
