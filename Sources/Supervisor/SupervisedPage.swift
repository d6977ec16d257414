import ChainModel
import FoundationEssentials
import Glibc
import Topology
import TraceLog

/// The process that serves the page. The chain does not depend on it: when it ends it is started again, and when it cannot
/// be started the chain runs without.
struct SupervisedPage {
  private static let pause = Duration.seconds(2)

  private let command: Command
  private(set) var child: ChildProcess?
  private var nextStart: UInt64 = 0

  /// Nil if there is to be no page.
  init?(_ options: SupervisorOptions, run: RunFolder) {
    let dashboard = options.topology.dashboard
    guard dashboard.enabled else { return nil }
    command = Command(
      executable: "\(options.binaries)/chainlab",
      arguments: ["dashboard", "--root", options.root, "--port", "\(dashboard.port)", "--supervised"],
      environment: ProcessInfo.processInfo.environment, output: "\(run.path)/dashboard.log")
  }

  /// Starts it if it is due.
  mutating func advance() throws(SupervisorError) {
    if let running = child {
      guard running.poll() != nil else { return }
      child = nil
    }
    let now = Monotonic.now()
    guard now >= nextStart else { return }
    nextStart = now &+ Self.pause.nanoseconds
    child = try command.spawn()
  }

  mutating func end() {
    guard let child else { return }
    for (number, patience) in [(SIGTERM, Duration.seconds(2)), (SIGKILL, .seconds(2))] {
      child.signal(number)
      if Patience.wait(patience, until: { child.poll() != nil || !child.identity.isAlive }) { break }
    }
    self.child = nil
  }
}
