import ChainModel
import FoundationEssentials
import Glibc
import Supervisor

/// Runs supervisors in processes of their own, as signals and child processes demand: this test program once more, told
/// by its environment to be a supervisor. `SupervisorProcessTests` is where it gets to know.
enum SupervisorProcess {
  private static let chainKey = "CHAINLAB_TEST_CHAIN"
  private static let runKey = "CHAINLAB_TEST_RUN"

  /// If this process is to be a supervisor, it is one until it ends.
  static func becomeSupervisorIfAsked() {
    let environment = ProcessInfo.processInfo.environment
    guard let path = environment[chainKey], let runID = environment[runKey] else { return }
    guard let bytes = try? AtomicFile.read(path), let chain = WireJSON.decode(TestChain.self, from: bytes) else {
      preconditionFailure("\(path) is no chain of a test")
    }
    exit(chain.supervise(runID))
  }

  static func spawn(_ chain: TestChain, _ run: RunFolder) throws -> ChildProcess {
    try Command(
      executable: "/bin/sh",
      arguments: ["-c", try script(chain), "sh", "supervise", "--root", chain.root, "--run", run.id],
      environment: ProcessInfo.processInfo.environment, output: run.supervisorLogPath
    ).spawn()
  }

  /// Writes the chain's `bin/chainlab`, of which a launcher only knows that it can supervise.
  static func install(in chain: TestChain) throws {
    try chain.install("#!/bin/sh\n\(try script(chain))", as: ["chainlab"])
  }

  /// Understands `supervise --root ROOT --run ID`.
  private static func script(_ chain: TestChain) throws -> String {
    let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let path = "\(chain.root)/test-chain.json"
    try AtomicFile.write(WireJSON.encode(chain), to: path)
    return """
      export \(chainKey)='\(path)' \(runKey)="$5"
      exec '\(program)' --testing-library swift-testing --filter SupervisorProcessTests
      """
  }

  /// How it ended; nil: it did not.
  static func end(of supervisor: ChildProcess) async -> ProcessEnd? {
    var end: ProcessEnd?
    _ = await eventually(within: .seconds(30)) {
      end = supervisor.poll()
      return end != nil
    }
    return end
  }
}
