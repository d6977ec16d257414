package import Topology

/// What a supervisor needs to know. Everything else is in the run's folder.
package struct SupervisorOptions: Sendable {
  package var root: String
  package var runID: String
  /// Made of the `services.yaml` in the run's folder.
  package var topology: Topology
  /// Folder of the four executables, each named like its service.
  package var binaries: String
  /// How long all services together may take until they are ready for the first time.
  package var readyTimeout: Duration
  /// How long services may take to end when asked, before they are killed.
  package var stopTimeout: Duration

  package init(
    root: String, runID: String, topology: Topology, binaries: String, readyTimeout: Duration = .seconds(20),
    stopTimeout: Duration = .seconds(5)
  ) {
    self.root = root
    self.runID = runID
    self.topology = topology
    self.binaries = binaries
    self.readyTimeout = readyTimeout
    self.stopTimeout = stopTimeout
  }
}
