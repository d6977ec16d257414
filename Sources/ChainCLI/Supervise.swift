import ArgumentParser
import Supervisor
import Topology

/// What `up` starts in the background: the process that owns the chain.
struct Supervise: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Own a chain (started by up).", shouldDisplay: false)

  @Option var root: String
  @Option(name: .customLong("run")) var runID: String
  @Option var binaries: String

  func run() throws {
    let code = try ExitCodes.reporting {
      let folder = try RunStore(root: root).find(runID)
      let topology = try folder.topology()
      return try ChainSupervisor.run(
        SupervisorOptions(root: root, runID: runID, topology: topology, binaries: binaries))
    }
    guard code == 0 else { throw ArgumentParser.ExitCode(code) }
  }
}
