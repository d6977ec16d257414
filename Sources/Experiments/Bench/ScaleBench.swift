import ChainModel
import FoundationEssentials
import Glibc
import LoadGenerator
import Supervisor
import Topology
import TraceLog

/// Processor time per request as connections, hops, requests in flight and threads grow.
///
/// What a request costs depends on how often a thread is woken for it: a loop that serves ten at a turn is woken once
/// for them. So of each curve only what its name says may vary, never the requests at a turn; each point says how often
/// threads were switched, and how much of the time was the kernel's.
struct ScaleBench: Bench {
  static let name = "scale"
  static let says = "processor time per request over connections, hops, requests in flight and threads"

  func run(_ bench: BenchContext) async throws -> [BenchFigure] {
    var figures = try await connections(bench)
    figures += try await hops(bench)
    figures += try await inFlight(bench)
    figures += try await threads(bench)
    return figures
  }

  /// Where a load goes, and whose processor time it takes.
  struct Place {
    var port: Int
    var pids: [Int32]
    var path = BenchChain.onePath
  }

  /// What one request took, in all of the watched processes.
  struct Cost {
    /// Processor time, in µs.
    var time: Double
    /// The part of it in the kernel.
    var kernel: Double
    /// How often a thread gave up its processor or lost it.
    var switches: Double

    static let unknown = Cost(time: .nan, kernel: .nan, switches: .nan)

    var text: String {
      "\(FigureText.value(time, "µs")), \(FigureText.value(kernel, "µs")) of it in the kernel, "
        + "\(FigureText.number(switches)) switches of threads"
    }
  }

  /// One point of a curve: what is varied, and the cost.
  typealias Point = (x: Int, cost: Cost)

  /// How far the costs are from their median, and the points themselves.
  func flat(_ what: String, _ condition: String, _ points: [Point], _ target: BenchFigure.Target?) -> [BenchFigure] {
    let costs = points.map(\.cost.time)
    let middle = costs.sorted()[costs.count / 2]
    let reach = costs.map { abs($0 / middle - 1) }.max() ?? 0
    return [BenchFigure(Self.name, "\(what): farthest from the median", reach * 100, "%", target)]
      + curves(what + condition, points)
  }

  func curves(_ name: String, _ points: [Point]) -> [BenchFigure] {
    points.map { BenchFigure(Self.name, curve: name, x: $0.x, $0.cost.time, "µs per request") }
      + points.map {
        BenchFigure(Self.name, curve: "\(name), in the kernel", x: $0.x, $0.cost.kernel, "µs per request")
      }
      + points.map { BenchFigure(Self.name, curve: "\(name), switches", x: $0.x, $0.cost.switches, "per request") }
  }

  /// The cost of a request once all connections are made: of three measurements the median; one during which other work
  /// used the processors is made again, up to three times in all.
  func cost(
    _ place: Place, _ arrival: LoadPlan.Arrival, warmUp: Duration = .seconds(1), _ duration: Duration
  ) async throws -> Cost {
    var costs: [Cost] = []
    for attempt in 0..<9 where costs.count < 3 && !Interruption.hasCome {
      let plan = LoadPlan(
        to: Endpoint(port: place.port), paths: [place.path], arrival: arrival, warmUp: warmUp, duration: duration,
        timeout: .seconds(60))
      async let sent = LoadGenerator.run(plan, log: nil) { _ in }
      try await Task.sleep(for: warmUp)
      let watch = ProcessorWatch(place.pids)
      try await Task.sleep(for: duration)
      let reading = watch.read()
      let answers = try await max(1, sent.rates.successful * duration.seconds)
      guard reading.foreign <= Contest.foreignLimit || attempt >= 6 else { continue }
      costs.append(
        Cost(
          time: reading.seconds / answers * 1e6, kernel: reading.kernel / answers * 1e6,
          switches: Double(reading.switches) / answers))
    }
    return costs.sorted { $0.time < $1.time }.dropFirst(costs.count / 2).first ?? .unknown
  }
}
