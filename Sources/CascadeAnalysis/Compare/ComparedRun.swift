import ChainModel
package import TraceLog

/// One run, measured over the steady part of its load.
///
/// | key | meaning |
/// |---|---|
/// | `run_id`, `entry` | `entry`: the service to which most requests came from outside; absent if none came |
/// | `load` | what was asked for, by name; absent if it is not known |
/// | `load_from_ns`, `load_to_ns` | the load's first and last request, from the run's start: between them the steady part is \
/// looked for |
/// | `steady_from_ns`, `steady_to_ns` | the steady part, from the run's start; absent if there is none |
/// | `slices` | into how many it is cut |
/// | `requests` | that ended in it |
/// | `most_blamed`, `most_blamed_share`, `verdict` | over it: see `Verdict`; absent if nobody waited |
package struct ComparedRun: Encodable, Sendable {
  package let runID: String
  package internal(set) var entry: String?
  package let load: ComparedLoad?
  package internal(set) var loadFrom: UInt64 = 0
  package internal(set) var loadTo: UInt64 = 0
  package internal(set) var steadyFrom: UInt64?
  package internal(set) var steadyTo: UInt64?
  package let slices: Int
  package internal(set) var requests = 0
  package internal(set) var mostBlamed: BlameRow?
  package internal(set) var verdict: Verdict.Kind?
  /// What makes its figures doubtful, in words.
  package internal(set) var doubts: [String] = []
  package internal(set) var settings: [RunSetting] = []
  /// Whether its configuration is known.
  let isConfigured: Bool
  /// In the order of calls, as far as the log tells.
  var services: [String] = []
  var figures: [FigureKey: RunFigure] = [:]

  /// - Parameters:
  ///   - snapshot: the run's log.
  ///   - load: what is known of the load; the steady part is looked for in its time, or where there is none in the whole log.
  ///   - configuration: what was configured; nil if it is not known. What the log says of the same settings takes its place.
  ///   - options: how the steady part is found and cut.
  package init(
    _ snapshot: LogSnapshot, load: ComparedLoad? = nil, configuration: [RunSetting]? = nil,
    options: CompareOptions = CompareOptions()
  ) {
    runID = PlainText.clean(snapshot.runID)
    self.load = load
    slices = options.slices
    isConfigured = configuration != nil
    settings = configuration ?? []
    RunMeasure(snapshot, options).measure(&self)
  }

  /// An error type that a run has not seen came up zero times in it.
  func figure(_ key: FigureKey) -> RunFigure? {
    if let known = figures[key] { return known }
    guard key.kind == .errors, steadyFrom != nil else { return nil }
    return RunFigure(value: 0, slices: Array(repeating: 0, count: slices), count: 0)
  }

  private enum CodingKeys: String, CodingKey {
    case entry, load, slices, requests, verdict
    case runID = "run_id"
    case loadFrom = "load_from_ns"
    case loadTo = "load_to_ns"
    case steadyFrom = "steady_from_ns"
    case steadyTo = "steady_to_ns"
    case mostBlamed = "most_blamed"
    case mostBlamedShare = "most_blamed_share"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(runID, forKey: .runID)
    try keys.encodeIfPresent(entry, forKey: .entry)
    if let load {
      let terms = Dictionary(load.terms.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
      try keys.encode(terms, forKey: .load)
    }
    try keys.encode(loadFrom, forKey: .loadFrom)
    try keys.encode(loadTo, forKey: .loadTo)
    try keys.encodeIfPresent(steadyFrom, forKey: .steadyFrom)
    try keys.encodeIfPresent(steadyTo, forKey: .steadyTo)
    try keys.encode(slices, forKey: .slices)
    try keys.encode(requests, forKey: .requests)
    try keys.encodeIfPresent(verdict, forKey: .verdict)
    try keys.encodeIfPresent(mostBlamed?.text, forKey: .mostBlamed)
    try keys.encodeIfPresent(mostBlamed?.share, forKey: .mostBlamedShare)
  }
}
