import ChainModel
import FoundationEssentials
import Glibc
import LoadGenerator
import Supervisor
import Topology
import TraceLog

/// Processor time per request as connections, hops, requests in flight and threads grow.
struct ScaleBench: Bench {
  static let name = "scale"
  static let says = "processor time per request over connections, hops, requests in flight and threads"

  /// One point of a curve: what is varied, and microseconds per request.
  private typealias Point = (x: Int, cost: Double)

  func run(_ bench: BenchContext) async throws -> [BenchFigure] {
    var figures = try await connections(bench)
    figures += try await hops(bench)
    figures += try await inFlight(bench)
    figures += try await threads(bench)
    return figures
  }

  /// The largest cost over the smallest, of points that ought to be alike.
  private func flat(_ what: String, _ unit: String, _ points: [Point], _ target: BenchFigure.Target?) -> [BenchFigure] {
    let costs = points.map(\.cost)
    let middle = costs.sorted()[costs.count / 2]
    let reach = costs.map { abs($0 / middle - 1) }.max() ?? 0
    return [
      BenchFigure(Self.name, "\(what): farthest from the median", reach * 100, "%", target)
    ] + points.map { BenchFigure(Self.name, curve: "\(what)\(unit)", x: $0.x, $0.cost, "µs per request") }
  }

  /// Where a load goes, and whose processor time it takes.
  struct Place {
    var port: Int
    var pids: [Int32]
    var path = BenchChain.onePath
  }

  /// Processor time of a request, in µs, once all connections are made. Of three measurements the median; one during
  /// which other work used the processors is made again, up to three times in all.
  func cost(_ place: Place, clients: Int, warmUp: Duration = .seconds(1), _ duration: Duration) async throws -> Double {
    var costs: [Double] = []
    for attempt in 0..<9 where costs.count < 3 && !Interruption.hasCome {
      let plan = LoadPlan(
        to: Endpoint(port: place.port), paths: [place.path], arrival: .closed(clients: clients), warmUp: warmUp,
        duration: duration,
        timeout: .seconds(60))
      async let sent = LoadGenerator.run(plan, log: nil) { _ in }
      try await Task.sleep(for: warmUp)
      let watch = ProcessorWatch(place.pids)
      try await Task.sleep(for: duration)
      let reading = watch.read()
      let result = try await sent
      guard reading.foreign <= Contest.foreignLimit || attempt >= 6 else { continue }
      costs.append(reading.seconds / max(1, result.rates.successful * duration.seconds) * 1e6)
    }
    return costs.sorted().dropFirst(costs.count / 2).first ?? .nan
  }

  private func connections(_ bench: BenchContext) async throws -> [BenchFigure] {
    let chain = try BenchChain(
      "connections", ["all.io_model": "nonblocking", "all.backlog": "8192", "all.in_flight_limit": "10000"])
    defer { chain.close() }
    let place = Place(port: chain.port, pids: chain.pids)
    var points: [Point] = []
    for count in [64, 256, 1024, 4096] {
      bench.note("\(count) connections")
      points.append((count, try await cost(place, clients: count, warmUp: .seconds(2), .seconds(2))))
    }
    return flat("connections", "", points, .atMost(5))
  }

  /// Each request waits as long as keeps the rate at 1,000 a second.
  private func inFlight(_ bench: BenchContext) async throws -> [BenchFigure] {
    let most = min(9_900, (Int(sysconf(Int32(_SC_OPEN_MAX))) - 200) / 2)
    var points: [Point] = []
    for count in [100, 1000, most / 2, most] {
      bench.note("\(count) requests in flight at 1,000 a second")
      points.append((count, try await waiting(count, rate: 1000, ["all.io_model": "nonblocking", "all.threads": "1"])))
    }
    return flat("in flight", " at 1,000 a second", points, .atMost(5))
  }

  /// Each thread waits as long as keeps the rate at 400 a second.
  private func threads(_ bench: BenchContext) async throws -> [BenchFigure] {
    var points: [Point] = []
    for count in [4, 32, 256, 2000] {
      bench.note("\(count) threads a service at 400 a second")
      points.append((count, try await waiting(count, rate: 400, ["all.threads": "\(count)"])))
    }
    return flat("threads a service", " at 400 a second", points, nil)
  }

  private func waiting(_ clients: Int, rate: Int, _ settings: [String: String]) async throws -> Double {
    let latency = Duration.milliseconds(1000 * clients / rate)
    let chain = try BenchChain(
      "waiting",
      [
        "payment-service.latency": "\(latency.milliseconds)ms", "all.backlog": "20000", "all.in_flight_limit": "100000",
        "all.connection_limit": "100000",
      ].merging(settings) { $1 })
    defer { chain.close() }
    let duration = max(.seconds(3), latency)
    return try await cost(
      Place(port: chain.port, pids: chain.pids), clients: clients, warmUp: max(.seconds(2), latency * 3 / 2), duration)
  }
}
