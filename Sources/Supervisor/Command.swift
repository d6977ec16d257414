import CPlatform
import Glibc
import TraceLog

/// A program to start: nothing of ours leaks into it but what stands here.
package struct Command {
  package var executable: String
  package var arguments: [String]
  package var environment: [String: String]
  /// Standard output and error are appended to this file; standard input is empty.
  package var output: String
  /// Whether it outlives the session of whoever starts it.
  package var detached: Bool

  package init(
    executable: String, arguments: [String], environment: [String: String], output: String, detached: Bool = false
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.output = output
    self.detached = detached
  }

  // spawn.h: a GNU extension, which Swift does not see.
  private static let newSession: Int16 = 0x80

  package func spawn() throws(SupervisorError) -> ChildProcess {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    for descriptor in Self.inherited() { posix_spawn_file_actions_addclose(&actions, descriptor) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    setSignals(&attributes)
    var pid: pid_t = 0
    let result = withCStrings([executable] + arguments) { arguments in
      withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
        posix_spawn(&pid, executable, &actions, &attributes, arguments, environment)
      }
    }
    guard result == 0 else { throw .cannotSpawn(path: executable, reason: String(cString: strerror(result))) }
    // Until it is waited for, the pid stays ours even if the process has ended already.
    return ChildProcess(identity: ProcessIdentity(pid: pid) ?? ProcessIdentity(pid: pid, startTicks: 0))
  }

  /// The child begins with no signal blocked or ignored, whatever whoever started us has done.
  private func setSignals(_ attributes: inout posix_spawnattr_t) {
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | (detached ? Self.newSession : 0))
  }

  /// Descriptors that would leak into the child. Ours are close-on-exec, but those that we were started with (a make
  /// job server's, a pipe of a script) need not be, and a daemon that keeps them lets others wait for ever.
  private static func inherited() -> [Int32] {
    ((try? Folder.names(in: "/proc/self/fd")) ?? []).compactMap { Int32($0) }.filter { descriptor in
      let flags = fcntl(descriptor, F_GETFD)
      return descriptor > 2 && flags >= 0 && flags & FD_CLOEXEC == 0
    }
  }
}

/// A NULL-terminated array of C strings, for the time of the call.
private func withCStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let pointers = strings.map { strdup($0) }
  defer { for pointer in pointers { free(pointer) } }
  return body(pointers + [nil])
}
