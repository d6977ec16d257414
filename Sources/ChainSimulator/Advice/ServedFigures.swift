import ChainModel

/// What clients got, simulated or measured: what an objective is held against.
///
/// Keys: `throughput_per_s`, `goodput_per_s`, `mean_ms`, `p50_ms`, `p95_ms`, `p99_ms` (of successful answers; absent when
/// there was none), `error_share`, `refused_share`.
package struct ServedFigures: Encodable, Hashable, Sendable {
  package var throughput: Double
  package var goodput: Double
  package var mean: Double?
  package var p50: Double?
  package var p95: Double?
  package var p99: Double?
  package var errors: Double
  package var refused: Double

  package init(
    throughput: Double, goodput: Double, mean: Double? = nil, p50: Double? = nil, p95: Double? = nil,
    p99: Double? = nil, errors: Double = 0, refused: Double = 0
  ) {
    self.throughput = throughput
    self.goodput = goodput
    (self.mean, self.p50, self.p95, self.p99) = (mean, p50, p95, p99)
    self.errors = errors
    self.refused = refused
  }

  private enum CodingKeys: String, CodingKey {
    case throughput = "throughput_per_s"
    case goodput = "goodput_per_s"
    case mean = "mean_ms"
    case p50 = "p50_ms"
    case p95 = "p95_ms"
    case p99 = "p99_ms"
    case errors = "error_share"
    case refused = "refused_share"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    for (key, rate) in [(CodingKeys.throughput, throughput), (.goodput, goodput)] { try keys.encode(rate, forKey: key) }
    for (key, time) in [(CodingKeys.mean, mean), (.p50, p50), (.p95, p95), (.p99, p99)] {
      try keys.encodeIfPresent(time.map { $0 * 1000 }, forKey: key)
    }
    try keys.encode(errors, forKey: .errors)
    try keys.encode(refused, forKey: .refused)
  }

  /// A time of which there is none is endless.
  package subscript(measure: Objective.Measure) -> Double {
    switch measure {
    case .throughput: throughput
    case .goodput: goodput
    case .mean: mean ?? .infinity
    case .p50: p50 ?? .infinity
    case .p95: p95 ?? .infinity
    case .p99: p99 ?? .infinity
    case .errors: errors
    case .refused: refused
    }
  }

  /// What is refused for lack of room, by `error.type`: whatever is answered with 503.
  private static let refusals = Set(ShedReason.allCases.map(\.rawValue))

  /// Of requests of every kind.
  package init(_ result: SimulationResult) {
    let (outcomes, times) = (result.outcomes, result.times)
    let ended = max(1, outcomes.values.reduce(0, +))
    let refused = outcomes.reduce(0) { $0 + (Self.refusals.contains($1.key) ? $1.value : 0) }
    func time(_ value: Double) -> Double? { times.count == 0 ? nil : value }
    self.init(
      throughput: result.throughput, goodput: result.goodput, mean: time(times.mean),
      p50: time(times.percentile(0.5)), p95: time(times.percentile(0.95)), p99: time(times.percentile(0.99)),
      errors: 1 - Double(outcomes["ok"] ?? 0) / Double(ended), refused: Double(refused) / Double(ended))
    // Nothing has ended: nothing was served either.
    if outcomes.isEmpty { errors = 1 }
  }

  /// Of several runs: of each figure the middle one, and the worst one.
  /// - Parameter runs: at least one.
  /// - Returns: rates are worse when they are lower, everything else when it is higher.
  package static func summary(_ runs: [ServedFigures]) -> (middle: ServedFigures, worst: ServedFigures) {
    func pick(_ measure: Objective.Measure, worst: Bool) -> Double {
      let sorted = runs.map { $0[measure] }.sorted()
      guard worst else { return sorted[sorted.count / 2] }
      return (measure.kind == .rate ? sorted.first : sorted.last) ?? 0
    }
    func figures(worst: Bool) -> ServedFigures {
      func time(_ measure: Objective.Measure) -> Double? {
        let value = pick(measure, worst: worst)
        return value.isFinite ? value : nil
      }
      return ServedFigures(
        throughput: pick(.throughput, worst: worst), goodput: pick(.goodput, worst: worst), mean: time(.mean),
        p50: time(.p50), p95: time(.p95), p99: time(.p99), errors: pick(.errors, worst: worst),
        refused: pick(.refused, worst: worst))
    }
    return (figures(worst: false), figures(worst: true))
  }
}
