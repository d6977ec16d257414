import ArgumentParser
import CascadeAnalysis
import ChainModel
import FoundationEssentials
import LoadGenerator
import Supervisor
import Topology
import TraceExport
import TraceLog

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What got slow or broke between a quiet window and a bad one, and what changed between two runs.",
    discussion: """
      EXAMPLES:
        chainlab compare quiet incident
        chainlab compare quiet1 incident --also-a quiet2 --also-a quiet3
        chainlab compare 2026-01-31T10-00 2026-01-31T10-05
      First the verdict: which service, or which link between two, added the time to the critical path of requests; where \
      errors began; where work went missing. Its noise is that of the quiet window, split against itself: several quiet \
      windows say it better. Then, of runs of this lab, the figures: of each run the last load, the part of it in which the \
      requests in flight were steady, in slices, whose spread is the noise. To see the noise between runs, give at least 5 \
      runs a side. A run may also be a trace file.
      """)

  @OptionGroup var lab: Lab
  @Argument(
    help: ArgumentHelp(
      "The run to compare with: the beginning of its id, its name, latest, or a file.", valueName: "run-a"))
  var runA: String
  @Argument(help: ArgumentHelp("The run that is compared with it.", valueName: "run-b")) var runB: String
  @Option(help: ArgumentHelp("Another run like A; may be given several times.", valueName: "run")) var alsoA: [String] =
    []
  @Option(help: ArgumentHelp("Another run like B; may be given several times.", valueName: "run")) var alsoB: [String] =
    []
  @Option(
    help: ArgumentHelp(
      "A table of processor use by service or pod and time, as CSV; may be given several times.", valueName: "file"))
  var cpu: [String] = []
  @Option(
    help: ArgumentHelp(
      "A table of log lines by service or pod and time, as CSV; may be given several times.", valueName: "file"))
  var logs: [String] = []
  @Option(help: "Slices of each run's steady part, at least 5.") var slices = 10
  @Flag(help: "Print JSON; its keys are documented in RunComparison.swift and IncidentVerdict.swift.") var json = false

  func validate() throws {
    guard (CompareOptions.leastRepetitions...1000).contains(slices) else {
      throw ValidationError("--slices: found \(slices), expected \(CompareOptions.leastRepetitions) to 1000")
    }
  }

  func run() throws {
    try ExitCodes.reporting {
      let store = try RunStore(root: lab.folder)
      let a = try ([runA] + alsoA).map { try ComparedSource($0, store) }
      let b = try ([runB] + alsoB).map { try ComparedSource($0, store) }
      let result = try ComparedSource.compare(
        a, b, evidence: try EvidenceTable.read(cpu: cpu, logs: logs), slices: slices)
      if json { return Output.result(WireJSON.encode(result)) }
      Output.result(result.verdict.text(width: Output.width))
      if let comparison = result.comparison { Output.result("\n" + comparison.text(width: Output.width)) }
    }
  }
}

/// A run, or a file that need not become one.
struct ComparedSource {
  let run: RunFolder?
  let snapshot: LogSnapshot

  init(_ name: String, _ store: RunStore) throws {
    // A file that is there is meant before a run of this name, if it looks like one.
    if name.contains("."), let bytes = try AtomicFile.read(name) {
      run = nil
      snapshot = try TraceImport.read(bytes, runID: name).snapshot
      return
    }
    self = try ComparedSource(run: store.find(name))
  }

  init(run: RunFolder) throws {
    guard let path = try run.logPath() else { throw LabError.noLog(run: run.id) }
    self.run = run
    snapshot = try LogReader(path: path).snapshot()
  }

  /// The verdict between both sides, and figures where there are any: those are of loads in slices, and a file of traces has
  /// spans only.
  static func compare(
    _ a: [ComparedSource], _ b: [ComparedSource], evidence: OutsideEvidence = OutsideEvidence(), slices: Int
  ) throws -> WindowComparison {
    let verdict = IncidentVerdict(quiet: a.map(\.snapshot), incident: b.map(\.snapshot), evidence: evidence)
    guard (a + b).contains(where: \.isOwn) else { return WindowComparison(verdict: verdict, comparison: nil) }
    return WindowComparison(
      verdict: verdict,
      comparison: RunComparison(try a.map { try $0.compared(slices) }, try b.map { try $0.compared(slices) }))
  }

  /// Whether services of this lab, or the simulator, wrote it.
  var isOwn: Bool { snapshot.records.contains { $0.kind == .arrive } }

  func compared(_ slices: Int) throws -> ComparedRun {
    guard let run else { return ComparedRun(snapshot, options: CompareOptions(slices: slices)) }
    return try ComparedRun.read(run, snapshot, slices: slices)
  }
}

extension ComparedRun {
  /// What is kept of a run, measured for a comparison.
  static func read(_ run: RunFolder, slices: Int) throws -> ComparedRun {
    guard let path = try run.logPath() else { throw LabError.withoutLog(run) }
    return try read(run, try LogReader(path: path).snapshot(), slices: slices)
  }

  static func read(_ run: RunFolder, _ snapshot: LogSnapshot, slices: Int) throws -> ComparedRun {
    ComparedRun(
      snapshot, load: try load(run), configuration: configuration(run),
      options: CompareOptions(slices: slices))
  }

  /// Nil, which the comparison tells, for a run without a readable `services.yaml`, as an imported one.
  private static func configuration(_ run: RunFolder) -> [RunSetting]? {
    guard let topology = try? Topology.load(path: run.configurationPath) else { return nil }
    return topology.settings.map { RunSetting(service: $0.section, name: $0.name, value: $0.value) }
  }

  /// The last load of the run; nil if none is kept.
  private static func load(_ run: RunFolder) throws -> ComparedLoad? {
    let results = try run.loadResults()
    guard let path = results.last else { return nil }
    if results.count > 1 { Output.note("run \(run.id): of its \(results.count) loads the last one is taken") }
    guard let bytes = FileManager.default.contents(atPath: path),
      let result = WireJSON.decode(LoadResult.self, from: [UInt8](bytes))
    else { throw SupervisorError.damaged(path: path, reason: "it does not decode as a result of load") }
    return ComparedLoad(result)
  }
}

extension ComparedLoad {
  /// Its time comes from a file, which may say anything.
  init(_ result: LoadResult) {
    let plan = result.plan
    var terms: [Term] = []
    if let rate = plan.rate { terms.append(Term("rate_per_s", "\(rate)")) }
    if let clients = plan.clients { terms.append(Term("clients", "\(clients)")) }
    if let spacing = plan.spacing { terms.append(Term("spacing", spacing.rawValue)) }
    terms.append(Term("path", plan.paths.joined(separator: " ")))
    terms.append(Term("usernames", "\(plan.usernames)"))
    terms.append(Term("timeout_ms", "\(plan.timeoutMilliseconds)"))
    terms.append(Term("new_connections", "\(plan.newConnections)"))
    terms.append(Term("seed", "\(plan.seed)"))
    let (start, isFar) = UInt64(clamping: result.startedAt).multipliedReportingOverflow(by: 1_000_000)
    let nanoseconds = (result.elapsedSeconds * 1e9).rounded()
    self.init(
      startedAt: isFar ? .max : start, duration: UInt64(exactly: max(0, nanoseconds)) ?? .max, terms: terms)
  }
}
