import ChainModel
import FoundationEssentials
import Glibc
import Topology

/// The process that serves the page. The chain does not depend on it: when it ends it is started again, and when it cannot
/// be started the chain runs without, and says so.
struct SupervisedPage {
  private let configuration: DashboardConfiguration
  private let command: Command
  private(set) var child: ChildProcess?
  private(set) var life = ServiceLife()
  /// Why it does not serve; nil while it does, or has not been heard of yet.
  private(set) var problem: String?

  /// Nil if there is to be no page.
  init?(_ options: SupervisorOptions, run: RunFolder) {
    configuration = options.topology.dashboard
    guard configuration.enabled else { return nil }
    command = Command(
      executable: "\(options.binaries)/chainlab",
      arguments: [
        "dashboard", "--root", options.root, "--port", "\(configuration.port)", "--listen", configuration.listen,
        "--supervised",
      ],
      environment: ProcessInfo.processInfo.environment, output: "\(run.path)/dashboard.log", endsWithParent: SIGTERM)
  }

  /// Whether there is something to tell of it: that it serves, or why it does not.
  var isDecided: Bool { life.isReady || problem != nil }

  /// As `chain.json` shows it.
  var described: ChainState.Page {
    let state: ChainState.Service.State =
      switch life.state {
      case .down: .down
      case .starting: .starting
      case .ready: .ready
      }
    return ChainState.Page(
      port: configuration.port, state: state, process: (child?.identity).map(ChainState.Process.init),
      restarts: life.restarts, problem: problem)
  }

  /// Does what is due: starts it, looks whether it serves, or notes that it has ended.
  mutating func advance() {
    reap()
    switch life.step(at: Monotonic.now()) {
    case .spawn: start()
    case .askWhetherReady where Reachability.problem(configuration.endpoint) == nil:
      life.becameReady(at: Monotonic.now())
      problem = nil
    case .askWhetherReady, nil: break
    }
  }

  private mutating func start() {
    if let taken = PortCheck.taken([PortCheck.need(configuration)]).first {
      problem = taken.description
      life.postponed(at: Monotonic.now())
      return
    }
    do throws(SupervisorError) {
      child = try command.spawn()
      life.spawned()
    } catch {
      problem = error.description
      life.postponed(at: Monotonic.now())
    }
  }

  mutating func reap() {
    guard let end = child?.poll() else { return }
    child = nil
    _ = life.died(at: Monotonic.now())
    let said = RunFolder.lastLine(of: command.output)
    problem = "it ended with \(end)\(said.isEmpty ? "" : ": \(said)")"
  }

  func signal(_ number: Int32) { child?.signal(number) }
}
