#if canImport(Glibc)
  import Glibc
#endif

/// How long a simulated remote system takes to answer.
package enum Latency: Hashable, Sendable {
  case fixed(Duration)
  case uniform(Duration, Duration)
  /// `exp(N(ln median, sigma²))`, at most 24 h.
  case lognormal(median: Duration, sigma: Double)
  /// Piecewise linear through 0, the three percentiles, and 1.5 × p99 at the top.
  case percentiles(p50: Duration, p90: Duration, p99: Duration)

  package static let zero = Latency.fixed(.zero)

  package static let forms = "1s, 100ms..300ms, lognormal:50ms,0.5 or p50:10ms,p90:50ms,p99:1s"

  /// One draw.
  ///
  /// - Parameters:
  ///   - uniform: a number in `0 ..< 1`.
  ///   - second: another, independent one; only the lognormal form needs it.
  /// - Returns: how long this one takes.
  package func sample(_ uniform: Double, _ second: Double) -> Duration {
    switch self {
    case .fixed(let duration): return duration
    case .uniform(let low, let high): return low + (high - low) * uniform
    case .lognormal(let median, let sigma):
      let nanoseconds = Double(median.nanoseconds) * exp(sigma * Self.normal(uniform, second))
      return .nanoseconds(Int64(min(nanoseconds, DurationText.longest)))
    case .percentiles(let p50, let p90, let p99):
      let points = [(0.0, Duration.zero), (0.5, p50), (0.9, p90), (0.99, p99), (1.0, p99 * 1.5)]
      let upper = points.firstIndex { $0.0 > uniform } ?? 4
      let (from, to) = (points[upper - 1], points[upper])
      return from.1 + (to.1 - from.1) * ((uniform - from.0) / (to.0 - from.0))
    }
  }

  /// A standard normal number from two uniform ones (Box and Muller 1958).
  private static func normal(_ uniform: Double, _ second: Double) -> Double {
    (-2 * log(max(uniform, 1e-12))).squareRoot() * cos(2 * .pi * second)
  }

  package var text: String {
    switch self {
    case .fixed(let duration): DurationText.format(duration)
    case .uniform(let low, let high): "\(DurationText.format(low))..\(DurationText.format(high))"
    case .lognormal(let median, let sigma): "lognormal:\(DurationText.format(median)),\(sigma)"
    case .percentiles(let p50, let p90, let p99):
      "p50:\(DurationText.format(p50)),p90:\(DurationText.format(p90)),p99:\(DurationText.format(p99))"
    }
  }

  /// Reads one of the `forms`; nil for anything else, and where the parts are out of order.
  package static func parse(_ text: some StringProtocol) -> Latency? {
    if let fixed = DurationText.parse(text) { return .fixed(fixed) }
    if text.hasPrefix("lognormal:") { return parseLognormal(text.dropFirst(10)) }
    if text.hasPrefix("p50:") {
      return parsePercentiles(text.split(separator: ",", omittingEmptySubsequences: false))
    }
    return parseRange(text)
  }

  private static func parseRange(_ text: some StringProtocol) -> Latency? {
    let characters = Array(text)
    guard let dots = characters.indices.dropLast().first(where: { characters[$0] == "." && characters[$0 + 1] == "." }),
      let low = DurationText.parse(String(characters[..<dots])),
      let high = DurationText.parse(String(characters[(dots + 2)...])), low <= high
    else { return nil }
    return .uniform(low, high)
  }

  private static func parseLognormal(_ text: some StringProtocol) -> Latency? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count == 2, let median = DurationText.parse(parts[0]), let sigma = Double(parts[1]),
      (0...3).contains(sigma)
    else { return nil }
    return .lognormal(median: median, sigma: sigma)
  }

  private static func parsePercentiles(_ parts: [some StringProtocol]) -> Latency? {
    guard parts.count == 3, parts[1].hasPrefix("p90:"), parts[2].hasPrefix("p99:"),
      let p50 = DurationText.parse(String(parts[0].dropFirst(4))),
      let p90 = DurationText.parse(String(parts[1].dropFirst(4))),
      let p99 = DurationText.parse(String(parts[2].dropFirst(4))), p50 <= p90, p90 <= p99
    else { return nil }
    return .percentiles(p50: p50, p90: p90, p99: p99)
  }
}
