package import CascadeAnalysis
import ChainModel
import FoundationEssentials
import LoadGenerator
package import Supervisor
import Topology
import TraceExport
import TraceLog

/// A run, or a file that need not become one.
package struct ComparedSource {
  let run: RunFolder?
  let snapshot: LogSnapshot

  package init(_ name: String, _ store: RunStore) throws {
    // A file that is there is meant before a run of this name, if it looks like one.
    if name.contains("."), let bytes = try AtomicFile.read(name) {
      run = nil
      snapshot = try TraceImport.read(bytes, runID: name).snapshot
      return
    }
    self = try ComparedSource(run: store.find(name))
  }

  package init(run: RunFolder) throws {
    guard let reader = try run.reader() else { throw LabError.noLog(run: run.id) }
    self.run = run
    snapshot = try reader.snapshot()
  }

  /// The verdict between both sides, and figures where there are any: those are of loads in slices, and a file of traces has
  /// spans only.
  package static func compare(
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
  package static func read(_ run: RunFolder, slices: Int) throws -> ComparedRun {
    guard let reader = try run.reader() else { throw LabError.withoutLog(run) }
    return try read(run, try reader.snapshot(), slices: slices)
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
    if results.count > 1 { Terminal.note("run \(run.id): of its \(results.count) loads the last one is taken") }
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
