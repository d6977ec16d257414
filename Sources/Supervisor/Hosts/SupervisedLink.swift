import ChainModel
import FoundationEssentials
import Glibc

/// The process that keeps up with another host. The chain does not depend on it: when it ends it is started again.
struct SupervisedLink {
  private let command: Command
  private(set) var child: ChildProcess?
  private(set) var life = ServiceLife()

  init(_ host: RunHost, _ options: SupervisorOptions, run: RunFolder) {
    command = Command(
      executable: "\(options.binaries)/chainlab",
      arguments: ["link", "--root", options.root, "--run", run.id, "--host", host.name],
      environment: ProcessInfo.processInfo.environment, output: run.linkOutput(of: host.name), endsWithParent: SIGTERM)
  }

  mutating func advance() {
    reap()
    switch life.step(at: Monotonic.now()) {
    case .spawn:
      do throws(SupervisorError) {
        child = try command.spawn()
        life.spawned()
      } catch {
        life.postponed(at: Monotonic.now())
      }
    case .askWhetherReady: life.becameReady(at: Monotonic.now())
    case nil: break
    }
  }

  mutating func reap() {
    guard child?.poll() != nil else { return }
    child = nil
    _ = life.died(at: Monotonic.now())
  }

  func signal(_ number: Int32) { child?.signal(number) }
}
