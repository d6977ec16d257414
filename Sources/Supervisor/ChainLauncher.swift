package import ChainModel
import FoundationEssentials
import Glibc
package import Topology
import TraceLog

/// Starts and stops chains from outside: what `chainlab up`, `down` and `status` are made of. Any process may use it;
/// everything it knows of a chain is in the run's folder.
package struct ChainLauncher: Sendable {
  package let store: RunStore
  /// Folder of the executables: `chainlab` and the four services.
  package let binaries: String
  let patience: LauncherPatience

  package init(
    root: String, binaries: String, patience: LauncherPatience = LauncherPatience()
  ) throws(SupervisorError) {
    store = try RunStore(root: root)
    self.binaries = try Folder.resolve(binaries)
    self.patience = patience
  }

  /// A run whose chain was started and has not been stopped.
  package struct Chain: Hashable, Sendable {
    package var run: RunFolder
    package var state: ChainState
    /// False: its supervisor was killed, and `down` or the next `up` will clean up after it.
    package var isSupervised: Bool
  }

  package enum UpOutcome: Hashable, Sendable {
    case started(Chain)
    case alreadyRunning(Chain)

    package var chain: Chain {
      switch self {
      case .started(let chain), .alreadyRunning(let chain): chain
      }
    }
  }

  package enum DownOutcome: Hashable, Sendable {
    case stopped(RunFolder)
    /// The supervisor had been killed, or had to be; what was left of its chain is gone now.
    case cleanedUp(RunFolder)
    case notRunning
  }

  package enum Progress: Hashable, Sendable {
    /// What a supervisor that was killed earlier had left is gone now.
    case cleanedUp(RunFolder)
    case starting(RunFolder)
    case service(ReplicaName, ChainState.Service.State)
  }

  // MARK: Status

  /// The chain that runs, or that a killed supervisor has left; nil when there is none.
  package func chain() throws(SupervisorError) -> Chain? {
    guard let run = try store.current(), let state = try run.chain(), state.phase.isLive else { return nil }
    return Chain(run: run, state: state, isSupervised: state.supervisor.identity.isAlive)
  }

  // MARK: Up

  /// Starts the chain and waits until it is ready; does nothing if it is running with the same configuration.
  /// - Parameters:
  ///   - topology: the chain to start.
  ///   - configuration: the text of the `services.yaml` it was made of.
  ///   - versions: by component, for the run's record.
  ///   - progress: is told what happens meanwhile.
  /// - Returns: the chain, ready.
  /// - Throws: when the chain did not become ready; nothing of it is left then.
  package func up(
    _ topology: Topology, configuration: [UInt8], versions: [String: String],
    progress: (Progress) -> Void = { _ in }
  ) throws(SupervisorError) -> UpOutcome {
    let lock = try FolderLock.take(store, patience: patience.lock)
    defer { withExtendedLifetime(lock) {} }
    if let chain = try chain(), chain.isSupervised, chain.state.phase != .stopping {
      guard try AtomicFile.read(chain.run.configurationPath) == configuration else {
        throw .alreadyRunning(runID: chain.run.id)
      }
      let supervisor = ChildProcess(identity: chain.state.supervisor.identity)
      return .alreadyRunning(try awaitReady(chain.run, supervisor, progress))
    }
    if let old = try store.current(), case .cleanedUp = try stop(old) { progress(.cleanedUp(old)) }
    try ChainRequirements.check(topology, binaries: binaries)
    let run = try store.create(
      topology: topology, configuration: configuration, executables: executables(topology), versions: versions)
    try store.makeCurrent(run)
    progress(.starting(run))
    let supervisor = try spawnSupervisor(run)
    return .started(try awaitReady(run, supervisor, progress))
  }

  private func executables(_ topology: Topology) -> [String: String] {
    topology.services.reduce(into: [:]) { executables, service in
      executables[service.name.rawValue] = SupervisedService.executable(of: service.name, in: binaries)
    }
  }

  private func spawnSupervisor(_ run: RunFolder) throws(SupervisorError) -> ChildProcess {
    try Command(
      executable: "\(binaries)/chainlab",
      arguments: ["supervise", "--root", store.root, "--run", run.id, "--binaries", binaries],
      environment: ProcessInfo.processInfo.environment, output: run.supervisorLogPath, detached: true
    ).spawn()
  }

  private func awaitReady(
    _ run: RunFolder, _ supervisor: ChildProcess, _ progress: (Progress) -> Void
  ) throws(SupervisorError) -> Chain {
    var shown: [ReplicaName: ChainState.Service.State] = [:]
    let deadline = Deadline(after: patience.ready, from: Monotonic.now())
    while true {
      // Asked first: whatever a supervisor that has ended wanted to say stands in the file by then.
      let isGone = !supervisor.identity.isAlive
      if let state = try run.chain() {
        for service in state.services where shown.updateValue(service.state, forKey: service.replica) != service.state {
          progress(.service(service.replica, service.state))
        }
        if state.phase == .ready { return Chain(run: run, state: state, isSupervised: true) }
      }
      if isGone { throw try failure(run, supervisor) }
      guard !deadline.hasPassed(at: Monotonic.now()) else { throw try tooLate(run) }
      usleep(20_000)
    }
  }

  private func failure(_ run: RunFolder, _ supervisor: ChildProcess) throws(SupervisorError) -> SupervisorError {
    let end = supervisor.poll()
    _ = try RunCleanup(run: run, stopTimeout: patience.stop).clean()
    if let failure = try run.chain()?.failure {
      return .supervisorFailed(message: failure.message, exitCode: failure.exitCode)
    }
    return .supervisorEnded(
      end: end, lastLine: RunFolder.lastLine(of: run.supervisorLogPath), log: run.supervisorLogPath)
  }

  private func tooLate(_ run: RunFolder) throws(SupervisorError) -> SupervisorError {
    _ = try stop(run)
    return .notReady(
      services: ["the chain"], after: patience.ready, lastLine: RunFolder.lastLine(of: run.supervisorLogPath),
      log: run.supervisorLogPath)
  }

  // MARK: Down

  /// Stops the chain, so that no process, port or live log of it is left. Does nothing if there is none.
  package func down() throws(SupervisorError) -> DownOutcome {
    guard try store.current() != nil else { return .notRunning }
    let lock = try FolderLock.take(store, patience: patience.lock)
    defer { withExtendedLifetime(lock) {} }
    guard let run = try store.current() else { return .notRunning }
    return try stop(run)
  }

  private func stop(_ run: RunFolder) throws(SupervisorError) -> DownOutcome {
    let wasSupervised = try endSupervisor(of: run)
    let wasCleaned = try RunCleanup(run: run, stopTimeout: patience.stop).clean()
    return wasCleaned ? .cleanedUp(run) : wasSupervised ? .stopped(run) : .notRunning
  }

  /// Asks the supervisor to stop the chain; one that does not is killed. False: there is none.
  private func endSupervisor(of run: RunFolder) throws(SupervisorError) -> Bool {
    guard let identity = try run.chain()?.supervisor.identity, identity.isAlive else { return false }
    let supervisor = ChildProcess(identity: identity)
    for (number, patience) in [(SIGTERM, patience.down), (SIGKILL, .seconds(5))] {
      supervisor.signal(number)
      if Patience.wait(patience, until: { !identity.isAlive }) {
        // Collects it if it is a child of this process.
        _ = supervisor.poll()
        return true
      }
    }
    throw .cannotStop(pids: [identity.pid])
  }
}
