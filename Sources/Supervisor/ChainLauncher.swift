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
    /// What was left of a chain whose runs had been removed is gone now: so many processes, and its log.
    case ended(processes: Int)
    case notRunning
  }

  package enum Progress: Hashable, Sendable {
    /// What was left of an earlier chain is gone now.
    case cleanedUp(DownOutcome)
    case starting(RunFolder)
    /// The agent of a host does not answer yet.
    case awaiting(host: String)
    /// The agent of a host still has an earlier run, which is stopped.
    case replacing(host: String, run: String)
    case service(ReplicaName, ChainState.Service.State)
  }

  // MARK: Status

  /// The chain that runs, or that a killed supervisor has left; nil when there is none.
  package func chain() throws(SupervisorError) -> Chain? {
    guard let run = try store.current(), let state = try run.chain(), state.phase.isLive else { return nil }
    return Chain(run: run, state: run.whole(state), isSupervised: state.supervisor.identity.isAtWork)
  }

  // MARK: Up

  /// Starts the chain and waits until it is ready; does nothing if it is running with the same configuration.
  ///
  /// Until the chain is ready it ends with this process, or rather with the calling thread, however that ends.
  /// - Parameters:
  ///   - topology: the chain to start.
  ///   - name: what its run is found by, besides its id.
  ///   - id: of the run on another host of which this is a part; nil: a new one.
  ///   - others: those whose agents start what is placed there; the rest is started here.
  ///   - configuration: the text of the `services.yaml` it was made of.
  ///   - versions: by component, for the run's record.
  ///   - isInterrupted: whether the user has changed their mind.
  ///   - progress: is told what happens meanwhile.
  /// - Returns: the chain, ready.
  /// - Throws: when the chain did not become ready; nothing of it is left then.
  package func up(
    _ topology: Topology, named name: String? = nil, id: String? = nil, hosts others: RunHosts = RunHosts(),
    configuration: [UInt8],
    versions: [String: String], isInterrupted: () -> Bool = { false },
    progress: (Progress) -> Void = { _ in }
  ) throws(SupervisorError) -> UpOutcome {
    let lock = try FolderLock.take(store, patience: patience.lock, isInterrupted: isInterrupted)
    defer { withExtendedLifetime(lock) {} }
    // One whose supervisor has just been killed ends as well, if not at once.
    // One that is not ready while nobody else holds the lock belongs to an `up` that was killed: it ends.
    if let chain = try? chain(), chain.isSupervised, chain.state.phase == .ready {
      guard try AtomicFile.read(chain.run.configurationPath) == configuration,
        try chain.run.record().host == topology.startedHost
      else {
        throw .alreadyRunning(runID: chain.run.id)
      }
      return .alreadyRunning(chain)
    }
    switch try stop(store.current()) {
    case .stopped, .notRunning: break
    case let left: progress(.cleanedUp(left))
    }
    let hosts = others.hosts
    var own = topology
    if !hosts.isEmpty { own.start(only: HostConfiguration.here) }
    try ChainRequirements.check(own, binaries: binaries)
    try greet(others, version: versions["chainlab"] ?? "", isInterrupted, progress)
    let run = try store.create(
      topology: topology, named: name, id: id, hosts: hosts, configuration: configuration,
      executables: executables(own), versions: versions)
    try store.makeCurrent(run)
    progress(.starting(run))
    let supervisor = try spawnSupervisor(run)
    let chain = try awaitReady(run, supervisor, isInterrupted, progress)
    guard !hosts.isEmpty else { return .started(chain) }
    do throws(SupervisorError) {
      try start(hosts, of: run, configuration, isInterrupted, progress)
    } catch {
      _ = stopHosts(of: run)
      _ = try stop(run)
      throw error
    }
    return .started(Chain(run: run, state: run.whole(chain.state), isSupervised: true))
  }

  private func executables(_ topology: Topology) -> [String: String] {
    topology.started.reduce(into: [:]) { executables, service in
      executables[service.name.rawValue] = SupervisedService.executable(of: service, in: binaries)
    }
  }

  private func spawnSupervisor(_ run: RunFolder) throws(SupervisorError) -> ChildProcess {
    try Command(
      executable: "\(binaries)/chainlab",
      arguments: ["supervise", "--root", store.root, "--run", run.id, "--binaries", binaries],
      environment: ProcessInfo.processInfo.environment, output: run.supervisorLogPath, detached: true,
      endsWithParent: SIGUSR2
    ).spawn()
  }

  private func awaitReady(
    _ run: RunFolder, _ supervisor: ChildProcess, _ isInterrupted: () -> Bool, _ progress: (Progress) -> Void
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
      guard !isInterrupted() else {
        _ = try stop(run)
        throw .interrupted
      }
      guard !deadline.hasPassed(at: Monotonic.now()) else { throw try tooLate(run) }
      usleep(20_000)
    }
  }

  private func failure(_ run: RunFolder, _ supervisor: ChildProcess) throws(SupervisorError) -> SupervisorError {
    let end = supervisor.poll()
    _ = try stop(run)
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
    guard try store.current() != nil || !ChainProcesses.find(root: store.root).isEmpty || !orphanedLogs.isEmpty else {
      return .notRunning
    }
    let lock = try FolderLock.take(store, patience: patience.lock)
    defer { withExtendedLifetime(lock) {} }
    let run = try store.current()
    let problems = run.map { stopHosts(of: $0) } ?? []
    let outcome = try stop(run)
    guard problems.isEmpty else { throw .hostsNotStopped(problems) }
    return outcome
  }

  /// Ends all processes of the root's chains, whether or not a file tells of them, and does for their run what a
  /// supervisor could not do any more.
  private func stop(_ run: RunFolder?) throws(SupervisorError) -> DownOutcome {
    let found = ChainProcesses.find(root: store.root)
    let ended = try endSupervisors(found, of: run)
    // A supervisor that ends as it should leaves nothing; all others do.
    let left = ChainProcesses.find(root: store.root)
    try ProcessTable.end(left.members, patience: patience.stop)
    var orphans = Set(orphanedLogs)
    for (log, id) in found.logs where access("\(store.runsPath)/\(id)", F_OK) != 0 { orphans.insert(LogMark(log: log)) }
    for orphan in orphans { orphan.sweep() }
    // It may have made the folder anew that was removed under it.
    var remaining = run
    if remaining == nil { remaining = try store.current() }
    guard let run = remaining else {
      let count = ended + left.members.count
      return count == 0 && orphans.isEmpty ? .notRunning : .ended(processes: count)
    }
    var wasCleaned = !left.members.isEmpty
    do throws(SupervisorError) {
      if try RunCleanup(run: run, stopTimeout: patience.stop).clean() { wasCleaned = true }
    } catch {
      // What cannot be read has nothing to be cleaned up, and keeps nobody from a new start.
      guard case .damaged = error else { throw error }
    }
    return wasCleaned ? .cleanedUp(run) : ended > 0 ? .stopped(run) : .notRunning
  }

  private var orphanedLogs: [LogMark] { LogMark.orphans(in: LogMark.standardFolder, root: store.root) }

  /// Asks the supervisors to stop their chains; one that does not is killed.
  /// - Returns: how many there were.
  private func endSupervisors(_ found: ChainProcesses, of run: RunFolder?) throws(SupervisorError) -> Int {
    var supervisors = found.supervisors
    if let known = (try? run?.chain())?.supervisor.identity, known.isAlive { supervisors.insert(known) }
    try ProcessTable.end(supervisors, patience: patience.down)
    return supervisors.count
  }
}
