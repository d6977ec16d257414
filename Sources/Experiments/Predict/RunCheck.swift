import ChainModel
package import ChainSimulator
import FoundationEssentials
import Lessons
import LoadGenerator
package import Supervisor
import Topology
import TraceLog

/// `predict --check`: a recorded run, load by load, beside a simulation of what it was asked for.
package struct RunCheck {
  let run: RunFolder
  let cores: Int
  let costs: StepCostTable

  /// A simulated log is held in memory: about 50 records a request.
  private static let mostRequests = 300_000

  /// A load of the run, with what is read of the log for it.
  private struct Part {
    var number: Int
    var result: LoadResult
    /// From its first request to its last outcome, and what of it is measured; on the log's clock.
    var window: ClosedRange<UInt64>
    var measured: ClosedRange<UInt64>
    var script: RecordedScript
    var measures: CellMeasures
  }

  /// - Returns: one for each load of which anything was measured.
  /// - Throws: when the run was not configured, traced or loaded by this program, or its files are damaged.
  package init(run: RunFolder, cores: Int, costs: StepCostTable) {
    (self.run, self.cores, self.costs) = (run, cores, costs)
  }

  package func checks() throws -> [PredictionCheck] {
    if let origin = try run.record().origin { throw LabError.notMeasured(run: run.id, origin: origin) }
    let topology = try Topology.load(path: run.configurationPath)
    guard let reader = try run.reader() else { throw LabError.withoutLog(run) }
    let scan = try reader.scan()
    var parts = try loads().compactMap { part($0, $1, scan, topology) }
    guard !parts.isEmpty else { throw LabError.noLoad(run: run.id) }
    let overwritten = scan.forEachBatch { records in
      for index in records.indices {
        let record = records[index]
        for place in parts.indices where record.time <= parts[place].window.upperBound {
          parts[place].script.apply(record)
          parts[place].measures.apply(record)
        }
      }
    }
    return try parts.map { part in
      let others = parts.filter { $0.number != part.number && $0.window.overlaps(part.window) }
      return try check(part, beside: others.map(\.number), topology, scan, overwritten: overwritten)
    }
  }

  private func loads() throws -> [(Int, LoadResult)] {
    try run.loadResults().enumerated().compactMap { index, path in
      guard let bytes = try AtomicFile.read(path), let result = WireJSON.decode(LoadResult.self, from: bytes) else {
        throw SupervisorError.damaged(path: path, reason: "it does not decode as a result of load")
      }
      guard result.measuredSeconds > 0 else {
        Terminal.note("load \(index + 1) was ended before anything was measured, and is passed over")
        return nil
      }
      return (index + 1, result)
    }
  }

  /// Nil for a load that was not sent while this log was written.
  private func part(_ number: Int, _ result: LoadResult, _ scan: LogScan, _ topology: Topology) -> Part? {
    let (wall, isFar) = UInt64(clamping: result.startedAt).multipliedReportingOverflow(by: 1_000_000)
    let log = scan.overview
    guard !isFar, wall > log.wallOffset, result.elapsedSeconds >= 0, result.elapsedSeconds < 1e6,
      wall - log.wallOffset >= log.createdAt, wall - log.wallOffset <= scan.lastTime
    else {
      Terminal.note("load \(number) does not belong to the log of run \(run.id), and is passed over")
      return nil
    }
    let start = wall - log.wallOffset
    let from = start + UInt64(max(0, result.plan.warmUpSeconds) * 1e9)
    let window = start...start + UInt64(result.elapsedSeconds * 1e9)
    let measured = from...from + UInt64(min(result.measuredSeconds, 1e6) * 1e9)
    return Part(
      number: number, result: result, window: window, measured: measured,
      script: RecordedScript(
        processes: log.processes, strings: log.strings, window: window,
        entries: Set(topology.entries.map { topology.services[$0.service].name })),
      measures: CellMeasures(processes: log.processes, strings: log.strings, window: measured, from: start))
  }

  // MARK: One load

  private func check(
    _ part: Part, beside others: [Int], _ topology: Topology, _ scan: LogScan, overwritten: Int
  ) throws -> PredictionCheck {
    let plan = part.result.plan
    let (started, ended) = (part.result.measured.started + part.result.warmUp.started, part.result.measured.ended)
    guard ended < Self.mostRequests else {
      throw LabError.loadTooLong(run: run.id, load: part.number, requests: ended, most: Self.mostRequests)
    }
    let load = try simulatedLoad(part, topology)
    var replay = part.script.replay(topology, load, sent: started, cores: cores, costs: costs)
    replay.unreplayed += Self.unreplayed(part.result, beside: others)
    let (result, log) = try replay.plan.record(runID: run.id)
    let predicted = PredictionCheck.entry(result).merging(Self.measures(of: log, load)) { $1 }
    var measured = Self.entry(part.result)
    let loss = doubts(part, scan, overwritten)
    let isComplete = scan.overview.completeSince < part.window.lowerBound
    if isComplete { measured.merge(part.measures.figures(until: part.window.upperBound)) { $1 } }
    let services = Set(log.processes.map(\.name) + scan.overview.processes.map(\.name))
    let replicas = ReplicaTable(scan.overview.processes + log.processes)
    let shown = services.sorted { replicas.rank($0) < replicas.rank($1) }.filter { name in
      guard replicas[name] != nil else { return false }
      let key = "in_flight(\(name))"
      return predicted[key] ?? 0 > 0 || measured[key] ?? 0 > 0
    }
    return PredictionCheck(
      run: run.id, load: part.number, of: Self.words(plan), seconds: part.result.measuredSeconds, costs: costs,
      replay: replay,
      figures: PredictionCheck.entryRows(predicted: predicted, measured: measured)
        + shown.flatMap { PredictionCheck.rows(of: $0, predicted: predicted, measured: measured) },
      doubts: loss)
  }

  private func simulatedLoad(_ part: Part, _ topology: Topology) throws -> SimulatedLoad {
    let plan = part.result.plan
    let entries = plan.kinds.compactMap {
      topology.entry(method: $0.method, path: $0.path, port: $0.port ?? plan.port, weight: $0.weight)
    }
    guard !entries.isEmpty, entries.count == plan.kinds.count else {
      throw LabError.unknownPaths(run: run.id, load: part.number, paths: plan.paths)
    }
    var rules = CallPolicy()
    rules.timeout = .milliseconds(plan.timeoutMilliseconds)
    let arrival: SimulatedLoad.Arrival =
      plan.clients.map { .closed(clients: $0, think: .zero) }
      ?? .open(rate: plan.rate ?? 0, plan.spacing == .poisson ? .poisson : .fixed)
    return SimulatedLoad(
      arrival, entries: entries.map { SimulatedLoad.Entry($0) }, warmUp: .seconds(plan.warmUpSeconds),
      duration: .seconds(part.result.measuredSeconds),
      // Requests in flight at the end are waited for, unless the load was cancelled.
      drain: part.result.wasCancelled ? .zero : .milliseconds(plan.timeoutMilliseconds), rules: rules, seed: plan.seed)
  }

  /// The figures of services, by the same rules as those of a real log.
  private static func measures(of log: LogSnapshot, _ load: SimulatedLoad) -> [String: Double] {
    let from = log.createdAt + load.warmUp.nanoseconds
    var measures = CellMeasures(
      processes: log.processes, strings: log.strings, window: from...from + load.duration.nanoseconds,
      from: log.createdAt)
    for record in log.records { measures.apply(record) }
    return measures.figures(until: log.takenAt)
  }

  private static func entry(_ result: LoadResult) -> [String: Double] {
    var figures = ["throughput": result.rates.ended, "goodput": result.rates.successful]
    let times = result.latency.successful
    guard let times = times.corrected ?? times.uncorrected else { return figures }
    (figures["mean"], figures["p50"], figures["p99"]) = (times.mean, times.p50, times.p99)
    return figures
  }

  // MARK: In words

  private static func words(_ plan: LoadResult.Plan) -> String {
    let rate = plan.rate.map { "\(FigureText.number($0)) requests/s (\(plan.spacing?.rawValue ?? "fixed"))" }
    let what = rate ?? "\(plan.clients ?? 0) clients"
    return
      "\(what) for \(plan.paths.joined(separator: ", ")), after \(FigureText.seconds(plan.warmUpSeconds)) of warm-up"
  }

  private static func unreplayed(_ result: LoadResult, beside others: [Int]) -> [String] {
    var found: [String] = []
    if !others.isEmpty {
      let names = others.map { "load \($0)" }.joined(separator: ", ")
      found.append("\(names) ran at the same time: each is simulated alone")
    }
    if result.plan.newConnections { found.append("a new connection for each request: connecting takes no time") }
    let notSent = result.measured.notSent + result.warmUp.notSent
    if notSent > 0 { found.append("requests that were due and not sent: found \(notSent), the simulation sends them") }
    if result.wasCancelled { found.append("the load was cancelled: simulated for as long as it was measured") }
    if result.plan.rate != nil, result.plan.spacing == .poisson {
      found.append("the moments of the random arrivals: simulated with others of the same rate")
    }
    return found
  }

  private func doubts(_ part: Part, _ scan: LogScan, _ overwritten: Int) -> [String] {
    var doubts: [String] = []
    var loss = scan.overview.loss
    loss.overwritten += overwritten
    if scan.overview.completeSince >= part.window.lowerBound {
      doubts.append("the log has wrapped since the load began: the services' figures and the changes are lost")
    } else if !loss.isNothing {
      doubts.append("the log is incomplete: \(loss.text)")
    }
    return doubts
  }
}
