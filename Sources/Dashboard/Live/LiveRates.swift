import CascadeAnalysis
import ChainModel

/// What each service has done within the last second or two.
struct LiveRates {
  /// Keys: `rate` (answers per second), `failed`, `shed` (per second), `p50_ns`, `p99_ns` (of response times; absent
  /// without an answer).
  struct Figures: Encodable, Sendable {
    var rate: Double
    var failed: Double
    var shed: Double
    var p50: UInt64?
    var p99: UInt64?

    private enum CodingKeys: String, CodingKey {
      case rate, failed, shed
      case p50 = "p50_ns"
      case p99 = "p99_ns"
    }
  }

  private struct Counts {
    var ended = 0
    var failed = 0
    var rejected = 0
    var times = DurationCounts()
  }

  private struct Sample {
    var time: UInt64
    /// By service, and by service and route.
    var counts: [String: Counts]
  }

  static let span: UInt64 = 2_000_000_000
  private var samples: [Sample] = []

  mutating func restart() { samples = [] }

  mutating func add(_ chain: ChainMoment) {
    var counts: [String: Counts] = [:]
    for service in chain.services {
      for route in service.routes {
        for key in [service.name, Self.key(service.name, route.name)] {
          var sum = counts[key] ?? Counts()
          sum.ended += route.ended
          sum.failed += route.failed
          sum.rejected += route.rejected
          sum.times = sum.times.adding(route.times)
          counts[key] = sum
        }
      }
    }
    samples.append(Sample(time: chain.time, counts: counts))
    while let first = samples.first, samples.count > 2, chain.time &- first.time > Self.span { samples.removeFirst() }
  }

  static func key(_ service: String, _ route: String) -> String { "\(service) \(route)" }

  /// What was counted within the last seconds.
  /// - Parameter key: a service, or a service and its route.
  /// - Returns: nil for what is not known.
  func figures(_ key: String) -> Figures? {
    guard let first = samples.first, let last = samples.last, last.time > first.time, let now = last.counts[key] else {
      return nil
    }
    let before = first.counts[key] ?? Counts()
    let seconds = Double(last.time - first.time) / 1e9
    let times = now.times.since(before.times)
    return Figures(
      rate: Double(now.ended - before.ended) / seconds, failed: Double(now.failed - before.failed) / seconds,
      shed: Double(now.rejected - before.rejected) / seconds, p50: times.quantile(0.5), p99: times.quantile(0.99))
  }
}
