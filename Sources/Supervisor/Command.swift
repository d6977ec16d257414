import CPlatform
import Glibc
import TraceLog

/// A program to start: nothing of ours leaks into it but what stands here.
package struct Command {
  package var executable: String
  package var arguments: [String]
  package var environment: [String: String]
  /// Standard output and error are appended to this file; standard input is empty. A file that cannot be written keeps
  /// no program from being started: what it says is lost then.
  package var output: String
  /// Whether it outlives the session of whoever starts it.
  package var detached: Bool
  /// The signal that it gets when the *thread* that starts it ends, however that does; so that thread must live as long as
  /// the process. Nil: it outlives whoever starts it.
  package var endsWithParent: Int32?

  package init(
    executable: String, arguments: [String], environment: [String: String], output: String, detached: Bool = false,
    endsWithParent: Int32? = nil
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.output = output
    self.detached = detached
    self.endsWithParent = endsWithParent
  }

  package func spawn() throws(SupervisorError) -> ChildProcess {
    var pid: pid_t = 0
    let result = withCStrings([executable] + arguments) { arguments in
      withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
        executable.withCString { executable in
          output.withCString { output in
            var program = chain_program(
              path: executable, arguments: arguments, environment: environment, output: output,
              new_session: detached ? 1 : 0, death_signal: endsWithParent ?? 0)
            return chain_start(&program, &pid)
          }
        }
      }
    }
    guard result == 0 else { throw .cannotSpawn(path: executable, reason: String(cString: strerror(result))) }
    // Until it is waited for, the pid stays ours even if the process has ended already.
    return ChildProcess(identity: ProcessIdentity(pid: pid) ?? ProcessIdentity(pid: pid, startTicks: 0))
  }
}

/// A NULL-terminated array of C strings, for the time of the call.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>?) -> Result
) -> Result {
  let pointers = strings.map { strdup($0) }
  defer { for pointer in pointers { free(pointer) } }
  return (pointers + [nil]).withUnsafeBufferPointer { body($0.baseAddress) }
}
