import ChainModel
import TraceLog

/// The order in which pools became saturated, and by which calls it travelled.
extension CascadeFold {
  /// Of a window so long, saturation that lasts no longer than this is too short to act on.
  private static let brief: (time: UInt64, part: UInt64) = (500_000_000, 50)

  func saturations(_ report: inout CascadeReport, _ origin: UInt64) {
    let told = Episode.main(intervals, pause: 20 &* options.rule.gap)?.intervals ?? []
    let first = Dictionary(grouping: told) { pools[$0.pool].service }.compactMapValues(\.first)
    var rows: [(Saturation, Int32)] = []
    for (service, own) in Dictionary(grouping: intervals, by: { pools[$0.pool].service }) {
      let episode = told.filter { pools[$0.pool].service == service }
      guard let start = first[service] ?? own.first,
        let last = (episode.isEmpty ? own : episode).max(by: { $0.end < $1.end })
      else { continue }
      var row = saturation(service, own, start, last, origin)
      row.intervalsElsewhere = own.count - episode.count
      row.prediction = episode.isEmpty ? nil : prediction(service, start, episode, first, origin)
      rows.append((row, service))
    }
    let isBrief = isSaturatedBriefly
    rows.sort { left, right in
      (left.0.isElsewhere ? 1 : 0, left.0.onset, left.1) < (right.0.isElsewhere ? 1 : 0, right.0.onset, right.1)
    }
    report.saturations = rows.map { row in
      var row = row.0
      row.isBrief = isBrief || Self.isBrief(row.duration, of: report.window)
      return row
    }
    let members = report.saturations.filter { !$0.isElsewhere }
    report.order = members.map(\.service)
    report.recovery = members.filter { !$0.isOpen }.sorted { $0.end < $1.end }.map(\.service)
    for (row, service) in rows where !row.isElsewhere {
      if let start = first[service] { report.edges += edges(to: service, start, first) }
    }
  }

  /// Nothing was saturated for longer than a moment.
  var isSaturatedBriefly: Bool {
    let window = now &- min(max(options.from, firstRecordAt ?? 0), now)
    let sums = Dictionary(grouping: intervals) { pools[$0.pool].service }.values.map { own in
      own.reduce(UInt64(0)) { $0 &+ ($1.end &- $1.start) }
    }
    return sums.allSatisfy { Self.isBrief($0, of: window) }
  }

  private static func isBrief(_ time: UInt64, of window: UInt64) -> Bool {
    time < brief.time && time < window / brief.part
  }

  private func saturation(
    _ service: Int32, _ own: [FoldInterval], _ start: FoldInterval, _ last: FoldInterval, _ origin: UInt64
  ) -> Saturation {
    let busy = own.reduce(0) { $0 &+ $1.busy }
    let blocked = own.reduce(0) { $0 &+ $1.blocked }
    let causes = own.reduce(SIMD16<UInt64>()) { $0 &+ $1.causes }
    let top = WaitCause.allCases.max { causes[1 + Int($0.rawValue)] < causes[1 + Int($1.rawValue)] }
    return Saturation(
      service: name(service), role: pools[start.pool].role.name, threads: Int(start.size),
      onset: elapsed(origin, start.start), end: elapsed(origin, last.end), intervalsElsewhere: 0,
      firstOnset: elapsed(origin, own.map(\.start).min() ?? start.start), isBrief: false,
      isOpen: own.contains(where: \.isOpen), intervals: own.count,
      duration: own.reduce(0) { $0 &+ ($1.end &- $1.start) }, peakQueue: Int(own.map(\.peakQueue).max() ?? 0),
      blockedShare: busy == 0 ? 0 : Double(blocked) / Double(busy),
      topCause: top.flatMap { causes[1 + Int($0.rawValue)] > 0 ? $0.name : nil }, prediction: nil)
  }

  private func edges(
    to caller: Int32, _ start: FoldInterval, _ first: [Int32: FoldInterval]
  ) -> [PropagationEdge] {
    guard start.size > 0 else { return [] }
    return start.holds.indices.compactMap { callee in
      let share = Double(start.holds[callee]) / Double(start.size)
      guard share >= 0.5, Int32(callee) != caller else { return nil }
      let onset = first[Int32(callee)]
      let lag = onset.map { Int64(truncatingIfNeeded: start.start &- $0.start) }
      let kind: PropagationEdge.Kind =
        lag.map { $0 >= -PropagationEdge.epsilon ? .propagated : .callerFirst } ?? .slowNotFull
      return PropagationEdge(
        callee: name(Int32(callee)), caller: name(caller), kind: kind, lag: lag, heldShare: share,
        callerThreads: Int(start.size), calleeThreads: onset.map { Int($0.size) }, calls: Int(start.holds[callee]))
    }
  }

  /// Little's law: see `Prediction`.
  private func prediction(
    _ service: Int32, _ interval: FoldInterval, _ episode: [FoldInterval], _ first: [Int32: FoldInterval],
    _ origin: UInt64
  ) -> Prediction? {
    // Once a caller is full, what arrives here is no longer what was asked for.
    let callers = services.indices.filter { calls[$0 * Self.serviceLimit + Int(service)] > 0 }
    let unfiltered = callers.compactMap { first[Int32($0)] }.min { $0.start < $1.start }
    let counts = unfiltered?.arrivals ?? services.map(\.arrivals)
    let place = Int(service)
    guard counts.indices.contains(place), let rate = counts[place].rate else { return nil }
    let entryStart = services.map(\.external).filter { $0.count > 0 }.map(\.first).min()
    let event = interval.lastEvent
    let step = event.map { max($0.time, entryStart ?? 0) } ?? entryStart ?? options.from
    // The first interval alone may be shorter than a request.
    let saturated = episode.reduce(UInt64(0)) { $0 &+ ($1.end &- $1.start) }
    guard interval.start >= step, saturated > 0 else { return nil }
    let completions = Double(episode.reduce(0) { $0 + $1.ended }) / (Double(saturated) / 1e9)
    let free = max(0, Int(interval.size) - (event == nil ? 0 : Int(interval.busyAtEvent)))
    let cost = services[place]
    let serviceTime = cost.ended == 0 ? 0 : cost.serviceTime / UInt64(cost.ended)
    let time = max(Double(interval.start &- step) / 1e9, 1e-9)
    func since(_ count: Int, _ before: [Int]?) -> Double {
      Double(count - (before.map { $0.indices.contains(place) ? $0[place] : 0 } ?? 0)) / time
    }
    let arrived = interval.arrivals.indices.contains(place) ? interval.arrivals[place].count : 0
    return Prediction(
      step: elapsed(origin, step), isAfterChange: event.map { $0.time >= entryStart ?? 0 } ?? false,
      freeThreads: free, arrivals: rate, completions: completions, earliest: Self.nanoseconds(Double(free) / rate),
      latest: rate > completions ? Self.nanoseconds(Double(free) / (rate - completions)) : nil,
      measured: interval.start &- step, serviceTime: serviceTime, loadThreads: rate * Double(serviceTime) / 1e9,
      arrivalsSince: since(arrived, event?.counts.arrivals),
      completionsSince: since(interval.endedBefore, event?.counts.ended))
  }

  private static func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(min(max(0, seconds * 1e9), 1e18)) }
}
