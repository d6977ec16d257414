/// What went wrong in requests, besides time: errors that began at a place, and work that was cut short or went missing.
struct RequestFaults {
  /// A share of requests or of visits, on both sides.
  struct Change: Hashable {
    var quiet: Double
    var incident: Double
    /// In deviations of what chance and the quiet blocks let expect.
    var score: Double

    var added: Double { incident - quiet }
  }

  /// Shares of requests in which an error began, by place.
  private(set) var errors: [Int: Change] = [:]
  /// By edge: how often the operation is run per run of the one above it that did not fail.
  private(set) var missing: [WindowProfile.Edge: (change: Change, perRequest: Double)] = [:]
  /// The same per run of whatever outcome: calls to a service that is gone fail.
  private(set) var unanswered: [WindowProfile.Edge: (change: Change, perRequest: Double)] = [:]
  /// Shares of requests that failed.
  private(set) var failed = Change(quiet: 0, incident: 0, score: 0)

  init(_ quiet: [WindowProfile], _ incident: [WindowProfile], _ sums: WindowSums) {
    let (before, after) = (quiet.flatMap(\.requests), incident.flatMap(\.requests))
    findErrors(before, after, sums)
    missing = Self.missing(before, after, sums, isOfAll: false)
    unanswered = Self.missing(before, after, sums, isOfAll: true)
  }

  private mutating func findErrors(
    _ before: [WindowProfile.Request], _ after: [WindowProfile.Request], _ sums: WindowSums
  ) {
    func count(_ requests: [WindowProfile.Request]) -> (counts: [Int: Int], failed: Int, all: Int) {
      var (counts, failed, all): ([Int: Int], Int, Int) = ([:], 0, 0)
      for request in requests where sums.weight(of: request.entry) > 0 {
        all += 1
        if request.hasFailed { failed += 1 }
        for place in Set(request.errors) { counts[place, default: 0] += 1 }
      }
      return (counts, failed, all)
    }
    let (q, i) = (count(before), count(after))
    guard q.all > 0, i.all > 0 else { return }
    for place in Set(q.counts.keys).union(i.counts.keys) {
      errors[place] = Self.compare(q.counts[place] ?? 0, of: q.all, i.counts[place] ?? 0, of: i.all)
    }
    failed = Self.compare(q.failed, of: q.all, i.failed, of: i.all)
  }

  /// Two shares, by the normal form of the binomial test with half a count added to each (Agresti and Caffo 2000).
  static func compare(_ a: Int, of n: Int, _ b: Int, of m: Int) -> Change {
    let (p, r) = (Double(a) / Double(n), Double(b) / Double(m))
    let (p1, r1) = ((Double(a) + 0.5) / Double(n + 1), (Double(b) + 0.5) / Double(m + 1))
    let error = (p1 * (1 - p1) / Double(n + 1) + r1 * (1 - r1) / Double(m + 1)).squareRoot()
    return Change(quiet: p, incident: r, score: error > 0 ? (r1 - p1) / error : 0)
  }

  /// Of runs of an operation, those that ran another one below: a share that falls is work that went missing there, and not
  /// further up, where the operation itself is missing.
  private static func missing(
    _ before: [WindowProfile.Request], _ after: [WindowProfile.Request], _ sums: WindowSums, isOfAll: Bool
  ) -> [WindowProfile.Edge: (change: Change, perRequest: Double)] {
    func count(_ requests: [WindowProfile.Request]) -> (edges: [WindowProfile.Edge: Int], runs: [Int: Int], all: Int) {
      var (edges, runs, all): ([WindowProfile.Edge: Int], [Int: Int], Int) = ([:], [:], 0)
      for request in requests where sums.weight(of: request.entry) > 0 {
        all += 1
        for visit in request.visits {
          if isOfAll || !visit.hasFailed { runs[visit.place, default: 0] += 1 }
          if visit.parent >= 0, isOfAll || !visit.parentFailed { edges[visit.edge, default: 0] += 1 }
        }
      }
      return (edges, runs, all)
    }
    let (q, i) = (count(before), count(after))
    var result: [WindowProfile.Edge: (change: Change, perRequest: Double)] = [:]
    for (edge, quietCount) in q.edges {
      guard let quietRuns = q.runs[edge.parent], let runs = i.runs[edge.parent], quietRuns >= 10, runs >= 10 else {
        continue
      }
      let (rate, now) = (Double(quietCount) / Double(quietRuns), Double(i.edges[edge] ?? 0) / Double(runs))
      guard rate >= 0.05, now < rate * 0.8 else { continue }
      // Counts vary at least as a Poisson number does.
      let expected = rate * Double(runs)
      let error = (expected + expected * expected / Double(max(1, quietCount))).squareRoot()
      let score = (expected - now * Double(runs)) / max(0.5, error)
      guard score >= 4 else { continue }
      result[edge] = (
        Change(quiet: rate, incident: now, score: score), Double(runs) * (rate - now) / Double(max(1, i.all))
      )
    }
    return result
  }
}
