import CPlatform
import Glibc
import Topology

/// What must be there before a chain is started.
enum ChainRequirements {
  static func check(_ topology: Topology, binaries: String) throws(SupervisorError) {
    for service in topology.services where service.url == nil {
      let executable = SupervisedService.executable(of: service, in: binaries)
      guard access(executable, X_OK) == 0 else { throw .executableMissing(path: executable) }
    }
    try PortCheck.requireFree(topology)
  }
}
