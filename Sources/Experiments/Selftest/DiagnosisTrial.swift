import CascadeAnalysis
import ChainModel
import FoundationEssentials
import Glibc
import LoadGenerator
import Supervisor
import Topology
import TraceLog

/// One run of a drawn case: launches its chain, breaks it under load, and asks the log why.
package struct DiagnosisTrial {
  private let drawn: DiagnosisCase
  private let root: String
  private let isKept: Bool

  /// Without a fault, then with it.
  private static let calm = Duration.milliseconds(500)
  private static let broken = Duration.milliseconds(2_500)

  /// - Parameters:
  ///   - drawn: what to run.
  ///   - keep: a new folder for the run; without it, nothing is left.
  /// - Throws: when there is no folder to be had.
  package init(_ drawn: DiagnosisCase, keep: String?) throws {
    self.drawn = drawn
    isKept = keep != nil
    root = try keep ?? Folder.scratch("selftest")
  }

  package func run() async throws -> DiagnosisOutcome {
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    let launcher = try ChainLauncher(root: root, binaries: LabFolder.binaries)
    defer {
      _ = try? launcher.down()
      if !isKept { try? FileManager.default.removeItem(atPath: root) }
    }
    let topology = drawn.topology
    let yaml = topology.yaml()
    if isKept { try Data(yaml.utf8).write(to: URL(filePath: "\(root)/services.yaml")) }
    let chain = try launcher.up(topology, configuration: Array(yaml.utf8), versions: ["chainlab": Version.text]).chain
    guard let path = try chain.run.logPath() else { throw LabError.withoutLog(chain.run) }
    let load = Task { try await self.load(log: path) }
    defer { load.cancel() }
    try await Task.sleep(for: Self.calm)
    if let fault = drawn.fault {
      try ControlClient(service: fault.service, port: topology[fault.service].controlPort).setFault(fault.fault)
    }
    try await Task.sleep(for: Self.broken)
    let report = CascadeReport(try LogReader(path: path).scan())
    return DiagnosisOutcome(drawn, report)
  }

  private func load(log path: String) async throws -> LoadResult {
    let log = try LogWriter(path: path, name: "load")
    defer { log.close() }
    var plan = LoadPlan(
      to: drawn.topology.front.endpoint, paths: [], usernames: SeedData.usernames(200),
      arrival: .open(rate: drawn.rate, spacing: .poisson), duration: Self.calm + Self.broken + .seconds(1),
      timeout: .seconds(30), seed: drawn.seed &+ UInt64(drawn.number))
    plan.kinds = LoadPlan.Kind.entries(of: drawn.topology)
    return try await LoadGenerator.run(plan, log: log) { _ in }
  }
}
