/// A distribution of latencies, in milliseconds.
package struct LatencySummary: Codable, Hashable, Sendable {
  package var count: Int
  package var min: Double
  package var mean: Double
  package var p50: Double
  package var p90: Double
  package var p95: Double
  package var p99: Double
  package var p999: Double
  package var max: Double

  enum CodingKeys: String, CodingKey {
    case count
    case min = "min_ms"
    case mean = "mean_ms"
    case p50 = "p50_ms"
    case p90 = "p90_ms"
    case p95 = "p95_ms"
    case p99 = "p99_ms"
    case p999 = "p99_9_ms"
    case max = "max_ms"
  }
}

/// The same requests, measured in two ways. Nil where there is nothing to measure.
package struct LatencyPair: Codable, Hashable, Sendable {
  /// Open loop: from the moment at which the request was due, so that waiting for a generator that is late counts too.
  ///
  /// A closed loop has no such moment: its clients send when they are answered, and what they would have sent
  /// meanwhile nobody planned. Filling it in from a guessed interval (as HdrHistogram can) would present a guess as a
  /// measurement, so there it is nil; who wants to see a stall as users do takes the open loop.
  package var corrected: LatencySummary?
  /// From the moment at which the request was sent, making a connection included.
  package var uncorrected: LatencySummary?
}
