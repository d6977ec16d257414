import ChainModel
import ChainSimulator
import FoundationEssentials
import Glibc
import KernelView
import LoadGenerator
import Supervisor
import Topology
import TraceLog

/// Measures what the steps of requests cost this machine's processors: a chain of its own, without simulated latency, is
/// asked for paths that differ by steps, at a rate that leaves the processors mostly idle, in each IO model; what its
/// processes used of the processors, less what they use when nobody asks, is divided among the steps (`StepCostFit`).
///
/// The costs are of the services alone: what the client of a load uses of the same processors is not in them. They are
/// those of a moderate load: event loops that are never idle take several requests in a turn, and each then costs about
/// half as much, so that the limit of a chain of event loops is predicted too low.
package struct Calibration {
  private static let ping = "/ping"
  private static let paths: [(path: String, rate: Double)] = [
    (ping, 300), ("/users/{username}/payment-status", 150),
    ("/orchestrated/users/{username}/payment-status", 150),
  ]
  private static let idle = Duration.seconds(1)
  private static let prime = Duration.milliseconds(200)
  private static let measured = Duration.milliseconds(1_050)

  /// - Returns: what was measured; the caller keeps it.
  /// - Throws: when the chain does not start, or does not answer well; `CancellationError` when it was cancelled.
  func run() async throws -> StepCostFile {
    let root = try Folder.scratch("calibrate")
    let launcher = try ChainLauncher(root: root, binaries: LabFolder.binaries)
    defer {
      _ = try? launcher.down()
      try? FileManager.default.removeItem(atPath: root)
    }
    let topology = OwnChain.topology()
    let chain = try launcher.up(
      topology, configuration: Array(topology.yaml().utf8), versions: ["chainlab": Version.text]
    ).chain
    guard let path = try chain.run.logPath() else { throw LabError.withoutLog(chain.run) }
    let log = try LogWriter(path: path, name: "load")
    defer { log.close() }
    var look = ServiceLook(chain.state)
    try await Task.sleep(for: Self.idle)
    let idle = look.shares()
    var models: [String: StepCostFile.Costs] = [:]
    for model in IOModel.allCases {
      let fit = try await fit(model, topology, &look, idle: idle, log)
      models[model.rawValue] = StepCostFile.Costs(fit)
    }
    return StepCostFile(measuredAt: Date.now.ISO8601Format(), machine: Machine.text, models: models)
  }

  private func fit(
    _ model: IOModel, _ topology: Topology, _ look: inout ServiceLook, idle: [ServiceName: Double], _ log: LogWriter
  ) async throws -> StepCostFit {
    for service in topology.services {
      try ControlClient(service: service.name, port: service.controlPort).setMode(model)
    }
    _ = try await send(Self.paths[1].path, 100, Self.prime, topology, log)
    var observations: [StepCostFit.Observation] = []
    for (path, rate) in Self.paths {
      Terminal.note("\(model.rawValue): \(FigureText.number(rate)) requests a second for \(path)")
      _ = look.shares()
      let count = try await send(path, rate, Self.measured, topology, log)
      let times = look.times(less: idle)
      let route = topology.entry(path: path)?.route ?? 0
      for (service, time) in times where path != Self.ping || service == topology.front.name {
        observations.append(.init(service, route: route, time: max(0, time) / Double(count)))
      }
    }
    guard let fit = StepCostFit(observations, topology) else { throw CalibrationError.unclear(model) }
    return fit
  }

  /// - Returns: how many requests were answered, which are all.
  private func send(
    _ path: String, _ rate: Double, _ duration: Duration, _ topology: Topology, _ log: LogWriter
  ) async throws -> Int {
    let plan = LoadPlan(
      to: topology.front.endpoint, paths: [path], usernames: SeedData.usernames(topology.seed.users),
      arrival: .open(rate: rate, spacing: .fixed), duration: duration)
    let result = try await LoadGenerator.run(plan, log: log) { _ in }
    guard !result.wasCancelled else { throw CancellationError() }
    let counts = result.measured
    guard counts.successful > 0, counts.successful == counts.due else {
      throw CalibrationError.notAnswered(path, answered: counts.successful, due: counts.due)
    }
    return counts.successful
  }
}

/// What the processes of a chain have used of the processors since they were last looked at.
private struct ServiceLook {
  private let processes: [(name: ServiceName, view: ProcessView)]
  private var before: [ServiceName: Duration] = [:]
  private var at: UInt64 = 0

  init(_ state: ChainState) {
    processes = state.services.compactMap { service in
      service.process.map { (service.name, ProcessView(pid: $0.pid)) }
    }
    _ = look()
  }

  private mutating func look() -> (times: [ServiceName: Double], seconds: Double) {
    let now = Monotonic.now()
    var times: [ServiceName: Double] = [:]
    for (name, view) in processes {
      let used = view.processorTime
      times[name] = (used - (before[name] ?? used)).seconds
      before[name] = used
    }
    defer { at = now }
    return (times, Double(now - at) / 1e9)
  }

  /// Processors in use by each.
  mutating func shares() -> [ServiceName: Double] {
    let (times, seconds) = look()
    return times.mapValues { $0 / seconds }
  }

  /// Processor time of each in seconds, beyond what they use anyway.
  mutating func times(less idle: [ServiceName: Double]) -> [ServiceName: Double] {
    let (times, seconds) = look()
    return Dictionary(uniqueKeysWithValues: times.map { ($0, $1 - (idle[$0] ?? 0) * seconds) })
  }
}

/// Why nothing was calibrated.
enum CalibrationError: Error, CustomStringConvertible {
  case notAnswered(String, answered: Int, due: Int)
  case unclear(IOModel)
  case interrupted

  var description: String {
    switch self {
    case .notAnswered(let path, let answered, let due):
      "calibration: \(answered) of \(due) requests for \(path) were answered well, expected all; "
        + "end what else uses the processors, and calibrate again"
    case .unclear(let model):
      "calibration: what the services used in \(model.rawValue) does not tell the steps apart; calibrate again"
    case .interrupted: "calibration: interrupted; nothing was kept"
    }
  }
}

extension StepCostFile {
  /// What was measured, for the terminal.
  package var text: String {
    typealias Column = TableColumn<(model: IOModel, costs: Costs)>
    let table = TextTable(
      IOModel.allCases.compactMap { model in models[model.rawValue].map { (model: model, costs: $0) } },
      columns: [
        Column("IO MODEL") { $0.model.rawValue }, Column("REQUEST") { FigureText.value($0.costs.request, "ns") },
        Column("CALL") { FigureText.value($0.costs.call, "ns") },
        Column("QUERY") { FigureText.value($0.costs.query, "ns") },
        Column("FILE") { FigureText.value($0.costs.file, "ns") },
        Column("UNEXPLAINED") { FigureText.share($0.costs.unexplained) },
      ])
    return "\(table.text)\n\nprocessor time of one step, on \(machine)"
  }
}

extension Calibration {
  /// Measures and keeps, unless it is interrupted.
  /// - Returns: what was measured, and where it is kept.
  /// - Throws: `CalibrationError`, and when the chain does not start.
  package static func carryOut(root: String) async throws -> (file: StepCostFile, path: String) {
    Interruption.watch()
    let outcome = await Interruption.cancelling { try await Calibration().run() }
    guard !Interruption.hasCome else { throw CalibrationError.interrupted }
    let file = try outcome.get()
    let store = StepCostStore(root: root)
    try store.keep(file)
    return (file, store.path)
  }
}
