/// How often operations run others, per run of the one above: a share that falls is work that went missing there, and not
/// further up, where the operation itself is missing; one that rises is work that was not there before, such as an error's.
///
/// Requests of each kind are compared with their like. Counts vary as a Poisson number does, and by as much more as blocks
/// of quiet time differ (the dispersion of a quasi-Poisson model, McCullagh and Nelder 1989).
struct EdgeRates {
  struct Found {
    var change: RequestFaults.Change
    /// Runs more or fewer per request of the bad window.
    var perRequest: Double
  }

  private(set) var missing: [WindowProfile.Edge: Found] = [:]
  private(set) var extra: [WindowProfile.Edge: Found] = [:]

  private struct Run: Hashable {
    var kind: Int
    var place: Int
  }

  private struct Counts {
    var runs: [Run: Int] = [:]
    /// By edge, and then by kind.
    var edges: [WindowProfile.Edge: [Int: Int]] = [:]
    var requests = 0

    init(_ requests: some Sequence<WindowProfile.Request>, _ sums: WindowSums, isOfAll: Bool) {
      for request in requests where sums.weight(of: request.kind) > 0 {
        self.requests += 1
        for visit in request.visits {
          if isOfAll || !visit.hasFailed { runs[Run(kind: request.kind, place: visit.place), default: 0] += 1 }
          if visit.parent >= 0, isOfAll || !visit.parentFailed {
            edges[visit.edge, default: [:]][request.kind, default: 0] += 1
          }
        }
      }
    }

    func count(_ edge: WindowProfile.Edge) -> Int { edges[edge]?.values.reduce(0, +) ?? 0 }

    /// Runs of the operation above, and how often the edge is expected of them by the rates of another time.
    func expected(_ edge: WindowProfile.Edge, _ quiet: Counts, _ kinds: [Int]) -> (runs: Int, edges: Double, known: Int)
    {
      var (runs, sum, known) = (0, 0.0, 0)
      for kind in kinds {
        let run = Run(kind: kind, place: edge.parent)
        guard let now = self.runs[run], let before = quiet.runs[run] else { continue }
        runs += now
        known += before
        sum += Double(now) * Double(quiet.edges[edge]?[kind] ?? 0) / Double(before)
      }
      return (runs, sum, known)
    }
  }

  private static let leastRuns = 10

  init(_ quiet: [WindowProfile], _ incident: [WindowProfile], _ sums: WindowSums, isOfAll: Bool) {
    let before = Counts(quiet.lazy.flatMap(\.requests), sums, isOfAll: isOfAll)
    let after = Counts(incident.lazy.flatMap(\.requests), sums, isOfAll: isOfAll)
    let blocks = quiet.flatMap { WindowSums.split($0.requests, WindowSums.pieces(of: quiet.count)) }
      .map { Counts($0, sums, isOfAll: isOfAll) }
    let kinds = Set(before.runs.keys.map(\.kind)).sorted()
    for edge in Set(before.edges.keys).union(after.edges.keys) {
      let (runs, expected, known) = after.expected(edge, before, kinds)
      guard runs >= Self.leastRuns, known >= Self.leastRuns else { continue }
      let (now, earlier) = (Double(after.count(edge)), Double(before.count(edge)))
      guard now < 0.9 * expected || now > 1.5 * expected + 3 else { continue }
      let spread = Self.dispersion(edge, blocks, before, kinds)
      // Of square roots of counts, which vary by about a half whatever they are (Anscombe 1948).
      let error = (spread * (1 + expected / max(1, earlier))).squareRoot()
      let difference = 2 * abs((now + 0.375).squareRoot() - (expected + 0.375).squareRoot())
      let perRequest = abs(now - expected) / Double(max(1, after.requests))
      let change = RequestFaults.Change(
        quiet: expected / Double(runs), incident: now / Double(runs), score: difference / error)
      let found = Found(change: change, perRequest: perRequest)
      if now < expected {
        if change.score >= 4, change.quiet >= 0.05 { missing[edge] = found }
      } else {
        // An error handler's work tells of errors; other work may come and go with what is asked for.
        let isHandler = Self.tellsOfErrors(sums.places[edge.place])
        if change.score >= (isHandler ? 4 : 5), perRequest >= (isHandler ? 0.02 : 0.1) { extra[edge] = found }
      }
    }
  }

  private static func tellsOfErrors(_ place: PathPlace) -> Bool {
    let name = place.operation?.lowercased() ?? ""
    return ["error", "exception", "fail", "fault"].contains { name.contains($0) }
  }

  private static func dispersion(
    _ edge: WindowProfile.Edge, _ blocks: [Counts], _ pooled: Counts, _ kinds: [Int]
  ) -> Double {
    var (sum, count) = (0.0, 0)
    for block in blocks {
      let expected = block.expected(edge, pooled, kinds).edges
      guard expected > 0 else { continue }
      let difference = Double(block.count(edge)) - expected
      sum += difference * difference / expected
      count += 1
    }
    return count > 1 ? max(1, sum / Double(count - 1)) : 1
  }
}
