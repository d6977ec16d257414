import CPlatform
import FoundationEssentials
import Glibc
import Testing
import TraceLog

@Suite struct ProcessIdentityTests {
  /// Starts a process that ends when the test lets go of it.
  private func spawn(_ words: String...) throws -> pid_t {
    var pid: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { arguments.forEach { free($0) } }
    try #require(posix_spawn(&pid, words[0], nil, nil, arguments, environ) == 0)
    return pid
  }

  @Test func aProcessIsItselfAndNoOther() throws {
    let mine = ProcessIdentity.current
    #expect(mine.pid == getpid() && mine.startTicks > 0 && mine.isAlive)
    #expect(!ProcessIdentity(pid: mine.pid, startTicks: mine.startTicks + 1).isAlive)
    #expect(ProcessIdentity(pid: mine.pid) == mine)
  }

  @Test(arguments: [Int32.min, -1, 0, Int32.max]) func aPidThatIsNoneIsNoProcess(pid: Int32) {
    #expect(ProcessIdentity(pid: pid) == nil)
    #expect(!ProcessIdentity(pid: pid, startTicks: 0).isAlive)
  }

  @Test(.timeLimit(.minutes(1))) func aKilledProcessIsDeadBeforeItsParentHasAskedForItsStatus() throws {
    let pid = try spawn("/bin/sleep", "60")
    let identity = try #require(ProcessIdentity(pid: pid))
    #expect(identity.isAlive)
    kill(pid, SIGSTOP)
    #expect(identity.isAlive)
    #expect(identity.isAtWork)
    kill(pid, SIGKILL)
    // From now on, though the kernel may take its time.
    #expect(!identity.isAtWork)
    #expect(poll { !identity.isAlive })
    #expect(ProcessIdentity(pid: pid) == nil)
    var status: Int32 = 0
    #expect(waitpid(pid, &status, 0) == pid && chain_wait_signal(status) == SIGKILL)
    #expect(!identity.isAlive)
  }

  /// A process that has run out of descriptors cannot look; it must not take the living for dead, and their segments.
  @Test func whoCannotLookTakesTheOtherForAlive() async {
    let (pid, ticks) = (ProcessIdentity.current.pid, ProcessIdentity.current.startTicks)
    await #expect(processExitsWith: .success) { [pid = pid as Int32, ticks = ticks as UInt64] in
      let parent = ProcessIdentity(pid: pid, startTicks: ticks)
      try #require(parent.isAlive)
      var limit = rlimit(rlim_cur: 0, rlim_max: 0)
      try #require(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
      try #require(open("/dev/null", O_RDONLY) == -1)
      #expect(parent.isAlive)
      #expect(ProcessIdentity(pid: pid) == nil)
    }
  }
}
