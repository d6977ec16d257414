import ChainModel
import Glibc
import Supervisor
import Synchronization
import Testing

@Suite struct CommandTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  /// Runs a shell script to its end.
  private func run(_ script: String, detached: Bool = false) async throws -> (end: ProcessEnd?, output: String) {
    let output = "\(folder.path)/output"
    let child = try Command(
      executable: "/bin/sh", arguments: ["-c", script], environment: ["COLOUR": "blue"], output: output,
      detached: detached
    ).spawn()
    var end: ProcessEnd?
    _ = await eventually {
      end = child.poll()
      return end != nil
    }
    return (end, text(of: output))
  }

  @Test func aChildHasItsOwnEnvironmentAndBothOutputsInOneFile() async throws {
    let (end, output) = try await run("echo $COLOUR $HOME; echo oops >&2; read line || echo no input")
    #expect(output == "blue\noops\nno input\n")
    #expect(end == .exited(0))
  }

  @Test func noDescriptorLeaksIntoAChild() async throws {
    let file = try folder.write("", to: "leak")
    let leak = open(file, O_RDONLY)
    defer { close(leak) }
    #expect(leak > 2 && fcntl(leak, F_GETFD) == 0)
    let (_, output) = try await run("for d in /proc/self/fd/*; do readlink $d; done; exit 0")
    #expect(output.hasPrefix("/dev/null\n\(folder.path)/output\n\(folder.path)/output\n"))
    #expect(!output.contains(file))
  }

  @Test func aDetachedChildHasASessionOfItsOwn() async throws {
    let session = "read pid name state parent group session rest < /proc/$$/stat; [ $session = $$ ]"
    #expect(try await run(session, detached: true).end == .exited(0))
    #expect(try await run(session).end == .exited(1))
  }

  @Test func aChildBlocksAndIgnoresNoSignal() async throws {
    let before = signal(SIGUSR2, SIG_IGN)
    defer { signal(SIGUSR2, before) }
    let (end, _) = try await run("kill -USR2 $$; exit 0")
    #expect(end == .signalled(SIGUSR2))
    #expect(end?.recorded == UInt64(SIGUSR2))
    #expect(end?.description == "signal 12 (User defined signal 2)")
  }

  @Test func anExitCodeIsTold() async throws {
    let (end, _) = try await run("exit 3")
    #expect(end == .exited(3))
    #expect(end?.recorded == 259)
    #expect(end?.description == "exit code 3")
  }

  @Test func aProgramThatIsNotThereCannotBeStarted() {
    #expect(throws: SupervisorError.cannotSpawn(path: "/no/such/program", reason: "No such file or directory")) {
      try Command(
        executable: "/no/such/program", arguments: [], environment: [:], output: "\(folder.path)/output"
      ).spawn()
    }
  }

  @Test func aProgramWhoseOutputCannotBeKeptIsStartedAllTheSame() throws {
    let child = try Command(
      executable: "/bin/sh", arguments: ["-c", "echo lost; exit 7"], environment: [:], output: "/no/such/folder/output"
    ).spawn()
    var end: ProcessEnd?
    let hasEnded = Patience.wait(.seconds(10)) {
      end = child.poll()
      return end != nil
    }
    #expect(hasEnded && end == .exited(7))
  }

  @Test(.timeLimit(.minutes(1))) func aChildEndsWithTheThreadThatStartedIt() throws {
    let child = Mutex<ChildProcess?>(nil)
    let command = Command(
      executable: "/bin/sleep", arguments: ["60"], environment: [:], output: "\(folder.path)/output",
      endsWithParent: SIGTERM)
    try CannedControlPort.startThread { child.withLock { $0 = try? command.spawn() } }
    var end: ProcessEnd?
    let hasEnded = Patience.wait(.seconds(10)) {
      end = child.withLock { $0?.poll() }
      return end != nil
    }
    #expect(hasEnded && end == .signalled(SIGTERM))
  }
}
