/// What operations take by themselves, and links, each time that they are run: whether or not a request waited for it. A
/// service that takes six times as long beside a longer one delays nobody yet, and is what got slow all the same.
struct OwnTimes {
  struct Change {
    var place: Int
    /// Nanoseconds of a run.
    var quiet: Double
    var incident: Double
    /// In deviations of what quiet time and blocks of time vary by.
    var score: Double
    /// Runs per request of the bad window.
    var runs: Double

    var added: Double { incident - quiet }
    var ratio: Double { incident / max(1, quiet) }
  }

  /// Those that stand out, largest sum per request first.
  private(set) var changes: [Change] = []

  private struct Cell {
    var runs = 0.0
    var time = 0.0
  }

  private struct Side {
    var total = Cell()
    /// Mean runs, of requests, of blocks of time and of windows.
    var requests: [Double] = []
    var blocks: [Double] = []
    var windows: [Double] = []

    var mean: Double { total.time / total.runs }
  }

  private static let leastRequests = 8
  private static let leastScore = 5.0
  /// Of an operation; a link has queues on it that vary with the rate of requests. Less than three quiet windows do not
  /// tell by how much one minute differs from another.
  private static func leastRatio(_ kind: PathPlace.Kind, windows: Int) -> Double {
    (kind == .link ? 3 : 2) * (windows < 3 ? 1.25 : 1)
  }

  init(_ quiet: [WindowProfile], _ incident: [WindowProfile], _ sums: WindowSums) {
    let caps = Self.caps(quiet + incident)
    let (before, after) = (Self.sides(quiet, caps), Self.sides(incident, caps))
    let requests = Double(max(1, incident.reduce(0) { $0 + $1.requests.count }))
    for (place, q) in before {
      guard let i = after[place] else { continue }
      let least = min(q.requests.count, i.requests.count)
      guard least >= Self.leastRequests else { continue }
      let change = Change(
        place: place, quiet: q.mean, incident: i.mean, score: (i.mean - q.mean) / max(1, Self.noise(q, i)),
        runs: i.total.runs / requests)
      let ratio = Self.leastRatio(sums.places[place].kind, windows: quiet.count)
      // A deviation that few values tell is unsure itself.
      guard change.score >= Self.leastScore * (1 + 5 / Double(least)), change.ratio >= ratio else { continue }
      // Quiet windows that differ as much already say nothing.
      guard let low = q.windows.min(), let high = q.windows.max(), i.mean > high + (high - low) else { continue }
      // A trifle is none of a hundredth of a request, nor of half a millisecond.
      guard change.added > min(500_000, 0.01 * sums.quietMean) else { continue }
      changes.append(change)
    }
    changes.sort { ($1.added * $1.runs, $0.place) < ($0.added * $0.runs, $1.place) }
  }

  /// By place: a longer mean run in a request counts as this long.
  private static func caps(_ windows: [WindowProfile]) -> [Int: Double] {
    var times: [Int: [Double]] = [:]
    for request in windows.lazy.flatMap(\.requests) {
      for own in request.own { times[own.place, default: []].append(Double(own.time) / Double(own.runs)) }
    }
    return times.mapValues { values in
      let sorted = values.sorted()
      return max(1.5 * sorted[min(sorted.count - 1, sorted.count * 98 / 100)], 2 * sorted[sorted.count / 2])
    }
  }

  private static func sides(_ windows: [WindowProfile], _ caps: [Int: Double]) -> [Int: Side] {
    var sides: [Int: Side] = [:]
    for window in windows {
      var whole: [Int: Cell] = [:]
      for block in WindowSums.split(window.requests, WindowSums.pieces(of: windows.count)) {
        var cells: [Int: Cell] = [:]
        for request in block {
          for own in request.own {
            let time = min(Double(own.time), (caps[own.place] ?? .infinity) * Double(own.runs))
            sides[own.place, default: Side()].requests.append(time / Double(own.runs))
            cells[own.place, default: Cell()].runs += Double(own.runs)
            cells[own.place]?.time += time
          }
        }
        for (place, cell) in cells {
          sides[place, default: Side()].blocks.append(cell.time / cell.runs)
          whole[place, default: Cell()].runs += cell.runs
          whole[place]?.time += cell.time
        }
      }
      for (place, cell) in whole {
        sides[place]?.windows.append(cell.time / cell.runs)
        sides[place]?.total.runs += cell.runs
        sides[place]?.total.time += cell.time
      }
    }
    return sides
  }

  /// The larger of what requests and what blocks of time say; windows may differ by more than blocks within them do.
  private static func noise(_ quiet: Side, _ incident: Side) -> Double {
    func share(_ values: [Double]) -> Double { WindowSums.variance(values) / Double(max(1, values.count)) }
    let requests = share(quiet.requests) + share(incident.requests)
    let blocks = share(quiet.blocks) + share(incident.blocks)
    let within = share(quiet.blocks) * Double(quiet.windows.count)
    let between = max(0, WindowSums.variance(quiet.windows) - within) * (1 + 1 / Double(max(1, quiet.windows.count)))
    return (max(requests, blocks) + between).squareRoot()
  }
}
