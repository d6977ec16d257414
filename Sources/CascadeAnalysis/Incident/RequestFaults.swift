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
  /// By edge: how often the operation is run per run of the one above it that did not fail, where that is less than before.
  private(set) var missing: [WindowProfile.Edge: EdgeRates.Found] = [:]
  /// The same per run of whatever outcome: calls to a service that is gone fail.
  private(set) var unanswered: [WindowProfile.Edge: EdgeRates.Found] = [:]
  /// What is run more often than before.
  private(set) var extra: [WindowProfile.Edge: EdgeRates.Found] = [:]
  /// Shares of requests that failed.
  private(set) var failed = Change(quiet: 0, incident: 0, score: 0)

  init(_ quiet: [WindowProfile], _ incident: [WindowProfile], _ sums: WindowSums) {
    let (before, after) = (quiet.flatMap(\.requests), incident.flatMap(\.requests))
    findErrors(before, after, sums)
    missing = EdgeRates(quiet, incident, sums, isOfAll: false).missing
    let ofAll = EdgeRates(quiet, incident, sums, isOfAll: true)
    (unanswered, extra) = (ofAll.missing, ofAll.extra)
  }

  private mutating func findErrors(
    _ before: [WindowProfile.Request], _ after: [WindowProfile.Request], _ sums: WindowSums
  ) {
    func count(_ requests: [WindowProfile.Request]) -> (counts: [Int: Int], failed: Int, all: Int) {
      var (counts, failed, all): ([Int: Int], Int, Int) = ([:], 0, 0)
      for request in requests where sums.weight(of: request.kind) > 0 {
        all += 1
        if request.hasFailed { failed += 1 }
        for place in Set(request.errors) { counts[place, default: 0] += 1 }
      }
      return (counts, failed, all)
    }
    let (q, i) = (count(before), count(after))
    guard q.all > 0, i.all > 0 else { return }
    let places = Set(q.counts.keys).union(i.counts.keys)
    for place in places {
      errors[place] = Self.compare(
        q.counts[place] ?? 0, of: q.all, i.counts[place] ?? 0, of: i.all, looks: places.count)
    }
    failed = Self.compare(q.failed, of: q.all, i.failed, of: i.all, looks: 1)
  }

  /// Two shares, by the normal form of the binomial test with half a count added to each (Agresti and Caffo 2000); where
  /// there are few, by the exact one too, given how many there are on both sides together (Przyborowski and Wilenski 1940).
  /// Of several pairs of shares that are looked at, one has to be rarer (`looks`, Bonferroni 1936).
  static func compare(_ a: Int, of n: Int, _ b: Int, of m: Int, looks: Int) -> Change {
    let (p, r) = (Double(a) / Double(n), Double(b) / Double(m))
    let (p1, r1) = ((Double(a) + 0.5) / Double(n + 1), (Double(b) + 0.5) / Double(m + 1))
    let error = (p1 * (1 - p1) / Double(n + 1) + r1 * (1 - r1) / Double(m + 1)).squareRoot()
    var change = Change(quiet: p, incident: r, score: error > 0 ? (r1 - p1) / error : 0)
    if r > p, change.score < leastScore,
      tail(b, of: a + b, share: Double(m) / Double(n + m)) < leastChance / Double(max(2, looks))
    {
      change.score = leastScore
    }
    return change
  }

  /// In deviations, and the chance of all that are compared that one looks so rare.
  static let leastScore = 4.0
  private static let leastChance = 2e-3

  /// How probable it is that at least so many of all fall into a side that each falls into by chance; 1 where there are too
  /// many for this to matter.
  private static func tail(_ count: Int, of all: Int, share: Double) -> Double {
    guard count > 0, all <= 300, share > 0, share < 1 else { return 1 }
    // Interleaved, so that no product leaves the range of numbers.
    var (term, rest) = (1.0, all - count)
    for number in 1...count {
      term *= Double(all - count + number) / Double(number) * share
      while term > 1, rest > 0 {
        term *= 1 - share
        rest -= 1
      }
    }
    for _ in 0..<rest { term *= 1 - share }
    var sum = term
    for number in count..<all {
      term *= Double(all - number) / Double(number + 1) * share / (1 - share)
      sum += term
    }
    return sum
  }
}
