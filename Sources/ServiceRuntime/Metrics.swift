import ChainModel
import EventLoop

/// Counts and durations of requests, for `GET /metrics`.
final class Metrics: Sendable {
  /// OpenTelemetry's bucket bounds for HTTP durations, in seconds.
  static let bounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

  struct Key: Hashable, Sendable {
    var route: Int
    var status: Int
  }

  struct Histogram: Sendable {
    var buckets = [Int](repeating: 0, count: Metrics.bounds.count + 1)
    var seconds = 0.0

    var count: Int { buckets.reduce(0, +) }

    mutating func add(_ value: Double) {
      buckets[Metrics.bounds.firstIndex { value <= $0 } ?? Metrics.bounds.count] += 1
      seconds += value
    }
  }

  struct State: Sendable {
    var durations: [Key: Histogram] = [:]
    var refusals: [String: Int] = [:]
  }

  private let state = Locked(State())

  var snapshot: State { state.withLock { $0 } }

  func ended(route: Int, status: Int, nanoseconds: UInt64) {
    state.withLock {
      $0.durations[Key(route: route, status: status), default: Histogram()].add(Double(nanoseconds) / 1e9)
    }
  }

  func refused(route: Int, status: Int, reason: String, nanoseconds: UInt64) {
    ended(route: route, status: status, nanoseconds: nanoseconds)
    shed(reason)
  }

  /// Refused before there was a request, such as a connection over the limit.
  func shed(_ reason: String) {
    state.withLock { $0.refusals[reason, default: 0] += 1 }
  }
}
