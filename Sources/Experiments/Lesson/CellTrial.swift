import ChainModel
import ChainSimulator
import Foundation
import Glibc
import KernelView
import Lessons
import LoadGenerator
import Supervisor
import Topology
import TraceLog

/// Runs one cell of a lesson once: launches its chain, sends its load, does what its script says, and measures.
///
/// Figures besides those of `CellMeasures`, `ProcessorUse` and `CellSimulation`:
///
/// | figure | meaning |
/// |---|---|
/// | `throughput` | successful answers per second of the measured time |
/// | `mean_ms`, `p50_ms`, `p90_ms`, `p99_ms`, `max_ms` | of the successful, from when they were due (closed loop: sent) |
/// | `code.lines(F)`, `code.nesting(F)`, `code.error_hand_offs(F)`, `code.waits(F)` | of the gateway's handler: see `CodeShape` |
/// | `sent` | requests per second |
/// | `chain_ceiling` | what the chain can serve in its mix of IO models, by Little's law |
/// | `refused_share`, `failed_share`, `slow_share` | of the ended: status 503; any failure; those that took 0.9 s and more |
/// | `ping_p50_ms`, `ping_p99_ms`, `ping_rate` | of the second load; its successful answers per second |
/// | `cpu_us(S)`, `switches_each(S)` | for each successful answer |
/// | `virtual_mib(S)`, `resident_mib(S)`, `stacks_mib(S)`, `all_threads(S)` | in the middle of the measured time |
struct CellTrial {
  let lesson: Lesson
  let cell: Lesson.Cell
  let seed: Int
  let isQuick: Bool
  /// A new folder for the run.
  let root: String
  var costs = StepCostTable.usual

  private var duration: Duration { isQuick ? cell.load.quickDuration ?? cell.load.duration : cell.load.duration }

  /// - Returns: the result; its run stays in `root`.
  func run() async throws -> CellResult {
    let made = try LessonTopology(cell)
    let launcher = try ChainLauncher(root: root, binaries: LabFolder.binaries)
    defer { _ = try? launcher.down() }
    let yaml = Array(made.topology.yaml().utf8)
    try AtomicFile.write(yaml, to: "\(root)/services.yaml")
    let chain = try launcher.up(
      made.topology, configuration: yaml, versions: ["chainlab": Version.text]
    ).chain
    let path = made.topology.traceLog.enabled ? try chain.run.logPath() : nil
    let start = Monotonic.now()
    async let sent = load(made, paths: [cell.load.path], arrival: arrival, log: path, name: "load")
    async let pinged = ping(made, log: path)
    async let scripted: Void = play(chain, from: start)
    async let watched = watch(chain, from: start)
    var figures = made.figures(cell)
    figures.merge(HandlerStyles.figures()) { $1 }
    let simulation = CellSimulation(cell: cell, topology: made.topology, duration: duration, seed: seed, costs: costs)
    figures.merge(simulation.figures()) { $1 }
    figures.merge(try await watched) { $1 }
    let result = try await sent
    _ = try chain.run.saveLoadResult(WireJSON.encode(result))
    Self.add(result, to: &figures)
    if let pings = try await pinged {
      figures["ping_rate"] = pings.rates.successful
      figures["ping_p50_ms"] = pings.latency.successful.corrected?.p50
      figures["ping_p99_ms"] = pings.latency.successful.corrected?.p99
    }
    try await scripted
    if let path { figures.merge(try measure(path, from: start)) { $1 } }
    Self.share(&figures, seconds: duration.seconds)
    _ = try launcher.down()
    return CellResult(
      lesson: lesson.name, cell: cell.name, seed: seed, digest: lesson.digest, quick: isQuick, figures: figures,
      discarded: discarded(figures), busy: busy(figures), run: chain.run.id)
  }

  /// Why the run does not count.
  private func discarded(_ figures: [String: Double]) -> String? {
    guard let lost = figures["lost"], lost > 0 else { return nil }
    return "the log has lost \(FigureText.count(Int(lost))) records"
  }

  /// How busy the host was, where that changes what is measured.
  private func busy(_ figures: [String: Double]) -> String? {
    guard !lesson.isAboutCPU, let share = figures["cpu_share"], share > Self.mostBusy else { return nil }
    return "the host's processors were \(FigureText.share(share)) busy (limit \(FigureText.share(Self.mostBusy)))"
  }

  private static let mostBusy = 0.6

  // MARK: What is sent

  private var arrival: LoadPlan.Arrival {
    if let clients = cell.load.clients { return .closed(clients: clients) }
    return .open(rate: cell.load.rate ?? 1, spacing: cell.load.isPoisson ? .poisson : .fixed)
  }

  private func load(
    _ made: LessonTopology, paths: [String], arrival: LoadPlan.Arrival, log path: String?, name: String
  ) async throws -> LoadResult {
    let log = try path.map { try LogWriter(path: $0, name: name) }
    defer { log?.close() }
    let plan = LoadPlan(
      to: made.topology.front.endpoint, paths: paths, usernames: SeedData.usernames(made.topology.seed.users),
      arrival: arrival, warmUp: cell.load.warmUp, duration: duration, timeout: cell.load.timeout, seed: UInt64(seed),
      newConnections: cell.load.newConnections)
    return try await LoadGenerator.run(plan, log: log) { _ in }
  }

  private func ping(_ made: LessonTopology, log path: String?) async throws -> LoadResult? {
    guard let rate = cell.pings else { return nil }
    return try await load(
      made, paths: ["/ping"], arrival: .open(rate: rate, spacing: .fixed), log: path, name: "ping")
  }

  // MARK: What is done meanwhile

  private func play(_ chain: ChainLauncher.Chain, from start: UInt64) async throws {
    for step in cell.script.sorted(by: { $0.at < $1.at }) {
      try await Self.wait(until: start &+ step.at.nanoseconds)
      if step.words.first == "freeze" { try await freeze(step.words, chain) } else { try await perform(step.words) }
    }
  }

  private func perform(_ words: [String]) async throws {
    let output = "\(root)/script.log"
    var environment = ProcessInfo.processInfo.environment
    environment["CHAINLAB_ROOT"] = root
    let child = try Command(
      executable: "\(LabFolder.binaries)/chainlab", arguments: words, environment: environment, output: output
    ).spawn()
    guard await child.exitCode() == 0 else {
      throw LessonRunError.step(words.joined(separator: " "), RunFolder.lastLine(of: output))
    }
  }

  /// `freeze SERVICE DURATION`: the process gets no processor for so long.
  private func freeze(_ words: [String], _ chain: ChainLauncher.Chain) async throws {
    guard words.count == 3, let duration = DurationText.parse(words[2]),
      let process = chain.state.services.first(where: { $0.name.rawValue == words[1] })?.process
    else { throw LessonRunError.step(words.joined(separator: " "), "expected freeze SERVICE DURATION") }
    let child = ChildProcess(identity: process.identity)
    child.signal(SIGSTOP)
    defer { child.signal(SIGCONT) }
    try await Task.sleep(for: duration)
  }

  private static func wait(until moment: UInt64) async throws {
    let now = Monotonic.now()
    if moment > now { try await Task.sleep(for: .nanoseconds(Int64(moment - now))) }
  }

  // MARK: What is measured

  private func watch(_ chain: ChainLauncher.Chain, from start: UInt64) async throws -> [String: Double] {
    var use = ProcessorUse(
      chain.state.services.compactMap { service in (service.process?.pid).map { (service.name.rawValue, $0) } })
    let begin = start &+ cell.load.warmUp.nanoseconds
    try await Self.wait(until: begin)
    use.begin()
    try await Self.wait(until: begin &+ duration.nanoseconds / 2)
    var figures = Self.memory(chain)
    try await Self.wait(until: begin &+ duration.nanoseconds)
    figures.merge(use.end()) { $1 }
    return figures
  }

  private static func memory(_ chain: ChainLauncher.Chain) -> [String: Double] {
    var figures: [String: Double] = [:]
    for service in chain.state.services {
      guard let status = try? ControlClient(service: service.name, port: service.controlPort).status() else { continue }
      let mib = 1024.0 * 1024
      figures["virtual_mib(\(service.name.rawValue))"] = Double(status.memory.virtual) / mib
      figures["resident_mib(\(service.name.rawValue))"] = Double(status.memory.resident) / mib
      figures["stacks_mib(\(service.name.rawValue))"] = Double(status.memory.stacks) / mib
      figures["all_threads(\(service.name.rawValue))"] = Double(status.threads.total)
    }
    return figures
  }

  private func measure(_ path: String, from start: UInt64) throws -> [String: Double] {
    let scan = try LogReader(path: path).scan()
    let begin = start &+ cell.load.warmUp.nanoseconds
    var measures = CellMeasures(
      processes: scan.overview.processes, strings: scan.overview.strings, window: begin...begin &+ duration.nanoseconds)
    let overwritten = scan.forEachBatch { records in
      for index in records.indices { measures.apply(records[index]) }
    }
    var figures = measures.figures(until: scan.lastTime)
    figures["lost"] = Double(scan.overview.loss.dropped) + Double(overwritten)
    return figures
  }

  private static func add(_ result: LoadResult, to figures: inout [String: Double]) {
    figures["throughput"] = result.rates.successful
    figures["sent"] = result.rates.started
    let ended = Double(result.measured.ended)
    if ended > 0 {
      figures["refused_share"] = Double(result.measured.byStatus[503] ?? 0) / ended
      figures["failed_share"] = 1 - Double(result.measured.successful) / ended
    }
    guard let latency = result.latency.successful.corrected ?? result.latency.successful.uncorrected else { return }
    (figures["mean_ms"], figures["p50_ms"], figures["p90_ms"]) = (latency.mean, latency.p50, latency.p90)
    (figures["p99_ms"], figures["max_ms"]) = (latency.p99, latency.max)
  }

  private static func share(_ figures: inout [String: Double], seconds: Double) {
    let answers = (figures["throughput"] ?? 0) * seconds
    guard answers > 0 else { return }
    for name in Topology.standard.names.map(\.rawValue) {
      figures["cpu_us(\(name))"] = figures["cpu_ms(\(name))"].map { $0 * 1000 / answers }
      figures["switches_each(\(name))"] = figures["switches(\(name))"].map { $0 / answers }
    }
  }
}
