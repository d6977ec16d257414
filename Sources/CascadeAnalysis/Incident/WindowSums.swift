/// Two sets of windows made comparable: kinds of requests in equal shares, times by group, and blocks of time whose spread
/// is the noise.
struct WindowSums {
  /// What is looked at as one: a service's own time, the queue before it, or the link between two services.
  struct Group: Hashable {
    var kind: PathPlace.Kind
    var service: String
    var callee: String?

    init(_ place: PathPlace) {
      (kind, service, callee) = (place.kind, place.service, place.kind == .link ? place.callee : nil)
    }
  }

  /// One block of time of one side: by column (places, then groups), nanoseconds of a mean request.
  typealias Vector = [Double]

  let places: PlaceTable
  let groups: [Group]
  /// By place.
  let groupOf: [Int]
  /// Mean time per request by column, at the incident's shares of kinds.
  private(set) var quiet: Vector = []
  private(set) var incident: Vector = []
  private(set) var quietBlocks: [Vector] = []
  private(set) var incidentBlocks: [Vector] = []
  /// By quiet window.
  private(set) var windows: [Vector] = []
  /// Nanoseconds: what a mean request took, and what the mixture of kinds alone changed of that.
  private(set) var quietMean = 0.0
  private(set) var incidentMean = 0.0
  private(set) var mixture = 0.0
  /// Requests of kinds that only one side has.
  private(set) var unmatched = 0
  private(set) var matched: (quiet: Int, incident: Int) = (0, 0)
  /// By place: a longer time in one request counts as this long.
  private var caps: [UInt64] = []
  /// By place: what it has added to a mean request, every time whole.
  private(set) var whole: Vector = []
  /// By column: the variance of the mean, as its requests vary.
  private var quietError: Vector = []
  private var incidentError: Vector = []
  private var weights: [Int: Double] = [:]
  private var pooled: (quiet: [Int: Vector], incident: [Int: Vector]) = ([:], [:])

  /// Fewer requests than this do not make a block, and half of them no kind.
  static let blockSize = 20
  static let wantedBlocks = 12

  init(_ quiet: [WindowProfile], _ incident: [WindowProfile], _ places: PlaceTable) {
    self.places = places
    var numbers: [Group: Int] = [:]
    var (groups, groupOf): ([Group], [Int]) = ([], [])
    for place in places.places {
      let group = Group(place)
      if numbers[group] == nil {
        numbers[group] = groups.count
        groups.append(group)
      }
      groupOf.append(numbers[group] ?? 0)
    }
    (self.groups, self.groupOf) = (groups, groupOf)
    weigh(quiet, incident)
    let quietRequests = quiet.flatMap(\.requests)
    let incidentRequests = incident.flatMap(\.requests)
    caps = Array(repeating: .max, count: places.count)
    let (before, after) = (mean(kindMeans(quietRequests)), mean(kindMeans(incidentRequests)))
    whole = zip(after, before).map { $0 - $1 }
    cap(quietRequests, incidentRequests)
    pooled = (kindMeans(quietRequests), kindMeans(incidentRequests))
    self.quiet = mean(pooled.quiet)
    self.incident = mean(pooled.incident)
    quietMean = Self.duration(quietRequests, weights)
    incidentMean = Self.duration(incidentRequests, weights)
    let plain = Self.plainMean(incidentRequests) - Self.plainMean(quietRequests)
    mixture = plain - (incidentMean - quietMean)
    (quietError, incidentError) = (squaredError(quietRequests), squaredError(incidentRequests))
    for window in quiet { windows.append(block(window.requests[...], pooled.quiet)) }
    let (perWindow, perIncident) = (Self.pieces(of: quiet.count), Self.pieces(of: incident.count))
    for window in quiet { quietBlocks += blocks(window.requests, perWindow, pooled.quiet) }
    for window in incident { incidentBlocks += blocks(window.requests, perIncident, pooled.incident) }
  }

  var columns: Int { places.count + groups.count }

  func column(of group: Int) -> Int { places.count + group }

  /// What a column has added to a mean request.
  func change(_ column: Int) -> Double { incident[column] - quiet[column] }

  // MARK: Shares of kinds

  private mutating func weigh(_ quiet: [WindowProfile], _ incident: [WindowProfile]) {
    var counts: [Int: (quiet: Int, incident: Int)] = [:]
    for window in quiet { for request in window.requests { counts[request.kind, default: (0, 0)].quiet += 1 } }
    for window in incident { for request in window.requests { counts[request.kind, default: (0, 0)].incident += 1 } }
    let both = counts.filter { $0.value.quiet >= 3 && $0.value.incident >= 3 }
    matched = both.values.reduce((0, 0)) { ($0.0 + $1.quiet, $0.1 + $1.incident) }
    unmatched = counts.values.reduce(0) { $0 + $1.quiet + $1.incident } - matched.quiet - matched.incident
    for (kind, count) in both { weights[kind] = Double(count.incident) / Double(max(1, matched.incident)) }
  }

  func weight(of kind: Int) -> Double { weights[kind] ?? 0 }

  private static func duration(_ requests: [WindowProfile.Request], _ weights: [Int: Double]) -> Double {
    var sums: [Int: (time: Double, count: Int)] = [:]
    for request in requests where weights[request.kind] != nil {
      sums[request.kind, default: (0, 0)].time += Double(request.duration)
      sums[request.kind, default: (0, 0)].count += 1
    }
    return sums.reduce(0) { $0 + (weights[$1.key] ?? 0) * $1.value.time / Double($1.value.count) }
  }

  private static func plainMean(_ requests: [WindowProfile.Request]) -> Double {
    requests.isEmpty ? 0 : requests.reduce(0) { $0 + Double($1.duration) } / Double(requests.count)
  }

  /// The longest hundredth of a place's times, on both sides together, counts as little more than the rest: a few slow
  /// requests that have nothing to do with the bad window neither hide what has nor pass for it.
  private mutating func cap(_ quiet: [WindowProfile.Request], _ incident: [WindowProfile.Request]) {
    var times = [[UInt64]](repeating: [], count: places.count)
    for request in quiet + incident where weights[request.kind] != nil {
      for part in request.parts { times[part.place].append(part.time) }
    }
    for place in times.indices where !times[place].isEmpty {
      let sorted = times[place].sorted()
      let late = sorted[min(sorted.count - 1, sorted.count * 98 / 100)]
      caps[place] = max(late &+ late / 2, sorted[sorted.count / 2] &* 2)
    }
  }

  // MARK: Blocks

  private func kindMeans(_ requests: some Collection<WindowProfile.Request>) -> [Int: Vector] {
    var sums: [Int: Vector] = [:]
    var counts: [Int: Int] = [:]
    for request in requests where weights[request.kind] != nil {
      counts[request.kind, default: 0] += 1
      for part in request.parts {
        let time = Double(min(part.time, caps[part.place]))
        sums[request.kind, default: Vector(repeating: 0, count: columns)][part.place] += time
        sums[request.kind]?[places.count + groupOf[part.place]] += time
      }
    }
    for (kind, count) in counts {
      for column in 0..<columns { sums[kind]?[column] /= Double(count) }
    }
    return sums
  }

  private func mean(_ kinds: [Int: Vector]) -> Vector {
    var result = Vector(repeating: 0, count: columns)
    for (kind, vector) in kinds.sorted(by: { $0.key < $1.key }) {
      let weight = weights[kind] ?? 0
      for column in 0..<columns { result[column] += weight * vector[column] }
    }
    return result
  }

  /// Of a kind that a block has not seen, the mean of its side stands in.
  private func block(_ requests: ArraySlice<WindowProfile.Request>, _ pooled: [Int: Vector]) -> Vector {
    mean(pooled.merging(kindMeans(requests)) { $1 })
  }

  private func blocks(
    _ requests: [WindowProfile.Request], _ wanted: Int, _ pooled: [Int: Vector]
  ) -> [Vector] {
    Self.split(requests, wanted).map { block($0, pooled) }
  }

  /// Pieces of equally many requests each, as many as wanted if there are enough.
  static func split(_ requests: [WindowProfile.Request], _ wanted: Int) -> [ArraySlice<WindowProfile.Request>] {
    guard !requests.isEmpty else { return [] }
    let count = max(1, min(wanted, requests.count / blockSize))
    return (0..<count).map { requests[requests.count * $0 / count..<requests.count * ($0 + 1) / count] }
  }

  /// How many pieces each of so many windows is cut into.
  static func pieces(of windows: Int) -> Int { max(2, (wantedBlocks + windows - 1) / max(1, windows)) }

  // MARK: Noise

  /// By how much a column differs between two quiet halves of time, as a deviation: from the spread of blocks, or of requests
  /// where few blocks happen to agree, and of what whole quiet windows differ by beyond that.
  func noise(_ column: Int) -> Double {
    let (q, i) = (Self.variance(quietBlocks.map { $0[column] }), Self.variance(incidentBlocks.map { $0[column] }))
    let before = max(quietError[column], q / Double(max(1, quietBlocks.count)))
    let after = max(incidentError[column], i / Double(max(1, incidentBlocks.count)))
    return (before + after + drift(column, q)).squareRoot()
  }

  /// Of means at the incident's shares of kinds (Cochran 1977, stratified sampling).
  private func squaredError(_ requests: [WindowProfile.Request]) -> Vector {
    var result = Vector(repeating: 0, count: columns)
    for (kind, list) in Dictionary(grouping: requests.filter { weights[$0.kind] != nil }, by: \.kind)
    where list.count > 1 {
      var (sums, squares) = (result.map { _ in 0.0 }, result.map { _ in 0.0 })
      for request in list {
        var times: [Int: Double] = [:]
        for part in request.parts {
          let time = Double(min(part.time, caps[part.place]))
          times[part.place] = time
          times[places.count + groupOf[part.place], default: 0] += time
        }
        for (column, time) in times {
          sums[column] += time
          squares[column] += time * time
        }
      }
      let count = Double(list.count)
      let share = weight(of: kind) * weight(of: kind) / count / (count - 1)
      for column in 0..<columns {
        result[column] += share * max(0, squares[column] - sums[column] * sums[column] / count)
      }
    }
    return result
  }

  private func drift(_ column: Int, _ blockVariance: Double) -> Double {
    if windows.count >= 3 {
      let perWindow = Double(quietBlocks.count) / Double(windows.count)
      let between = Self.variance(windows.map { $0[column] }) - blockVariance / max(1, perWindow)
      return max(0, between) * (1 + 1 / Double(windows.count))
    }
    // One window is split against itself.
    let half = quietBlocks.count / 2
    guard half > 0 else { return 0 }
    let first = quietBlocks[..<half].reduce(0) { $0 + $1[column] } / Double(half)
    let second = quietBlocks[half...].reduce(0) { $0 + $1[column] } / Double(quietBlocks.count - half)
    return (first - second) * (first - second) / 4
  }

  static func variance(_ values: [Double]) -> Double {
    guard values.count > 1 else { return 0 }
    let mean = values.reduce(0, +) / Double(values.count)
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
  }
}
