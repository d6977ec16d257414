import CascadeAnalysis
import ChainModel

/// What each service has done within the last second or two.
struct LiveRates {
  /// Keys: `good` (successful answers per second), `failed`, `timed_out`, `refused` (per second; of the failed, the timed
  /// out are those answered 504), `p50_ns`, `p99_ns` (see `Time`; absent without any), `oldest_ns` (for how long the
  /// oldest request that is open has been so; absent without one).
  struct Figures: Encodable, Sendable {
    var good: Double
    var failed: Double
    var timedOut: Double
    var refused: Double
    var p50: Time?
    var p99: Time?
    var oldest: UInt64?

    private enum CodingKeys: String, CodingKey {
      case good, failed, refused
      case timedOut = "timed_out"
      case p50 = "p50_ns"
      case p99 = "p99_ns"
      case oldest = "oldest_ns"
    }
  }

  /// A quantile of the response times of good answers, and of the requests that are still open with what they have taken
  /// so far. Keys: `value` (nanoseconds), `so_far`: those that are open make it larger, and it may grow.
  struct Time: Encodable, Hashable, Sendable {
    var value: UInt64
    var isSoFar: Bool

    private enum CodingKeys: String, CodingKey {
      case value
      case isSoFar = "so_far"
    }

    /// Nil where there is neither an answer nor an open request.
    init?(_ share: Double, ended: DurationCounts, open: DurationCounts) {
      let (known, all) = (ended.quantile(share), ended.adding(open).quantile(share))
      // Open ones that are young say nothing of how long they will take: they make nothing shorter.
      guard let value = [known, all].compactMap({ $0 }).max() else { return nil }
      (self.value, isSoFar) = (value, known.map { value > $0 } ?? true)
    }
  }

  private struct Counts {
    var good = 0
    var failed = 0
    var timedOut = 0
    var refused = 0
    var times = DurationCounts()
    var ages = DurationCounts()
    var oldest: UInt64 = 0

    mutating func add(_ route: ChainMoment.Route) {
      good += route.good
      failed += route.failed
      timedOut += route.timedOut
      refused += route.refused
      times = times.adding(route.times)
      ages = ages.adding(route.ages)
      oldest = max(oldest, route.oldest)
    }
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
        for key in [service.name, Self.key(service.name, route.name)] { counts[key, default: Counts()].add(route) }
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
    func rate(_ count: KeyPath<Counts, Int>) -> Double {
      Double(now[keyPath: count] - before[keyPath: count]) / seconds
    }
    let times = now.times.since(before.times)
    return Figures(
      good: rate(\.good), failed: rate(\.failed), timedOut: rate(\.timedOut),
      refused: rate(\.refused),
      p50: Time(0.5, ended: times, open: now.ages), p99: Time(0.99, ended: times, open: now.ages),
      oldest: now.ages.total > 0 ? now.oldest : nil)
  }
}
