import ChainModel
import FoundationEssentials
import Glibc
import LoadGenerator
import Supervisor

extension ScaleBench {
  /// As fast as the processors go, beside the same chain in C: what both have in common is the kernel's, or the cache's.
  func connections(_ bench: BenchContext) async throws -> [BenchFigure] {
    let chain = try BenchChain(
      "connections", ["all.io_model": "nonblocking", "all.backlog": "8192", "all.in_flight_limit": "10000"])
    defer { chain.close() }
    let scratch = try Folder.scratch("peers")
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let peer = try? await PeerChain(.c, sources: bench.peerSources, data: chain.dataFolder, scratch: scratch)
    defer { peer?.close() }
    var points: [Point] = []
    var peers: [Point] = []
    for count in [64, 256, 1024, 4096] {
      let load = LoadPlan.Arrival.closed(clients: count)
      points.append(
        (count, try await cost(Place(port: chain.port, pids: chain.pids), load, warmUp: .seconds(2), .seconds(2))))
      bench.note("\(count) connections: \(points[points.count - 1].cost.text)")
      guard let peer else { continue }
      peers.append(
        (count, try await cost(Place(port: peer.port, pids: peer.pids), load, warmUp: .seconds(2), .seconds(2))))
      bench.note("\(count) connections, \(peer.kind.rawValue): \(peers[peers.count - 1].cost.text)")
    }
    return flat("connections", "", points, .atMost(5))
      + (peers.isEmpty ? [] : flat("connections, C epoll", "", peers, nil))
  }

  /// At 1,000 a second, each waiting as long as keeps so many in flight.
  func inFlight(_ bench: BenchContext) async throws -> [BenchFigure] {
    let most = min(9_900, (Int(sysconf(Int32(_SC_OPEN_MAX))) - 200) / 2)
    var points: [Point] = []
    for count in [100, 1000, most / 2, most] {
      points.append((count, try await waiting(count, rate: 1000, ["all.io_model": "nonblocking", "all.threads": "1"])))
      bench.note("\(count) requests in flight at 1,000 a second: \(points[points.count - 1].cost.text)")
    }
    return flat("in flight", " at 1,000 a second", points, .atMost(5))
  }

  /// At 400 a second, each holding a thread of each service as long as keeps so many held.
  func threads(_ bench: BenchContext) async throws -> [BenchFigure] {
    var points: [Point] = []
    for count in [4, 32, 256, 2000] {
      points.append((count, try await waiting(count, rate: 400, ["all.threads": "\(count + count / 8 + 2)"])))
      bench.note("\(count) threads a service at 400 a second: \(points[points.count - 1].cost.text)")
    }
    return flat("threads a service", " at 400 a second", points, nil)
  }

  /// At even distances: clients that each wait for their answer would come in the bursts in which they began, the larger
  /// the longer they wait, and a burst costs half as much for each.
  private func waiting(_ count: Int, rate: Int, _ settings: [String: String]) async throws -> Cost {
    let latency = Duration.milliseconds(1000 * count / rate)
    let chain = try BenchChain(
      "waiting",
      [
        "payment-service.latency": "\(latency.milliseconds)ms", "all.backlog": "20000", "all.in_flight_limit": "100000",
        "all.connection_limit": "100000",
      ].merging(settings) { $1 })
    defer { chain.close() }
    return try await cost(
      Place(port: chain.port, pids: chain.pids), .open(rate: Double(rate), spacing: .fixed),
      warmUp: max(.seconds(2), latency * 3 / 2), .seconds(4))
  }
}
