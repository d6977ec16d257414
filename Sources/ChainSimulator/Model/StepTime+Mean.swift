package import ChainModel

/// How long a step takes: a distribution.
package enum ServiceTime: Hashable, Sendable {
  case latency(Latency)
  /// Memoryless, which is what most closed forms are about.
  case exponential(mean: Duration)

  package static let zero = ServiceTime.latency(.zero)

  package static func fixed(_ duration: Duration) -> ServiceTime { .latency(.fixed(duration)) }

  /// In seconds.
  package var mean: Double {
    switch self {
    case .exponential(let mean): mean.seconds
    case .latency(.fixed(let duration)): duration.seconds
    case .latency(.uniform(let low, let high)): (low.seconds + high.seconds) / 2
    case .latency(.lognormal(let median, let sigma)): median.seconds * Logarithm.exponential(sigma * sigma / 2)
    case .latency(.percentiles(let p50, let p90, let p99)):
      0.5 * p50.seconds / 2 + 0.4 * (p50.seconds + p90.seconds) / 2 + 0.09 * (p90.seconds + p99.seconds) / 2 + 0.01
        * 1.25 * p99.seconds
    }
  }

  var isValid: Bool {
    switch self {
    case .exponential(let mean): mean >= .zero && mean <= .seconds(86_400)
    case .latency(.fixed(let duration)): duration >= .zero
    case .latency(.uniform(let low, let high)): low >= .zero && high >= low
    case .latency(.lognormal(let median, _)): median >= .zero
    case .latency(.percentiles(let p50, let p90, let p99)): p50 >= .zero && p90 >= p50 && p99 >= p90
    }
  }
}
