import ChainModel
import FoundationEssentials
import Glibc
import Supervisor
import Testing
import Topology
import TraceLog

/// Each test runs a supervisor in a process of its own, over four stand-ins.
@Suite struct ChainSupervisorTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  @Test(.timeLimit(.minutes(1))) func aChainBecomesReadyAndLeavesNothingBehind() async throws {
    let chain = try TestChain(in: folder)
    let run = try chain.makeRun()
    let live = try #require(try run.record().log)
    try await chain.supervised(run) { state async throws in
      #expect(state.services.map(\.name) == Topology.standard.names)
      #expect(state.services.allSatisfy { $0.isAlive && $0.state == .ready && $0.restarts == 0 })
      #expect(state.services.map(\.controlPort) == Topology.standard.names.map { chain[$0].controlPort })
      #expect(try run.record().phase == .ready)
      #expect(try run.phase() == .ready)
      #expect(try run.logPath() == live)
      kill(state.supervisor.pid, SIGTERM)
      #expect(await eventually { !state.supervisor.identity.isAlive })
      #expect(!state.services.contains { $0.isAlive })
    }
    #expect(
      text(of: run.logPath(of: .orderService)) == """
        arguments --service order-service --config \(run.path)/services.yaml --log \(live) \
        --data \(run.path)/data --run-id \(run.id)
        backtrace enable=no

        """)
    let ended = try #require(try run.chain())
    #expect(ended.phase == .ended && ended.failure == nil)
    #expect(ended.services.allSatisfy { $0.state == .stopped && $0.process == nil })
    let record = try run.record()
    #expect(record.phase == .ended && record.failure == nil && record.endedAt != nil)
    #expect(chain.ports.allSatisfy { PortCheck.isFree(Endpoint(port: $0)) })
    try expectSavedLog(of: run, live: live)
  }

  /// A damaged wish, or one for the services of another system.
  @Test(.timeLimit(.minutes(1))) func aWishForWhatIsNotDescribedIsPassedOver() async throws {
    let chain = try TestChain(in: folder)
    let run = try chain.makeRun()
    try await chain.supervised(run) { state async throws in
      let wish = #"{"bank": 2, "gateway": 2, "payment-service": 2}"#
      try AtomicFile.write(Array(wish.utf8), to: "\(run.path)/scale.json")
      let names = state.services.map(\.replica.text) + ["payment-service-2"]
      #expect(await eventually { (try? run.chain()?.services.map(\.replica.text)) == names })
      #expect(state.supervisor.identity.isAlive)
      kill(state.supervisor.pid, SIGTERM)
    }
  }

  private func expectSavedLog(of run: RunFolder, live: String) throws {
    #expect(access(live, F_OK) != 0)
    #expect(try run.logPath() == run.savedLogPath)
    let log = try LogReader(path: run.savedLogPath).snapshot()
    #expect(log.runID == run.id)
    #expect(log.processes.map(\.name) == ["supervisor"] && log.processes.map(\.fate) == [.stopped])
    #expect(log.records.compactMap(\.kind) == [.processStart, .processStop])
    #expect(log.loss.isNothing)
    var information = stat()
    #expect(stat(run.savedLogPath, &information) == 0)
    #expect(Int(information.st_size) == Layout(sizeMiB: 16).fileSize)
    #expect(Int(information.st_blocks) * 512 < 4 << 20)
  }

  @Test(.timeLimit(.minutes(1))) func aKilledServiceIsBackInUnderTwoSeconds() async throws {
    let chain = try TestChain(in: folder)
    let run = try chain.makeRun()
    var killed: Int32 = 0
    try await chain.supervised(run) { state async throws in
      for round in 1...3 {
        let before = try #require(try run.chain()?.services[2].process)
        killed = before.pid
        kill(before.pid, SIGKILL)
        let back = try await eventually(within: .seconds(2)) {
          let service = try run.chain()?.services[2]
          return service?.state == .ready && service?.process != before
        }
        #expect(back)
        let service = try #require(try run.chain()?.services[2])
        #expect(service.restarts == round)
        #expect(service.lastEnd == "signal 9 (Killed)")
        #expect(service.isAlive)
      }
      let others = try #require(try run.chain()?.services)
      #expect([0, 1, 3].allSatisfy { others[$0] == state.services[$0] })
      kill(state.supervisor.pid, SIGINT)
    }
    let log = try LogReader(path: run.savedLogPath).snapshot()
    let deaths = log.records.filter { $0.kind == .processDied }
    #expect(deaths.count == 3)
    #expect(deaths.allSatisfy { log.strings[$0.name] == "order-service" && $0.other == UInt64(SIGKILL) })
    #expect(deaths.last?.arg == UInt32(killed))
  }

  @Test(.timeLimit(.minutes(1))) func aServiceThatGivesUpEndsTheStart() async throws {
    let chain = try TestChain(in: folder, [.paymentService: .gives_up])
    let run = try chain.makeRun()
    let end = try await chain.supervisedInVain(run)
    #expect(end == .exited(ExitCode.notReady.rawValue))
    let state = try #require(try run.chain())
    #expect(state.phase == .failed)
    #expect(state.failure?.exitCode == .notReady)
    #expect(
      state.failure?.message == "payment-service ended with exit code 3 before it was ready: the store is locked; "
        + "all it wrote is in \(run.path)/payment-service.log")
    #expect(try run.record().failure == state.failure?.message)
    #expect(try run.record().phase == .failed)
    #expect(ChainProcesses.find(root: chain.root).isEmpty)
    #expect(access("\(run.path)/trace.log", F_OK) == 0)
  }

  @Test(.timeLimit(.minutes(1))) func aServiceThatDawdlesEndsTheStart() async throws {
    var chain = try TestChain(in: folder, [.userService: .dawdles])
    chain.readyTimeoutMilliseconds = 4000
    let run = try chain.makeRun()
    let end = try await chain.supervisedInVain(run)
    #expect(end == .exited(ExitCode.notReady.rawValue))
    let message = try #require(try run.chain()?.failure?.message)
    #expect(message.hasPrefix("user-service did not become ready within 4 s: backtrace enable=no; see "))
    #expect(ChainProcesses.find(root: chain.root).isEmpty)
  }

  @Test(.timeLimit(.minutes(1))) func aServiceThatDoesNotEndIsKilled() async throws {
    var chain = try TestChain(in: folder, [.gateway: .deaf])
    chain.stopTimeoutMilliseconds = 1000
    let run = try chain.makeRun()
    var gateway: Int32 = 0
    try await chain.supervised(run) { state async throws in
      gateway = try #require(state.services[0].process?.pid)
      kill(state.supervisor.pid, SIGHUP)
    }
    #expect(ProcessIdentity(pid: gateway) == nil)
    let log = try LogReader(path: run.savedLogPath).snapshot()
    let deaths = log.records.filter { $0.kind == .processDied }
    #expect(deaths.contains { $0.arg == UInt32(gateway) && $0.other == UInt64(SIGKILL) })
  }

  @Test(.timeLimit(.minutes(1))) func aTakenPortStartsNothing() async throws {
    let chain = try TestChain(in: folder)
    let run = try chain.makeRun()
    let listener = try TestListener(port: chain[.userService].port)
    let end = try await chain.supervisedInVain(run)
    #expect(end == .exited(ExitCode.portInUse.rawValue))
    withExtendedLifetime(listener) {}
    let message = try #require(try run.chain()?.failure?.message)
    #expect(message.hasPrefix("port \(listener.port), user-service's service port, is taken by process \(getpid()) ("))
    for name in Topology.standard.names { #expect(access(run.logPath(of: name), F_OK) != 0) }
  }

  @Test(.timeLimit(.minutes(1))) func aMissingExecutableStartsNothing() async throws {
    let chain = try TestChain(in: folder)
    let run = try chain.makeRun()
    unlink("\(chain.binaries)/order-service")
    let end = try await chain.supervisedInVain(run)
    #expect(end == .exited(ExitCode.storage.rawValue))
    #expect(try run.chain()?.failure?.message.hasPrefix("\(chain.binaries)/order-service is not there") == true)
    #expect(access(run.logPath(of: .gateway), F_OK) != 0)
  }

  /// In the last two not even root can make a file.
  @Test(.timeLimit(.minutes(1)), arguments: ["/no/such/folder", "/proc", "/dev/null"])
  func aFolderThatTakesNoLogStartsNothing(logFolder: String) async throws {
    var chain = try TestChain(in: folder)
    chain.logFolder = logFolder
    let run = try chain.makeRun()
    let end = try await chain.supervisedInVain(run)
    #expect(end == .exited(ExitCode.storage.rawValue))
    let message = try #require(try run.chain()?.failure?.message)
    #expect(message.hasPrefix("cannot create the trace log \(logFolder)/chainlab-\(run.id)-"))
    #expect(access(run.logPath(of: .gateway), F_OK) != 0)
  }

  @Test(.timeLimit(.minutes(1))) func aLogThatCannotBeSavedIsKept() async throws {
    let chain = try TestChain(in: folder)
    let run = try chain.makeRun()
    let live = try #require(try run.record().log)
    try await chain.supervised(run, endsWith: .exited(ExitCode.storage.rawValue)) { state async throws in
      // Not even root can put a file there then.
      mkdir(run.savedLogPath, 0o755)
      kill(state.supervisor.pid, SIGTERM)
    }
    #expect(try run.chain()?.phase == .ended)
    #expect(try run.record().failure?.hasPrefix("cannot write \(run.savedLogPath)") == true)
    #expect(try run.logPath() == live)
    let launcher = try ChainLauncher(root: chain.root, binaries: chain.binaries)
    #expect(throws: SupervisorError.self) { try launcher.down() }
    rmdir(run.savedLogPath)
    #expect(try launcher.down() == .cleanedUp(run))
    #expect(try LogReader(path: run.savedLogPath).snapshot().runID == run.id)
    #expect(access(live, F_OK) != 0)
  }

  @Test(.timeLimit(.minutes(1))) func aChainCanRunWithoutALog() async throws {
    var chain = try TestChain(in: folder)
    chain.isTraced = false
    let run = try chain.makeRun()
    try await chain.supervised(run) { state in kill(state.supervisor.pid, SIGTERM) }
    #expect(!text(of: run.logPath(of: .gateway)).contains("--log"))
    #expect(try run.logPath() == nil)
    #expect(access(run.savedLogPath, F_OK) != 0)
  }

  @Test(.timeLimit(.minutes(1))) func aChainCanBeStoppedWhileItStarts() async throws {
    let chain = try TestChain(in: folder, [.userService: .dawdles])
    let run = try chain.makeRun()
    async let ended = chain.supervisedInVain(run)
    let others = await eventually { (try? run.chain()?.services.filter { $0.state == .ready }.count) == 3 }
    #expect(others)
    let supervisor = try #require(try run.chain()?.supervisor)
    kill(supervisor.pid, SIGTERM)
    let end = try await ended
    #expect(end == .exited(ExitCode.notReady.rawValue))
    #expect(try run.chain()?.phase == .ended)
    #expect(ChainProcesses.find(root: chain.root).isEmpty)
  }

  /// Its port was taken while it was down: that is said once, and it is back when the port is free.
  @Test(.timeLimit(.minutes(1))) func aServiceWaitsForAPortThatIsTaken() async throws {
    let chain = try TestChain(in: folder)
    let run = try chain.makeRun()
    try await chain.supervised(run) { state async throws in
      func service() throws -> ChainState.Service { try #require(try run.chain()?.services[1]) }
      let supervisor = state.supervisor.pid
      let listener = try await taken(by: state.services[1], supervisor)
      let words = "port \(listener.port), user-service's service port, is taken by process \(getpid()) ("
      #expect(try await eventually { try service().problem?.hasPrefix(words) == true })
      #expect(try service().state == .down)
      listener.stop()
      #expect(try await eventually { try service().state == .ready })
      // Nothing was started in vain meanwhile.
      #expect(try service().problem == nil && service().restarts == 1)
      kill(supervisor, SIGTERM)
    }
    let said = text(of: run.supervisorLogPath).split(separator: "\n").filter { $0.contains("cannot be started") }
    #expect(said.count == 1, "\(said)")
  }

  /// Kills a service, and is first at its port: the supervisor stands still meanwhile.
  private func taken(by service: ChainState.Service, _ supervisor: pid_t) async throws -> TestListener {
    let pid = try #require(service.process?.pid)
    kill(supervisor, SIGSTOP)
    defer { kill(supervisor, SIGCONT) }
    kill(pid, SIGKILL)
    var listener: TestListener?
    let isTaken = await eventually(within: .seconds(10)) {
      listener = try? TestListener(port: service.port)
      return listener != nil
    }
    #expect(isTaken)
    return try #require(listener)
  }

  /// `rm -rf runs` under a running chain.
  @Test(.timeLimit(.minutes(1))) func aFolderThatIsRemovedIsMadeAnew() async throws {
    let chain = try TestChain(in: folder)
    let run = try chain.makeRun()
    try await chain.supervised(run) { state async throws in
      try FileManager.default.removeItem(atPath: "\(chain.root)/runs")
      #expect(await eventually { (try? run.chain()) == state })
      #expect(try RunStore(root: chain.root).current() == run)
      #expect(try AtomicFile.read(run.configurationPath) == chain.configuration)
      // A service can be started from it.
      kill(try #require(state.services[2].process?.pid), SIGKILL)
      #expect(try await eventually { try run.chain()?.services[2].restarts == 1 })
      #expect(try await eventually { try run.chain()?.services[2].state == .ready })
      kill(state.supervisor.pid, SIGTERM)
    }
    #expect(try run.phase() == .ended)
    #expect(try LogReader(path: run.savedLogPath).snapshot().runID == run.id)
  }

  /// Nobody can ask for such a chain any more.
  @Test(.timeLimit(.minutes(1))) func aChainEndsWhenItsRootIsRemoved() async throws {
    var chain = try TestChain(in: folder)
    let logs = try TemporaryFolder()
    chain.logFolder = logs.path
    let run = try chain.makeRun()
    let live = try #require(try run.record().log)
    try await chain.supervised(run) { state async throws in
      try FileManager.default.removeItem(atPath: chain.root)
      #expect(await eventually(within: .seconds(20)) { !state.supervisor.identity.isAlive })
      #expect(!state.services.contains { $0.isAlive })
    }
    #expect(access(live, F_OK) != 0)
    #expect(access(chain.root, F_OK) != 0)
  }
}
