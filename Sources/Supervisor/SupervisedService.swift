import ChainModel
import FoundationEssentials
import Glibc
import Topology

/// One service of a chain with its process, if it has one at the moment.
struct SupervisedService {
  let configuration: ServiceConfiguration
  private let command: Command
  private let client: ControlClient
  private(set) var child: ChildProcess?
  private(set) var life = ServiceLife()
  private var lastEnd: ProcessEnd?

  /// So long may one question keep the supervisor from its other services.
  private static let askTimeout = Duration.milliseconds(500)

  /// Without a trace log, `log` is nil.
  init(_ configuration: ServiceConfiguration, run: RunFolder, binaries: String, log: String?) {
    self.configuration = configuration
    var arguments = ["--config", run.configurationPath]
    if let log { arguments += ["--log", log] }
    arguments += ["--data", run.dataPath, "--run-id", run.id]
    var environment = ProcessInfo.processInfo.environment
    // A crash must end a service at once; the backtracer would keep it, and its ports, for seconds.
    environment["SWIFT_BACKTRACE"] = "enable=no"
    command = Command(
      executable: Self.executable(of: configuration.name, in: binaries), arguments: arguments,
      environment: environment, output: run.logPath(of: configuration.name))
    client = ControlClient(service: configuration.name, port: configuration.controlPort, timeout: Self.askTimeout)
  }

  static func executable(of service: ServiceName, in binaries: String) -> String { "\(binaries)/\(service.rawValue)" }

  var name: String { configuration.name.rawValue }

  var lastLine: String { RunFolder.lastLine(of: command.output) }

  var log: String { command.output }

  /// As `chain.json` shows it.
  var described: ChainState.Service {
    var service = ChainState.Service(configuration)
    service.process = (child?.identity).map(ChainState.Process.init)
    service.restarts = life.restarts
    service.lastEnd = lastEnd?.description
    service.state =
      switch life.state {
      case .down: .down
      case .starting: .starting
      case .ready: .ready
      }
    return service
  }

  /// Does what is due: starts the process, or asks it whether it is ready.
  mutating func advance() throws(SupervisorError) {
    switch life.step(at: Monotonic.now()) {
    case .spawn:
      child = try command.spawn()
      life.spawned()
    case .askWhetherReady where client.isReady(): life.becameReady(at: Monotonic.now())
    case .askWhetherReady, nil: break
    }
  }

  /// How its process ended, if it has since the last call. It is not started again before its time.
  mutating func reap() -> (process: ChildProcess, end: ProcessEnd)? {
    guard let child, let end = child.poll() else { return nil }
    self.child = nil
    lastEnd = end
    _ = life.died(at: Monotonic.now())
    return (child, end)
  }

  /// It could not be started: to be tried again later.
  mutating func postpone() { _ = life.died(at: Monotonic.now()) }

  func signal(_ number: Int32) { child?.signal(number) }
}
