import ChainModel

/// The order in which pools became saturated, and by which calls it travelled.
extension CascadeFold {
  func saturations(_ report: inout CascadeReport, _ origin: UInt64) {
    let byService = Dictionary(grouping: intervals) { pools[$0.pool].service }
    let first = byService.compactMapValues { $0.min { $0.start < $1.start } }
    var rows: [(Saturation, Int32)] = []
    for (service, own) in byService {
      guard let start = first[service], let last = own.max(by: { $0.end < $1.end }) else { continue }
      rows.append((saturation(service, own, start, last, first, origin), service))
    }
    rows.sort { ($0.0.onset, $0.1) < ($1.0.onset, $1.1) }
    report.saturations = rows.map(\.0)
    report.order = report.saturations.map(\.service)
    report.recovery = report.saturations.filter { !$0.isOpen }.sorted { $0.end < $1.end }.map(\.service)
    for (_, service) in rows {
      if let start = first[service] { report.edges += edges(to: service, start, first) }
    }
  }

  private func saturation(
    _ service: Int32, _ own: [FoldInterval], _ start: FoldInterval, _ last: FoldInterval,
    _ first: [Int32: FoldInterval], _ origin: UInt64
  ) -> Saturation {
    let busy = own.reduce(0) { $0 &+ $1.busy }
    let blocked = own.reduce(0) { $0 &+ $1.blocked }
    let causes = own.reduce(SIMD16<UInt64>()) { $0 &+ $1.causes }
    let top = WaitCause.allCases.max { causes[1 + Int($0.rawValue)] < causes[1 + Int($1.rawValue)] }
    return Saturation(
      service: name(service), role: pools[start.pool].role.name, threads: Int(start.size),
      onset: elapsed(origin, start.start), end: elapsed(origin, last.end), isOpen: own.contains(where: \.isOpen),
      intervals: own.count, duration: own.reduce(0) { $0 &+ ($1.end &- $1.start) },
      peakQueue: Int(own.map(\.peakQueue).max() ?? 0),
      blockedShare: busy == 0 ? 0 : Double(blocked) / Double(busy),
      topCause: top.flatMap { causes[1 + Int($0.rawValue)] > 0 ? $0.name : nil },
      prediction: prediction(service, start, first, origin))
  }

  private func edges(
    to caller: Int32, _ start: FoldInterval, _ first: [Int32: FoldInterval]
  ) -> [PropagationEdge] {
    guard start.size > 0 else { return [] }
    return start.holds.indices.compactMap { callee in
      let share = Double(start.holds[callee]) / Double(start.size)
      guard share >= 0.5, Int32(callee) != caller else { return nil }
      let onset = first[Int32(callee)]?.start
      let lag = onset.map { Int64(truncatingIfNeeded: start.start &- $0) }
      let kind: PropagationEdge.Kind =
        lag.map { $0 >= -PropagationEdge.epsilon ? .propagated : .callerFirst } ?? .slowNotFull
      return PropagationEdge(
        callee: name(Int32(callee)), caller: name(caller), kind: kind, lag: lag, heldShare: share)
    }
  }

  /// Little's law: see `Prediction`.
  private func prediction(
    _ service: Int32, _ interval: FoldInterval, _ first: [Int32: FoldInterval], _ origin: UInt64
  ) -> Prediction? {
    // Once a caller is full, what arrives here is no longer what was asked for.
    let callers = services.indices.filter { calls[$0 * Self.serviceLimit + Int(service)] > 0 }
    let unfiltered = callers.compactMap { first[Int32($0)] }.min { $0.start < $1.start }
    let counts = unfiltered?.arrivals ?? services.map(\.arrivals)
    guard counts.indices.contains(Int(service)), let rate = counts[Int(service)].rate else { return nil }
    let entryStart = services.map(\.external).filter { $0.count > 0 }.map(\.first).min()
    let step = interval.lastEventAt.map { max($0, entryStart ?? 0) } ?? entryStart ?? options.from
    guard interval.start >= step, interval.end > interval.start else { return nil }
    let completions = Double(interval.ended) / (Double(interval.end &- interval.start) / 1e9)
    let free = max(0, Int(interval.size) - (interval.lastEventAt == nil ? 0 : Int(interval.busyAtEvent)))
    let cost = services[Int(service)]
    let serviceTime = cost.ended == 0 ? 0 : cost.serviceTime / UInt64(cost.ended)
    return Prediction(
      step: elapsed(origin, step), freeThreads: free, arrivals: rate, completions: completions,
      earliest: UInt64(Double(free) / rate * 1e9),
      latest: rate > completions ? UInt64(min(Double(free) / (rate - completions) * 1e9, 1e18)) : nil,
      measured: interval.start &- step, serviceTime: serviceTime, loadThreads: rate * Double(serviceTime) / 1e9)
  }
}
