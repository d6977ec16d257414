import ChainModel
import TraceLog

/// One kind of request at one service, as a trace shows it.
package struct RouteEstimate: Hashable, Sendable {
  package var service: Int
  package var name: String
  package internal(set) var requests = 0
  package internal(set) var failed = 0
  package internal(set) var refused = 0
  /// Routes it calls, by index, in order.
  package internal(set) var calls: [Int] = []
  /// By call of `calls`: whether most requests made it at the same time as the one before it.
  package internal(set) var besides: [Bool] = []
  /// How many of the requests that were looked at made these calls, and how many were looked at: those that succeeded,
  /// or all if none did.
  package internal(set) var typical = 0
  package internal(set) var looked = 0
  /// Requests that made calls at the same time, and by how many seconds that was shorter than one after another.
  package internal(set) var parallel = 0
  package internal(set) var overlap = 0.0
  package internal(set) var retries = 0
  /// Calls that would lead back to their caller: left out.
  package internal(set) var circular = 0
  /// By call of `calls`: what it takes longer than its callee's own time and the network that all links share.
  package internal(set) var transit: [TimeFit] = []
  /// Seconds of successful requests, from the queue to the answer, without the time of their calls.
  package internal(set) var ownTime = TimeFit([])
}

/// Collects what is seen of a route.
struct RouteSamples {
  var estimate: RouteEstimate
  private var ownTimes: [(time: Double, isGood: Bool)] = []
  /// By route that is called.
  private var transits: [Int: [Double]] = [:]
  private var sequences: [[Int]: Int] = [:]
  private var goodSequences: [[Int]: Int] = [:]
  /// By sequence: how often each of its calls was made at the same time as the one before.
  private var besides: [[Int]: [Int]] = [:]

  init(_ service: Int, _ name: String) {
    estimate = RouteEstimate(service: service, name: name)
  }

  /// - Parameters:
  ///   - span: a request that has ended.
  ///   - calls: what it called, in order of beginning; the routes by index.
  mutating func add(_ span: TraceRequests.Span, _ calls: [(route: Int, call: TraceRequests.Call)]) {
    estimate.requests += 1
    guard !span.isOpen, !span.isRefused else {
      estimate.refused += 1
      return
    }
    if span.isError { estimate.failed += 1 }
    var (union, sum, until): (UInt64, UInt64, UInt64) = (0, 0, span.begun)
    var isParallel = false
    for (_, call) in calls.sorted(by: { $0.call.start < $1.call.start }) {
      let (from, to) = (max(call.start, span.begun), min(call.end, span.end))
      guard to > from else { continue }
      sum += to - from
      if from < until { isParallel = isParallel || union > 0 }
      if to > until {
        union += to - max(from, until)
        until = to
      }
    }
    if isParallel {
      estimate.parallel += 1
      estimate.overlap += Double(sum - union) / 1e9
    }
    estimate.retries += calls.count { $0.call.isRetry }
    for (route, call) in calls where !call.isRetry { transits[route, default: []].append(call.transit) }
    let made = calls.filter { !$0.call.isRetry }
    let sequence = made.map(\.route)
    var counts = besides[sequence] ?? sequence.map { _ in 0 }
    for (place, call) in made.enumerated() where call.call.isBeside { counts[place] += 1 }
    besides[sequence] = counts
    sequences[sequence, default: 0] += 1
    if !span.isError { goodSequences[sequence, default: 0] += 1 }
    ownTimes.append((Double(span.end - min(span.end, span.begun) - union) / 1e9, !span.isError))
  }

  /// - Parameters:
  ///   - cpu: of the own time, what is work of a processor.
  ///   - hop: seconds each way that every call takes.
  /// - Returns: what has been seen of the route.
  func finished(cpu: Double, hop: Double) -> RouteEstimate {
    var estimate = estimate
    let seen = goodSequences.isEmpty ? sequences : goodSequences
    estimate.looked = seen.values.reduce(0, +)
    // The most frequent; of equals the longest, and then the first in order, so that it comes out the same again.
    let best = seen.max { left, right in
      if left.value != right.value { return left.value < right.value }
      if left.key.count != right.key.count { return left.key.count < right.key.count }
      return right.key.lexicographicallyPrecedes(left.key)
    }
    (estimate.calls, estimate.typical) = (best?.key ?? [], best?.value ?? 0)
    let made = sequences[estimate.calls] ?? 0
    estimate.besides = (besides[estimate.calls] ?? estimate.calls.map { _ in 0 }).map { 2 * $0 > made }
    estimate.transit = estimate.calls.map { TimeFit((transits[$0] ?? []).map { max(0, $0 - 2 * hop) }) }
    let good = ownTimes.filter(\.isGood)
    estimate.ownTime = TimeFit((good.isEmpty ? ownTimes : good).map { max(0, $0.time - cpu) })
    return estimate
  }
}
