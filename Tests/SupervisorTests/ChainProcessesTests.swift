import ChainModel
import Glibc
import Supervisor
import Testing
import TraceLog

/// What a chain leaves is found although no file tells of it.
@Suite struct ChainProcessesTests {
  private let folder: TemporaryFolder
  private let chain: TestChain
  private let launcher: ChainLauncher

  init() throws {
    folder = try TemporaryFolder()
    chain = try TestChain(in: folder)
    launcher = try ChainLauncher(
      root: chain.root, binaries: chain.binaries, patience: LauncherPatience(stop: .seconds(2)))
  }

  private func start(_ program: String, _ arguments: [String]) throws -> ChildProcess {
    let child = try Command(
      executable: "\(chain.binaries)/\(program)", arguments: arguments, environment: [:],
      output: "\(folder.path)/\(program).output"
    ).spawn()
    // A process has its arguments a moment after it has its pid.
    _ = Patience.wait(.seconds(10)) { ProcessTable.arguments(of: child.identity.pid).count > arguments.count }
    return child
  }

  /// Waits for what nobody writes. It starts no process: a shell's child has its arguments too, until it is `sleep`.
  private func sleeper(_ program: String, _ arguments: [String]) throws -> ChildProcess {
    let silence = "\(folder.path)/silence"
    #expect(mkfifo(silence, 0o600) == 0 || errno == EEXIST)
    try chain.install("#!/bin/sh\nread nothing <>'\(silence)'\n", as: [program])
    return try start(program, arguments)
  }

  /// `up` was killed before its supervisor had written its state: the supervisor is found, and ended.
  @Test(.timeLimit(.minutes(1))) func downFindsASupervisorThatHasWrittenNothing() throws {
    try chain.install(StandIn.supervisor(plan: "dawdles"), as: ["chainlab"])
    let run = try chain.makeRun()
    let supervisor = try start("chainlab", ["supervise", "--root", chain.root, "--run", run.id])
    #expect(ChainProcesses.find(root: chain.root).supervisors == [supervisor.identity])
    #expect(try launcher.chain() == nil)
    #expect(try launcher.down() == .cleanedUp(run))
    #expect(!supervisor.identity.isAlive)
    #expect(try launcher.down() == .notRunning)
  }

  /// `rm -rf runs`, and the supervisor was killed.
  @Test(.timeLimit(.minutes(1))) func downEndsWhatNoFileTellsOf() throws {
    let (config, log) = ("\(chain.root)/runs/one/services.yaml", "\(folder.path)/chainlab-one.log")
    _ = try folder.write("records", to: "chainlab-one.log")
    let gateway = try sleeper(
      "gateway", ["--service", "gateway", "--config", config, "--log", log, "--data", "/tmp", "--run-id", "one"])
    let page = try sleeper("chainlab", ["dashboard", "--root", chain.root, "--port", "8079", "--supervised"])
    #expect(ChainProcesses.find(root: chain.root).members == [gateway.identity, page.identity])
    #expect(try launcher.down() == .ended(processes: 2))
    #expect(!gateway.identity.isAlive && !page.identity.isAlive)
    #expect(access(log, F_OK) != 0)
    #expect(try launcher.down() == .notRunning)
  }

  /// `rm -rf runs`, and whoever could have told of the log was killed.
  @Test(.timeLimit(.minutes(1))) func downRemovesALogWhoseRunIsGone() throws {
    let (ours, others) = ("/dev/shm/chainlab-\(getpid())-a.log", "/dev/shm/chainlab-\(getpid())-b.log")
    defer { for log in [ours, others] { for end in ["", ".run"] { unlink(log + end) } } }
    for (log, root) in [(ours, chain.root), (others, "/elsewhere")] {
      try AtomicFile.write(Array("records".utf8), to: log)
      #expect(symlink("\(root)/runs/one", "\(log).run") == 0)
    }
    #expect(try launcher.down() == .ended(processes: 0))
    #expect(access(ours, F_OK) != 0 && access(others, F_OK) == 0)
    #expect(try launcher.down() == .notRunning)
  }

  /// Another root's, a page that a user has started, and whoever only looks alike.
  @Test(.timeLimit(.minutes(1))) func nothingOfOthersIsTouched() throws {
    let others = [
      try sleeper("gateway", ["--config", "/elsewhere/runs/one/services.yaml", "--run-id", "one"]),
      try sleeper("chainlab", ["dashboard", "--root", chain.root, "--port", "8079"]),
      try sleeper("editor", ["--config", "\(chain.root)/runs/one/services.yaml", "--run-id", "one"]),
    ]
    defer {
      for other in others {
        other.signal(SIGKILL)
        _ = Patience.wait(.seconds(5)) { other.poll() != nil }
      }
    }
    #expect(ChainProcesses.find(root: chain.root).isEmpty)
    #expect(try launcher.down() == .notRunning)
    #expect(others.allSatisfy { $0.identity.isAlive })
  }

  /// A file of an earlier run that nobody can read keeps nobody from a new start.
  @Test(.timeLimit(.minutes(1))) func aDamagedRunStandsInNobodysWay() throws {
    try chain.install(StandIn.supervisor(plan: "ready"), as: ["chainlab"])
    let run = try chain.makeRun()
    for file in ["run.json", "chain.json"] { try AtomicFile.write([UInt8(ascii: "{")], to: "\(run.path)/\(file)") }
    #expect(try launcher.down() == .notRunning)
    let outcome = try launcher.up(chain.topology, configuration: chain.configuration, versions: [:])
    guard case .started(let started) = outcome else {
      Issue.record("found \(outcome)")
      return
    }
    #expect(try launcher.down() == .stopped(started.run))
  }
}
