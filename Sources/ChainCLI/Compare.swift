import ArgumentParser
import CascadeAnalysis
import ChainModel
import FoundationEssentials
import LoadGenerator
import Supervisor
import Topology
import TraceLog

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "What changed between two runs under the same load and different settings.",
    discussion: """
      EXAMPLE: chainlab compare 2026-01-31T10-00 2026-01-31T10-05
      It takes the last load of each run, finds the part in which the requests in flight were steady, and cuts that into
      slices, whose spread is the noise. To see the noise between runs, give at least 5 runs a side.
      """)

  @OptionGroup var lab: Lab
  @Argument(help: ArgumentHelp("The run to compare with: the beginning of its id, or latest.", valueName: "run-a"))
  var runA: String
  @Argument(help: ArgumentHelp("The run that is compared with it.", valueName: "run-b")) var runB: String
  @Option(help: ArgumentHelp("Another run like A; may be given several times.", valueName: "run")) var alsoA: [String] =
    []
  @Option(help: ArgumentHelp("Another run like B; may be given several times.", valueName: "run")) var alsoB: [String] =
    []
  @Option(help: "Slices of each run's steady part, at least 5.") var slices = 10
  @Flag(help: "Print JSON; its keys are documented in RunComparison.swift.") var json = false

  func validate() throws {
    guard (CompareOptions.leastRepetitions...1000).contains(slices) else {
      throw ValidationError("--slices: found \(slices), expected \(CompareOptions.leastRepetitions) to 1000")
    }
  }

  func run() throws {
    try ExitCodes.reporting {
      let store = try RunStore(root: lab.folder)
      let comparison = RunComparison(
        try ([runA] + alsoA).map { try ComparedRun.read(store.find($0), slices: slices) },
        try ([runB] + alsoB).map { try ComparedRun.read(store.find($0), slices: slices) })
      if json { return Output.result(WireJSON.encode(comparison)) }
      Output.result(comparison.text(width: Output.width))
    }
  }
}

extension ComparedRun {
  /// What is kept of a run, measured for a comparison.
  static func read(_ run: RunFolder, slices: Int) throws -> ComparedRun {
    guard let path = try run.logPath() else { throw LabError.withoutLog(run) }
    return ComparedRun(
      try LogReader(path: path).snapshot(), load: try load(run), configuration: configuration(run),
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
