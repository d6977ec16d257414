import Histogram

/// The latencies of one kind of request, from their due time and from their send time.
struct LatencyRecorder: Sendable {
  private var corrected = TimeHistogram()
  private var uncorrected = TimeHistogram()

  /// Times in nanoseconds.
  mutating func record(dueAt: UInt64, sentAt: UInt64, endedAt: UInt64) {
    corrected.record(endedAt - dueAt)
    uncorrected.record(endedAt - sentAt)
  }

  mutating func add(_ other: LatencyRecorder) {
    corrected.add(other.corrected)
    uncorrected.add(other.uncorrected)
  }

  /// A closed loop has no due times, and so no corrected latencies.
  func summary(isOpen: Bool) -> LatencyPair {
    LatencyPair(corrected: isOpen ? corrected.summary : nil, uncorrected: uncorrected.summary)
  }
}

/// How some times are distributed: HdrHistogram with three significant digits, so that a value read from it is at most
/// 0.1 % off.
struct TimeHistogram: Sendable {
  private var histogram = Self.empty

  /// Microseconds; grows by itself beyond a minute.
  private static var empty: Histogram<UInt64> {
    var histogram = Histogram<UInt64>(
      lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: .three)
    histogram.autoResize = true
    return histogram
  }

  mutating func record(_ nanoseconds: UInt64) { histogram.record((nanoseconds + 500) / 1000) }

  mutating func add(_ other: TimeHistogram) { histogram.add(other.histogram) }

  /// Nil for none.
  var summary: LatencySummary? {
    guard histogram.totalCount > 0 else { return nil }
    // A bucket is named by its upper end, which can lie above the largest value that was recorded.
    func milliseconds(_ percentile: Double) -> Double {
      Double(min(histogram.valueAtPercentile(percentile), histogram.maxRecorded)) / 1000
    }
    return LatencySummary(
      count: Int(histogram.totalCount), min: Double(histogram.min) / 1000,
      mean: histogram.mean.rounded() / 1000, p50: milliseconds(50), p90: milliseconds(90), p95: milliseconds(95),
      p99: milliseconds(99), p999: milliseconds(99.9), max: Double(histogram.maxRecorded) / 1000)
  }
}
