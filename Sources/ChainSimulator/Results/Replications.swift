/// The mean of independent measurements, and how far the true one may be from it.
package struct MeanEstimate: Hashable, Sendable {
  package var mean: Double
  /// Half the width of the 95 % confidence interval; nil for fewer than two measurements.
  package var halfWidth: Double?
  package var count: Int

  /// By Student's distribution (Student 1908): `mean ± t s / √n`.
  package init(_ values: [Double]) {
    count = values.count
    guard count > 0 else {
      mean = 0
      return
    }
    let mean = values.reduce(0, +) / Double(count)
    self.mean = mean
    guard count > 1 else { return }
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
    halfWidth = Self.quantile(count - 1) * (variance / Double(count)).squareRoot()
  }

  /// Student's t at 97.5 %, for 1 to 30 degrees of freedom.
  private static let table = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
  ]

  /// Beyond the table, by the first term of Cornish and Fisher's expansion: off by less than 0.001.
  private static func quantile(_ freedom: Int) -> Double {
    let normal = 1.959_964
    guard freedom > table.count else { return table[freedom - 1] }
    return normal + (normal * normal * normal + normal) / (4 * Double(freedom))
  }
}

/// What came of several runs of one plan that differ in their seeds alone.
///
/// Keys: `replications`, `figures` (each `name`, `unit`, `mean`, `half_width_95`), `seeds`, `events`, `sent`,
/// `peak_in_flight`.
package struct Replications: Encodable, Sendable {
  /// One figure over all runs.
  package struct Figure: Encodable, Sendable {
    package var name: String
    package var unit: String
    package var estimate: MeanEstimate

    private enum CodingKeys: String, CodingKey {
      case name, unit, mean
      case halfWidth = "half_width_95"
    }

    package func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(name, forKey: .name)
      try keys.encode(unit, forKey: .unit)
      try keys.encode(estimate.mean, forKey: .mean)
      try keys.encodeIfPresent(estimate.halfWidth, forKey: .halfWidth)
    }
  }

  package var replications: Int
  package var seeds: [UInt64]
  package var figures: [Figure]
  /// Over all runs.
  package var events: Int
  package var sent: Int
  /// The most of any run, at all services and clients.
  package var peakInFlight: Int

  private enum CodingKeys: String, CodingKey {
    case replications, seeds, figures, events, sent
    case peakInFlight = "peak_in_flight"
  }

  /// - Parameters:
  ///   - results: of the seeds, in their order.
  ///   - seeds: of the runs.
  package init(_ results: [SimulationResult], seeds: [UInt64]) {
    replications = results.count
    self.seeds = seeds
    events = results.reduce(0) { $0 + $1.events }
    sent = results.reduce(0) { $0 + $1.sent }
    peakInFlight = results.map(\.peakFrames).max() ?? 0
    let values: [(String, String, (SimulationResult) -> Double)] = [
      ("throughput", "/s", { $0.throughput }), ("goodput", "/s", { $0.goodput }),
      ("response time, mean", "s", { $0.times.mean }), ("response time, p50", "s", { $0.times.percentile(0.5) }),
      ("response time, p99", "s", { $0.times.percentile(0.99) }), ("cores busy", "", { $0.busyCores }),
    ]
    figures = values.map { name, unit, value in
      Figure(name: name, unit: unit, estimate: MeanEstimate(results.map(value)))
    }
  }
}

extension SimulationPlan {
  /// Plans that differ from this one in their seeds: its own, and those after it.
  package func replicated(_ count: Int) -> [SimulationPlan] {
    (0..<count).map { number in
      var plan = self
      plan.load.seed = load.seed &+ UInt64(number)
      return plan
    }
  }
}

extension SimulationResult {
  /// Of successful answers of every kind.
  package var times: ResponseHistogram { ResponseHistogram(merging: routes.map(\.times)) }
}
