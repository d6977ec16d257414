import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import Supervisor
import TraceLog

/// The command line as a user has it: `chainlab`, beside the test program.
struct ChainlabProgram {
  struct Outcome {
    /// Nil: it was ended by a signal, or not within the time.
    var exitCode: Int32?
    /// Standard output.
    var output: String
    /// Standard error.
    var notes: String

    /// The output as what JSON holds at its top; nil when it is no JSON.
    func json<Value: Decodable>(_ type: Value.Type) -> Value? {
      try? JSONDecoder().decode(type, from: Data(output.utf8))
    }
  }

  private static let patience = Duration.seconds(60)

  /// Runs the program to its end, with limits that a shell sets, like `ulimit -n 64`. When `interruption` holds, it gets a
  /// SIGINT, once, as by Ctrl-C. `meanwhile` is called with its process as long as it runs.
  static func run(
    _ arguments: [String], input: String = "", columns: Int? = nil, limits: String = ":",
    interruptedWhen interruption: () -> Bool = { false }, meanwhile: (pid_t) -> Void = { _ in }
  ) async throws -> Outcome {
    let folder = FileManager.default.temporaryDirectory.appending(path: "chainlab-verb-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var environment = ProcessInfo.processInfo.environment
    environment["CHAINLAB_ROOT"] = nil
    environment["CHAINLAB_PROGRAM"] = nil
    environment["COLUMNS"] = columns.map { "\($0)" }
    try input.write(toFile: "\(folder)/notes.input", atomically: false, encoding: .utf8)
    // Standard error apart from standard output, which `Command` writes to the same file.
    let child = try Command(
      executable: "/bin/sh",
      arguments: [
        "-c", #"\#(limits); exec "$@" 2> "$0" < "$0.input""#, "\(folder)/notes", "\(LiveChain.binaries)/chainlab",
      ] + arguments,
      environment: environment, output: "\(folder)/output"
    ).spawn()
    var end: ProcessEnd?
    var isInterrupted = false
    _ = await eventually(within: patience) {
      end = child.poll()
      if end == nil, !isInterrupted, interruption() {
        child.signal(SIGINT)
        isInterrupted = true
      }
      if end == nil { meanwhile(child.identity.pid) }
      return end != nil
    }
    if end == nil { child.end() }
    var exitCode: Int32?
    if case .exited(let code) = end { exitCode = code }
    return Outcome(exitCode: exitCode, output: text(of: "\(folder)/output"), notes: text(of: "\(folder)/notes"))
  }

  private static func text(of path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}
