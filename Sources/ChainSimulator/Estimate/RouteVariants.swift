import TraceLog

/// Requests of one route that make different calls, told apart: each usual sequence of calls is a route of its own, whose
/// callers ask for it by name. So a mix of them stays a mix, up to what clients ask for.
struct RouteVariants {
  /// By variant: its route, and its number among that route's, from 0 for the most frequent.
  private(set) var variants: [(route: Int, number: Int)] = []
  /// By span; -1: no request.
  private(set) var ofSpan: [Int]

  /// Rarer ones are taken for the most frequent.
  private static let leastShare = 0.05
  private static let leastRequests = 3
  private static let most = 12

  /// - Parameters:
  ///   - route: by span; -1: no request.
  ///   - requests: with their calls.
  init(_ route: [Int], _ requests: TraceRequests) {
    ofSpan = route
    let spans = Dictionary(grouping: route.indices.filter { route[$0] >= 0 }, by: { route[$0] })
    let order = Self.calleesFirst(route, requests, routes: (route.max() ?? -1) + 1)
    // Spans of routes that have not been looked at, as in a circle, count as one variant each, below all numbers.
    for span in ofSpan.indices where ofSpan[span] >= 0 { ofSpan[span] = -2 - route[span] }
    for place in order { divide(place, spans[place] ?? [], requests) }
    // In the order of routes, as they were first seen.
    let sorted = variants.indices.sorted {
      (variants[$0].route, variants[$0].number) < (variants[$1].route, variants[$1].number)
    }
    var places = Array(repeating: 0, count: variants.count)
    for (place, variant) in sorted.enumerated() { places[variant] = place }
    variants = sorted.map { variants[$0] }
    for span in ofSpan.indices where ofSpan[span] >= 0 { ofSpan[span] = places[ofSpan[span]] }
  }

  private mutating func divide(_ route: Int, _ spans: [Int], _ requests: TraceRequests) {
    var counts: [[Int]: Int] = [:]
    var goodCounts: [[Int]: Int] = [:]
    let sequences = spans.map { span in (requests.calls[span] ?? []).filter { !$0.isRetry }.map { ofSpan[$0.callee] } }
    for (span, sequence) in zip(spans, sequences)
    where !requests.spans[span].isOpen && !requests.spans[span].isRefused {
      counts[sequence, default: 0] += 1
      if !requests.spans[span].isError { goodCounts[sequence, default: 0] += 1 }
    }
    let seen = goodCounts.isEmpty ? counts : goodCounts
    let all = seen.values.reduce(0, +)
    let least = max(Self.leastRequests, Int((Double(all) * Self.leastShare).rounded(.up)))
    // The most frequent first; of equals the longest, and then the first in order.
    let sorted = seen.sorted { left, right in
      if left.value != right.value { return left.value > right.value }
      if left.key.count != right.key.count { return left.key.count > right.key.count }
      return left.key.lexicographicallyPrecedes(right.key)
    }
    var numbers: [[Int]: Int] = [:]
    let first = variants.count
    for (number, sequence) in sorted.enumerated() where number == 0 || sequence.value >= least && number < Self.most {
      numbers[sequence.key] = variants.count
      variants.append((route, number))
    }
    if variants.count == first { variants.append((route, 0)) }
    for (span, sequence) in zip(spans, sequences) { ofSpan[span] = numbers[sequence] ?? first }
  }

  /// Each route behind all that it calls, as far as calls do not lead back.
  private static func calleesFirst(_ route: [Int], _ requests: TraceRequests, routes: Int) -> [Int] {
    var callees = [Set<Int>](repeating: [], count: routes)
    for (span, calls) in requests.calls where route[span] >= 0 {
      for call in calls where route[call.callee] >= 0 { callees[route[span]].insert(route[call.callee]) }
    }
    var order: [Int] = []
    var isSeen = [Bool](repeating: false, count: routes)
    for root in 0..<routes where !isSeen[root] {
      isSeen[root] = true
      var path = [(route: root, rest: callees[root].sorted())]
      while var last = path.popLast() {
        guard let next = last.rest.popLast() else {
          order.append(last.route)
          continue
        }
        path.append(last)
        guard !isSeen[next] else { continue }
        isSeen[next] = true
        path.append((next, callees[next].sorted()))
      }
    }
    return order
  }
}
