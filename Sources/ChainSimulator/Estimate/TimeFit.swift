import ChainModel
package import Topology

/// What a set of times looks like: its mean, its percentiles, and the simplest distribution that has them.
package struct TimeFit: Hashable, Sendable {
  package private(set) var count: Int
  /// In seconds; 0 without any.
  package private(set) var mean: Double
  package private(set) var p50: Double
  package private(set) var p90: Double
  package private(set) var p99: Double
  package private(set) var time: StepTime
  private static let points = (0..<100).map { (Double($0) + 0.5) / 100 }

  /// - Parameter times: in seconds, in any order.
  package init(_ times: [Double]) {
    let sorted = times.sorted()
    count = sorted.count
    mean = sorted.isEmpty ? 0 : sorted.reduce(0, +) / Double(sorted.count)
    func quantile(_ share: Double) -> Double { Self.quantile(sorted, share) }
    (p50, p90, p99) = (quantile(0.5), quantile(0.9), quantile(0.99))
    time = .latency(.zero)
    guard mean >= 1e-9 else { return }
    // The distance of two distributions is the mean difference of their quantiles (Wasserstein 1969). Percentiles with
    // straight lines between them are coarse where all times are alike: they are the last choice, not the first.
    let forms = forms(sorted, low: quantile(0.005), high: quantile(0.995))
    let distances = forms.map { form in
      Self.points.reduce(0) { $0 + abs(form.quantile($1) - quantile($1)) } / Double(Self.points.count)
    }
    let least = distances.min() ?? 0
    let place = distances.firstIndex { $0 <= least * 1.1 + mean * 0.005 } ?? 0
    time = forms[place].time
  }

  /// Each as it would be written, and its quantiles; the simplest first.
  private func forms(
    _ sorted: [Double], low: Double, high: Double
  ) -> [(time: StepTime, quantile: (Double) -> Double)] {
    let (mean, p50, p90, p99) = (mean, p50, p90, p99)
    let logarithms = sorted.map { Logarithm.natural(max($0, 1e-9)) }
    let center = logarithms.reduce(0, +) / Double(count)
    let spread = (logarithms.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(count)).squareRoot()
    let (median, sigma) = (Logarithm.exponential(center), min(3, (spread * 1000).rounded() / 1000))
    return [
      (.latency(.fixed(Self.duration(mean))), { _ in mean }),
      (.exponential(mean: Self.duration(mean)), { -mean * Logarithm.natural(1 - $0) }),
      (.latency(.uniform(Self.duration(low), Self.duration(high))), { low + (high - low) * $0 }),
      (
        .latency(.lognormal(median: Self.duration(median), sigma: sigma)),
        { median * Logarithm.exponential(sigma * Self.normal($0)) }
      ),
      (
        .latency(.percentiles(p50: Self.duration(p50), p90: Self.duration(p90), p99: Self.duration(p99))),
        { Self.piecewise($0, p50, p90, p99) }
      ),
    ]
  }

  /// The same lines as `Latency.sample`.
  private static func piecewise(_ share: Double, _ p50: Double, _ p90: Double, _ p99: Double) -> Double {
    if share < 0.5 { return p50 * share / 0.5 }
    if share < 0.9 { return p50 + (p90 - p50) * (share - 0.5) / 0.4 }
    if share < 0.99 { return p90 + (p99 - p90) * (share - 0.9) / 0.09 }
    return p99 + 0.5 * p99 * (share - 0.99) / 0.01
  }

  /// Between the two neighbours, as by the 7th definition of Hyndman and Fan (1996).
  static func quantile(_ sorted: [Double], _ share: Double) -> Double {
    guard let last = sorted.last else { return 0 }
    let place = share * Double(sorted.count - 1)
    let lower = Int(place)
    guard lower + 1 < sorted.count else { return last }
    return sorted[lower] + (sorted[lower + 1] - sorted[lower]) * (place - Double(lower))
  }

  /// To four digits: no trace knows more.
  static func duration(_ seconds: Double) -> Duration {
    var unit: Int64 = 1
    let nanoseconds = Int64((min(max(0, seconds), 86_400) * 1e9).rounded())
    while nanoseconds / unit >= 10_000 { unit *= 10 }
    return .nanoseconds((nanoseconds + unit / 2) / unit * unit)
  }

  /// The standard normal distribution's quantile, by bisection of its tail integral's series: 1e-9 is far below what the
  /// fit can see.
  private static func normal(_ share: Double) -> Double {
    var (low, high) = (-8.0, 8.0)
    for _ in 0..<40 {
      let middle = (low + high) / 2
      if cumulative(middle) < share { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// `1/2 + φ(x) (x + x³/3 + x⁵/15 + …)` (Marsaglia 2004).
  private static func cumulative(_ x: Double) -> Double {
    var (sum, term, odd) = (x, x, 3.0)
    while abs(term) > 1e-17, odd < 400 {
      term *= x * x / odd
      sum += term
      odd += 2
    }
    return 0.5 + sum * Logarithm.exponential(-x * x / 2) * 0.398_942_280_401_432_7
  }
}
