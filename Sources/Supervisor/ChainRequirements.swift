import CPlatform
import ChainModel
import Glibc
import Topology

/// What must be there before a chain is started.
enum ChainRequirements {
  /// Processes that write to the log beside the services.
  static let reserved: Set = ["load", "supervisor", "verify", "ping"]

  static func check(_ topology: Topology, binaries: String) throws(SupervisorError) {
    if let service = topology.services.first(where: { reserved.contains($0.name.rawValue) }) {
      throw .reservedName(service.name.rawValue)
    }
    try ChainCapacity(topology).check(topology)
    for service in topology.started {
      let executable = SupervisedService.executable(of: service, in: binaries)
      guard access(executable, X_OK) == 0 else { throw .executableMissing(path: executable) }
    }
    try Placement.check(topology)
    try PortCheck.requireFree(topology)
  }
}
