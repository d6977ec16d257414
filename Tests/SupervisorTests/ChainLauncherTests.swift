import ChainModel
import FoundationEssentials
import Glibc
import Supervisor
import Testing
import Topology
import TraceLog

@Suite struct ChainLauncherTests {
  private let folder: TemporaryFolder
  private let chain: TestChain
  private let launcher: ChainLauncher

  init() throws {
    folder = try TemporaryFolder()
    chain = try TestChain(in: folder)
    launcher = try ChainLauncher(root: chain.root, binaries: chain.binaries)
  }

  private func up(progress: (ChainLauncher.Progress) -> Void = { _ in }) throws(SupervisorError)
    -> ChainLauncher.UpOutcome
  {
    try launcher.up(
      chain.topology, configuration: chain.configuration, versions: ["chainlab": "test"], progress: progress)
  }

  private func plan(_ plan: String) throws {
    try chain.install(StandIn.supervisor(plan: plan), as: ["chainlab"])
  }

  // MARK: Over a real supervisor

  @Test(.timeLimit(.minutes(1))) func upAndDownAreAllThatIsNeeded() throws {
    try SupervisorProcess.install(in: chain)
    #expect(try launcher.down() == .notRunning)
    #expect(try launcher.chain() == nil)
    var progress: [ChainLauncher.Progress] = []
    let outcome = try up { progress.append($0) }
    let (run, state) = (outcome.chain.run, outcome.chain.state)
    defer { chain.sweep(run) }
    #expect(outcome == .started(outcome.chain))
    #expect(state.services.allSatisfy { $0.state == .ready && $0.isAlive })
    #expect(progress.first == .starting(run))
    for name in Topology.standard.names { #expect(progress.contains(.service(ReplicaName(name), .ready))) }
    #expect(try up() == .alreadyRunning(outcome.chain))
    #expect(try launcher.chain() == outcome.chain && outcome.chain.isSupervised)
    #expect(try launcher.down() == .stopped(run))
    #expect(try launcher.down() == .notRunning)
    #expect(try launcher.chain() == nil)
    #expect(!state.services.contains { $0.isAlive } && !state.supervisor.identity.isAlive)
    #expect(try run.logPath() == run.savedLogPath && access(run.savedLogPath, F_OK) == 0)
    #expect(chain.ports.allSatisfy { PortCheck.isFree(Endpoint(port: $0)) })
  }

  @Test(.timeLimit(.minutes(1))) func upTellsWhyAServiceGaveUp() throws {
    let folder = try TemporaryFolder()
    let chain = try TestChain(in: folder, [.orderService: .gives_up])
    try SupervisorProcess.install(in: chain)
    let launcher = try ChainLauncher(root: chain.root, binaries: chain.binaries)
    let error = #expect(throws: SupervisorError.self) {
      try launcher.up(chain.topology, configuration: chain.configuration, versions: [:])
    }
    #expect(error?.description.hasPrefix("order-service ended with exit code 3 before it was ready: ") == true)
    #expect(error?.exitCode == .notReady)
    let run = try launcher.store.find("latest")
    #expect(try run.phase() == .failed)
    #expect(ChainProcesses.find(root: chain.root).isEmpty)
  }

  /// The services are deaf to the end of their supervisor, or they would be gone with it.
  @Test(.timeLimit(.minutes(1))) func downCleansUpAfterAKilledSupervisor() async throws {
    let folder = try TemporaryFolder()
    let chain = try TestChain(
      in: folder, Dictionary(uniqueKeysWithValues: Topology.standard.names.map { ($0, StandIn.Behaviour.deaf) }))
    let launcher = try ChainLauncher(
      root: chain.root, binaries: chain.binaries, patience: LauncherPatience(stop: .milliseconds(200)))
    let run = try chain.makeRun()
    let live = try #require(try run.record().log)
    try await chain.supervised(run, endsWith: .signalled(SIGKILL)) { state async throws in
      kill(state.supervisor.pid, SIGKILL)
      #expect(await eventually { !state.supervisor.identity.isAlive })
      #expect(try launcher.chain()?.isSupervised == false)
      #expect(try run.phase() == .lost)
      #expect(state.services.allSatisfy { $0.isAlive })
      let outcome = try launcher.down()
      #expect(outcome == .cleanedUp(run))
      #expect(!state.services.contains { $0.isAlive })
    }
    #expect(try launcher.down() == .notRunning)
    #expect(try run.phase() == .ended)
    #expect(try run.record().failure?.contains("cleaned up") == true)
    #expect(access(live, F_OK) != 0)
    let log = try LogReader(path: run.savedLogPath).snapshot()
    #expect(log.processes.map(\.fate) == [.died])
    #expect(chain.ports.allSatisfy { PortCheck.isFree(Endpoint(port: $0)) })
  }

  @Test(.timeLimit(.minutes(1))) func upCleansUpAfterAKilledSupervisor() async throws {
    try plan("ready")
    let lost = try chain.makeRun()
    var services: [ChainState.Service] = []
    try await chain.supervised(lost, endsWith: .signalled(SIGKILL)) { state async throws in
      services = state.services
      kill(state.supervisor.pid, SIGKILL)
    }
    var progress: [ChainLauncher.Progress] = []
    let run = try up { progress.append($0) }.chain.run
    #expect(progress == [.cleanedUp(.cleanedUp(lost)), .starting(run)])
    #expect(services.count == 4 && !services.contains { $0.isAlive })
    #expect(try launcher.down() == .stopped(run))
  }

  // MARK: Over a stand-in

  @Test(.timeLimit(.minutes(1))) func upStartsADetachedSupervisorOnce() throws {
    try plan("ready")
    let outcome = try up()
    guard case .started(let started) = outcome else {
      Issue.record("found \(outcome)")
      return
    }
    #expect(started.state.phase == .ready && started.state.supervisor.identity.isAlive)
    #expect(text(of: started.run.supervisorLogPath) == "session True supervise\n")
    #expect(try up() == .alreadyRunning(started))
    #expect(throws: SupervisorError.alreadyRunning(runID: started.run.id)) {
      try launcher.up(chain.topology, configuration: Array("other".utf8), versions: [:])
    }
    #expect(try launcher.store.list() == [started.run])
    #expect(try launcher.down() == .stopped(started.run))
    #expect(!started.state.supervisor.identity.isAlive)
  }

  @Test(.timeLimit(.minutes(1))) func twoUpsAtOnceStartOneChain() async throws {
    try plan("ready")
    let outcomes = try await withThrowingTaskGroup(of: ChainLauncher.UpOutcome.self) { group in
      for _ in 0..<2 { group.addTask { try up() } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let started = outcomes.filter { if case .started = $0 { true } else { false } }
    #expect(started.count == 1)
    #expect(Set(outcomes.map(\.chain)).count == 1)
    #expect(try launcher.down() == .stopped(outcomes[0].chain.run))
  }

  @Test(.timeLimit(.minutes(1))) func upTellsWhatTheSupervisorTells() throws {
    try plan("fails")
    let error = #expect(throws: SupervisorError.self) { try up() }
    #expect(error == .supervisorFailed(message: "the store is locked", exitCode: .notReady))
    #expect(error?.exitCode == .notReady)
    #expect(try launcher.chain() == nil)
    #expect(try launcher.down() == .notRunning)
  }

  @Test(.timeLimit(.minutes(1))) func upTellsThatTheSupervisorCrashed() throws {
    try plan("crashes")
    let error = #expect(throws: SupervisorError.self) { try up() }
    let run = try launcher.store.find("latest")
    #expect(
      error == .supervisorEnded(end: .signalled(SIGKILL), lastLine: "out of luck", log: run.supervisorLogPath))
    #expect(try run.phase() == .failed)
    #expect(try launcher.chain() == nil)
  }

  @Test(.timeLimit(.minutes(1))) func upLeavesNoRunWhenItCannotStart() throws {
    try plan("ready")
    let listener = try TestListener(port: chain[.gateway].port)
    let error = #expect(throws: SupervisorError.self) { try up() }
    withExtendedLifetime(listener) {}
    #expect(error?.exitCode == .portInUse)
    unlink("\(chain.binaries)/gateway")
    #expect(throws: SupervisorError.executableMissing(path: "\(chain.binaries)/gateway")) { try up() }
    #expect(try launcher.store.list().isEmpty)
  }

  @Test(.timeLimit(.minutes(1))) func upAndDownWaitForEachOtherInVain() throws {
    try plan("ready")
    let impatient = try ChainLauncher(
      root: chain.root, binaries: chain.binaries, patience: LauncherPatience(lock: .milliseconds(50)))
    _ = try chain.makeRun()
    let lock = open("\(chain.root)/runs/.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
    #expect(throws: SupervisorError.busy(root: chain.root)) { try impatient.down() }
    close(lock)
    #expect(try impatient.down() != .notRunning)
  }

  // MARK: Only what is ours

  @Test(.timeLimit(.minutes(1))) func aServiceThatWasNotWrittenDownIsFound() async throws {
    let run = try chain.makeRun()
    let service = try Command(
      executable: "\(chain.binaries)/gateway",
      arguments: ["--service", "gateway", "--config", run.configurationPath, "--run-id", run.id],
      environment: [:], output: run.logPath(of: .gateway)
    ).spawn()
    let started = await eventually { text(of: run.logPath(of: .gateway)).contains("backtrace") }
    #expect(started)
    let outcome = try launcher.down()
    #expect(outcome == .cleanedUp(run))
    #expect(!service.identity.isAlive)
    #expect(kill(service.identity.pid, 0) != 0)
  }

  @Test(.timeLimit(.minutes(1))) func aPidThatHasGoneToAnotherIsLeftAlone() throws {
    let run = try chain.makeRun()
    let stranger = try Command(
      executable: "/bin/sleep", arguments: ["60"], environment: [:], output: "\(folder.path)/stranger"
    ).spawn()
    defer { stranger.end() }
    var earlier = stranger.identity
    earlier.startTicks -= 1
    var state = ChainState(supervisor: earlier, services: chain.topology.services.map { ChainState.Service($0) })
    state.phase = .ready
    state.services[1].process = ChainState.Process(earlier)
    try run.write(state)
    #expect(try launcher.chain()?.isSupervised == false)
    let outcome = try launcher.down()
    #expect(outcome == .cleanedUp(run))
    #expect(stranger.identity.isAlive)
  }
}
