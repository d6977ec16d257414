import ChainModel
import LoadGenerator
import Supervisor
import TraceLog

/// How soon a switch of the IO model counts, from the log of a chain under load.
struct SwitchBench: Bench {
  static let name = "switch"
  static let says = "from a switch of the IO model to the last request that is still admitted in the old one"

  func run(_ bench: BenchContext) async throws -> [BenchFigure] {
    let chain = try BenchChain(Self.name)
    defer { chain.close() }
    guard let path = try chain.chain.run.logPath() else { return [] }
    async let sent = chain.load(.closed(clients: 16), .seconds(5))
    var asked: [Double] = []
    for turn in 0..<80 {
      let start = Monotonic.now()
      try chain.control(.gateway).setMode(IOModel.allCases[turn % IOModel.allCases.count])
      asked.append(Double(Monotonic.now() &- start) / 1e6)
      try await Task.sleep(for: .milliseconds(50))
    }
    _ = try await sent
    let lags = Self.lags(try LogReader(path: path).snapshot(), process: ServiceName.gateway.rawValue)
    return [
      BenchFigure(
        Self.name, "last request admitted in the old model after a switch, of \(lags.count) switches", lags.max() ?? 0,
        "ms", .atMost(1)),
      BenchFigure(Self.name, "switching, as its caller sees it", PairedSample(values: asked), "ms", nil),
    ]
  }

  /// For each switch, how long after it a request still arrived that was run in the model before it, in ms.
  private static func lags(_ log: LogSnapshot, process name: String) -> [Double] {
    guard let process = log.processes.first(where: { $0.name == name }) else { return [] }
    var replay = ChainReplay(keeping: .requests)
    var switches: [(model: IOModel, at: UInt64)] = []
    for record in log.records where record.process == process.slot {
      replay.apply(record)
      if case .model(let model) = ServiceChange(record, log.strings), model != switches.last?.model {
        switches.append((model, record.time))
      }
    }
    var lags = [Double](repeating: 0, count: switches.count)
    for request in replay.past(until: log.moment).requests.map(\.request) {
      guard let place = switches.lastIndex(where: { $0.at <= request.arrivedAt }), place > 0,
        request.model == switches[place - 1].model
      else { continue }
      lags[place] = max(lags[place], Double(request.arrivedAt - switches[place].at) / 1e6)
    }
    return lags
  }
}
