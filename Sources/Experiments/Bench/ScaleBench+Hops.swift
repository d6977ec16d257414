import ChainModel
import FoundationEssentials
import Glibc
import LoadGenerator
import Supervisor
import Topology
import TraceLog

extension ScaleBench {
  /// A chain of one to eight hops, of the same executables: up to four by asking a service further back, and more by
  /// further gateways, each of which calls the next one in place of user-service.
  func hops(_ bench: BenchContext) async throws -> [BenchFigure] {
    let chain = try BenchChain("hops", ["all.io_model": "nonblocking", "all.store_threads": "1"])
    var front = try FurtherGateways(chain, count: 4)
    defer {
      front.close()
      chain.close()
    }
    let paths = [BenchChain.onePath, BenchChain.onePath, Self.orders, Self.payments]
    // The last service first.
    var places = chain.topology.names.enumerated().reversed().map { index, name in
      Place(port: chain.topology[name].port, pids: Array(chain.pids[index...]), path: paths[index])
    }
    for (number, port) in front.ports.enumerated() {
      places.append(Place(port: port, pids: chain.pids + front.pids.prefix(number + 1)))
    }
    return try await hops(places, " at their limit", bench) { .closed(clients: 24 * $0) }
      + hops(places, " at the same use", bench) { .open(rate: Double(5600 / $0), spacing: .poisson) }
  }

  /// From the fourth on, each hop is one more gateway.
  private func hops(
    _ places: [Place], _ condition: String, _ bench: BenchContext, _ load: (Int) -> LoadPlan.Arrival
  ) async throws -> [BenchFigure] {
    var points: [Point] = []
    for (index, place) in places.enumerated() {
      let cost = try await cost(place, load(index + 1), .seconds(3))
      bench.note("\(index + 1) hops\(condition): \(cost.text)")
      points.append((index + 1, cost))
    }
    let costs = points.map(\.cost.time)
    let step = (costs[7] - costs[3]) / 4
    let reach =
      (4...6).map { hop -> Double in
        let straight = costs[3] + step * Double(hop - 3)
        return abs(costs[hop] / straight - 1)
      }.max() ?? 0
    let name = "hops 4 to 8\(condition)"
    return [
      BenchFigure(Self.name, "\(name): farthest from a straight line", reach * 100, "%", .atMost(5)),
      BenchFigure(Self.name, "\(name): each further gateway", step, "µs per request", nil),
    ] + curves("hops\(condition)", points)
  }

  private static let orders = "/users/1/orders/payment-status"
  private static let payments = "/payments?order_ids=1,2,3"
}

/// Gateways before the gateway of a chain, each calling the one before it in the list, the first one the chain's own.
private struct FurtherGateways {
  private(set) var ports: [Int] = []
  private(set) var pids: [Int32] = []
  private var children: [ChildProcess] = []

  init(_ chain: BenchChain, count: Int) throws {
    let run = chain.chain.run
    var next = chain.port
    for number in 2..<2 + count {
      let taken = FreePorts.take(2)
      let child = try Command(
        executable: "\(LabFolder.binaries)/gateway",
        arguments: [
          "--service", ServiceName.gateway.rawValue, "--config", run.configurationPath, "--data", "\(run.path)/data",
          "--run-id", run.id, "--replica", "\(number)",
          "--port", "\(taken[0])", "--control-port", "\(taken[1])",
        ] + (try run.logPath().map { ["--log", $0] } ?? []), environment: ProcessInfo.processInfo.environment,
        output: "\(run.path)/gateway-\(number).log"
      ).spawn()
      children.append(child)
      let control = ControlClient(ReplicaName(.gateway, number), port: taken[1])
      for _ in 0..<200 where !control.isReady() { usleep(20_000) }
      try control.setCallees([ServiceName.userService.rawValue: [Endpoint(port: next)]])
      ports.append(taken[0])
      pids.append(child.identity.pid)
      next = taken[0]
    }
  }

  mutating func close() {
    for child in children { child.signal(SIGTERM) }
    for child in children { while child.poll() == nil { usleep(1000) } }
    children = []
  }
}
