package import ChainModel
import FoundationEssentials
import Glibc
package import Supervisor
import Synchronization
import Topology
import TraceLog

/// A service's process, started from the folder of the test program.
package final class LoneServiceProcess: Sendable {
  private let child: ChildProcess
  private let seen = Mutex<ProcessEnd?>(nil)

  package var pid: Int32 { child.identity.pid }

  package init(
    _ program: String, arguments: [String], output: LoneServiceFolder, descriptors: Int? = nil
  ) throws {
    var environment = ["SWIFT_BACKTRACE": "enable=no", "PATH": "/usr/bin:/bin"]
    // What a sanitizer is told is for the services too.
    for (key, value) in ProcessInfo.processInfo.environment where key.hasSuffix("SAN_OPTIONS") {
      environment[key] = value
    }
    let limit = descriptors.map { "ulimit -n \($0); " } ?? ""
    child = try Command(
      executable: "/bin/sh",
      arguments: ["-c", #"\#(limit)exec "$0" "$@""#, "\(LiveChain.binaries)/\(program)"] + arguments,
      environment: environment, output: output.outputPath
    ).spawn()
  }

  deinit { kill() }

  /// How it ended; nil while it runs.
  package var end: ProcessEnd? {
    seen.withLock { seen in
      if seen == nil { seen = child.poll() }
      return seen
    }
  }

  /// Waits until it has ended by itself.
  package func wait(_ patience: Duration = .seconds(20)) -> ProcessEnd? {
    _ = Patience.wait(patience) { end != nil }
    return end
  }

  /// Asks it to end, and waits until it has; nil when it had to be killed.
  package func terminate() -> ProcessEnd? {
    if end == nil { child.signal(SIGTERM) }
    let end = wait(.seconds(10))
    kill()
    return end
  }

  package func kill() {
    guard end == nil else { return }
    child.signal(SIGKILL)
    _ = wait()
  }
}

/// What a lone service finds on the disk and leaves there; gone when the test is.
package final class LoneServiceFolder: Sendable {
  package let path: String

  package init() throws {
    let base = FileManager.default.temporaryDirectory.path
    path = "\(base)/chainlab-lone-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  package var configPath: String { "\(path)/services.yaml" }
  package var dataPath: String { "\(path)/data" }
  package var logPath: String { "\(path)/trace.log" }
  package var outputPath: String { "\(path)/output" }

  package func arguments(of name: ServiceName) -> [String] {
    ["--service", name.rawValue, "--config", configPath, "--data", dataPath, "--run-id", "test", "--log", logPath]
  }

  /// Writes the `services.yaml`.
  package func write(_ yaml: String) throws {
    try Data(yaml.utf8).write(to: URL(filePath: configPath))
  }

  package var output: String {
    guard let bytes = try? AtomicFile.read(outputPath) else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Runs a service that is expected not to start.
  /// - Parameters:
  ///   - name: of the service.
  ///   - program: nil for the one that is called like it.
  ///   - arguments: nil for those that the chain would give it.
  /// - Returns: how it ended; nil when it did not, in which case it is killed.
  /// - Throws: when it cannot be started at all.
  package func runInVain(
    _ name: ServiceName, program: String? = nil, _ arguments: [String]? = nil
  ) throws -> ProcessEnd? {
    let process = try LoneServiceProcess(
      program ?? name.rawValue, arguments: arguments ?? self.arguments(of: name), output: self)
    let end = process.wait()
    process.kill()
    return end
  }
}
