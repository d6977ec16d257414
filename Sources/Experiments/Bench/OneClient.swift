import ChainModel
import LoadGenerator

/// What one client waits for four hops, beside what it waits for the same chain in C within the same seconds.
struct OneClient {
  var chain: BenchChain
  var peer: PeerChain?
  /// Why there is no peer.
  var missing: String?
  var rounds: Int

  /// With the store's own thread, and with the store on the loop.
  func figures() async throws -> [BenchFigure] {
    try chain.setMode(.nonblocking)
    let onLoop = try BenchChain("store-loop", ["all.io_model": "nonblocking", "all.store": "loop"])
    defer { onLoop.close() }
    let ports = [chain.port, onLoop.port] + (peer.map { [$0.port] } ?? [])
    var medians = Array(repeating: PairedSample(), count: ports.count)
    for _ in 0..<rounds where !Interruption.hasCome {
      var round: [Double] = []
      for port in ports { if let median = try await median(port) { round.append(median) } }
      // What is compared is of the same seconds.
      guard round.count == ports.count else { continue }
      for index in ports.indices { medians[index].values.append(round[index]) }
    }
    let name = "one client, four hops, p50"
    let kinds: [(label: String, target: BenchFigure.Target)] = [("", .atMost(2)), (", store: loop", .atMost(1.5))]
    return zip(kinds, medians).flatMap { kind, own in
      [
        BenchFigure(ThroughputBench.name, name + kind.label, own, "µs", nil),
        ratio("\(name)\(kind.label) / C", own, medians.last, kind.target),
      ]
    }
  }

  private func ratio(
    _ name: String, _ own: PairedSample, _ other: PairedSample?, _ target: BenchFigure.Target
  ) -> BenchFigure {
    guard peer != nil, let other else {
      return BenchFigure(ThroughputBench.name, name, missing: missing ?? "the C chain does not run", target)
    }
    return BenchFigure(
      ThroughputBench.name, name, PairedSample(values: zip(own.values, other.values).map { $0 / $1 }), "×", target)
  }

  /// In microseconds; nil when nothing was answered well.
  private func median(_ port: Int) async throws -> Double? {
    let plan = LoadPlan(
      to: Endpoint(port: port), paths: [BenchChain.onePath], arrival: .closed(clients: 1), warmUp: .milliseconds(200),
      duration: .seconds(1))
    return try await LoadGenerator.run(plan, log: nil) { _ in }.latency.successful.uncorrected.map { $0.p50 * 1000 }
  }
}
