import ChainModel
import FoundationEssentials
import Glibc
import Topology

/// One replica of a service of a chain, with its process, if it has one at the moment.
struct SupervisedService {
  /// Why a replica that is not needed any more is still there.
  enum Retirement: Hashable {
    /// Its callers are told to leave it alone, and what they have asked it for is being done.
    case draining(since: UInt64)
    /// It was asked to end.
    case ending(since: UInt64)
  }

  let replica: ReplicaName
  private(set) var configuration: ServiceConfiguration
  private(set) var child: ChildProcess?
  private(set) var life = ServiceLife()
  var retirement: Retirement?
  /// Whether all who call its service know of it.
  var isIntroduced = false
  /// What it knows of its callees.
  private(set) var told: CalleeLists = [:]
  private var command: Command
  private var client: ControlClient
  private let run: RunFolder
  private let log: String?
  private let executable: String
  /// What a process knows of its callees when it starts: what `services.yaml` says.
  private let configured: CalleeLists
  private var nextTelling: UInt64 = 0
  private var lastEnd: ProcessEnd?
  /// Why it cannot be started, or is not heard of.
  private(set) var problem: String?

  /// So long may one question keep the supervisor from its other services.
  private static let askTimeout = Duration.milliseconds(500)
  /// After one that did not listen.
  private static let tellAgain = Duration.milliseconds(500)

  /// - Parameters:
  ///   - configuration: of the service, with the replica's own ports.
  ///   - number: which replica.
  ///   - topology: for the addresses of its callees.
  ///   - run: where its files are.
  ///   - binaries: where its executable is.
  ///   - log: nil without a trace log.
  init(
    _ configuration: ServiceConfiguration, number: Int, topology: Topology, run: RunFolder, binaries: String,
    log: String?
  ) {
    self.configuration = configuration
    self.run = run
    self.log = log
    replica = ReplicaName(configuration.name, number)
    executable = Self.executable(of: configuration, in: binaries)
    configured = topology.callees(of: configuration.name).reduce(into: [:]) { lists, callee in
      let service = topology[callee]
      if topology.isStarted(service) { lists[callee.rawValue] = [service.endpoint] }
    }
    command = Self.command(replica, configuration, executable, run, log)
    client = ControlClient(replica, port: configuration.controlPort, timeout: Self.askTimeout)
  }

  private static func command(
    _ replica: ReplicaName, _ configuration: ServiceConfiguration, _ executable: String, _ run: RunFolder,
    _ log: String?
  ) -> Command {
    var arguments = ["--service", configuration.name.rawValue, "--config", run.configurationPath]
    if let log { arguments += ["--log", log] }
    arguments += ["--data", run.dataPath(of: replica), "--run-id", run.id]
    if !replica.isFirst {
      arguments += [
        "--replica", "\(replica.number)", "--port", "\(configuration.port)", "--control-port",
        "\(configuration.controlPort)",
      ]
    }
    var environment = ProcessInfo.processInfo.environment
    // A crash must end a service at once; the backtracer would keep it, and its ports, for seconds.
    environment["SWIFT_BACKTRACE"] = "enable=no"
    // Whoever answers requests has no business with the agents.
    environment[AgentToken.variable] = nil
    return Command(
      executable: executable, arguments: arguments, environment: environment, output: run.logPath(of: replica),
      endsWithParent: SIGTERM)
  }

  static func executable(of service: ServiceConfiguration, in binaries: String) -> String {
    "\(binaries)/\(service.program)"
  }

  var name: String { replica.text }

  /// Those that it calls and whose replicas are started here.
  var callees: [String] { configured.keys.sorted() }

  var address: Endpoint { configuration.endpoint }

  var lastLine: String { RunFolder.lastLine(of: command.output) }

  var output: String { command.output }

  var isEnding: Bool { if case .ending = retirement { true } else { false } }

  /// Whether calls may be sent to it.
  var serves: Bool { life.isReady && retirement == nil }

  /// As `chain.json` shows it.
  var described: ChainState.Service {
    var service = ChainState.Service(configuration, replica: replica.number)
    service.process = (child?.identity).map(ChainState.Process.init)
    service.restarts = life.restarts
    service.lastEnd = lastEnd?.description
    service.problem = problem
    service.state =
      switch life.state {
      case _ where retirement != nil: .draining
      case .down: .down
      case .starting: .starting
      case .ready: isIntroduced ? .ready : .starting
      }
    return service
  }

  /// Does what is due: starts the process, or asks it whether it is ready.
  /// - Returns: whether it was to be started and could not.
  @discardableResult
  mutating func advance() -> Bool {
    switch life.step(at: Monotonic.now()) {
    case .spawn where retirement == nil:
      start()
      return child == nil
    case .askWhetherReady where client.isReady():
      life.becameReady(at: Monotonic.now())
      problem = nil
    case .spawn, .askWhetherReady, nil: break
    }
    return false
  }

  private mutating func start() {
    let taken = PortCheck.taken(PortCheck.needs(configuration))
    guard taken.isEmpty else { return postpone(taken.map(\.description).joined(separator: "; ")) }
    do throws(SupervisorError) {
      child = try command.spawn()
      told = configured
      life.spawned()
    } catch {
      postpone(error.description)
    }
  }

  private mutating func postpone(_ reason: String) {
    problem = reason
    life.postponed(at: Monotonic.now())
  }

  /// How its process ended, if it has since the last call. It is not started again before its time.
  mutating func reap() -> (process: ChildProcess, end: ProcessEnd)? {
    guard let child, let end = child.poll() else { return nil }
    self.child = nil
    lastEnd = end
    isIntroduced = false
    // One that had served speaks for itself; one that had not would do so again and again.
    if !life.isReady { problem = "it ended with \(end)\(lastLine.isEmpty ? "" : ": \(lastLine)")" }
    _ = life.died(at: Monotonic.now())
    return (child, end)
  }

  func signal(_ number: Int32) { child?.signal(number) }

  /// Gives it other ports, before its next start.
  mutating func move(port: Int, controlPort: Int) {
    configuration.port = port
    configuration.controlPort = controlPort
    command = Self.command(replica, configuration, executable, run, log)
    client = ControlClient(replica, port: controlPort, timeout: Self.askTimeout)
  }

  // MARK: Callees and calls

  /// Tells it where its callees are, unless it knows. One that does not listen is told again later.
  /// - Throws: when it did not listen.
  mutating func tell(_ lists: CalleeLists, at now: UInt64) throws(ControlError) {
    guard lists != told, now >= nextTelling else { return }
    nextTelling = now &+ Self.tellAgain.nanoseconds
    try client.setCallees(lists)
    nextTelling = 0
    told = lists
  }

  /// Whether it has calls in flight to a replica; also true when it does not say.
  func mayCall(_ callee: ReplicaName) -> Bool {
    guard let replicas = try? client.callees()[callee.service.rawValue] else { return true }
    return replicas.contains { $0.replica == callee.number && ($0.isCalled || $0.inFlight > 0) }
  }

  /// Whether it has requests in flight; also true when it does not say.
  func mayBeBusy() -> Bool { (try? client.status().inFlight) != 0 }
}
