import ChainModel

/// A closed form that an objective runs into. Keys: `kind`, `limit` (per second, or seconds), `text`.
package struct Bound: Hashable, Encodable, Sendable {
  package enum Kind: String, Encodable, Sendable {
    case threads
    case cores
    case remoteLatency = "remote latency"
    case load
  }

  package var kind: Kind
  package var limit: Double
  package var text: String
}

extension ChainBounds {
  /// What forbids an objective in the long run, whatever threads, queues, timeouts, models and replicas there are.
  package func forbidding(_ objective: Objective, under arrival: SimulatedLoad.Arrival) -> [Bound] {
    var bounds: [Bound] = []
    for term in objective.allTerms {
      guard let floor = floor(term.measure), floor >= term.limit else { continue }
      bounds.append(
        Bound(
          kind: .remoteLatency, limit: floor,
          text: "remote systems and processors take at least \(term.measure.text(floor)) of \(term.measure.rawValue), "
            + "while nothing queues; asked for are less than \(term.measure.text(term.limit))"))
    }
    let needed = Self.needed(objective, arrival)
    if let scarcest = scarcestProcessors, needed > scarcest.capacity {
      let whose = scarcest.service.map { " of \($0)" } ?? ""
      bounds.append(
        Bound(
          kind: .cores, limit: scarcest.capacity,
          text:
            "a request needs \(Objective.Measure.mean.text(scarcest.work)) of a processor\(whose): \(scarcest.count) of "
            + "them serve at most \(Self.rate(scarcest.capacity)); \(Self.rate(needed)) are needed"))
    }
    return bounds + loadBounds(objective, arrival)
  }

  /// Why the pools as they are do not allow an objective.
  package func narrowPools(_ objective: Objective, under arrival: SimulatedLoad.Arrival) -> [Bound] {
    let needed = Self.needed(objective, arrival)
    return pools.filter { $0.capacity < needed }.sorted { $0.capacity < $1.capacity }.map { pool in
      let time = Objective.Measure.mean.text(pool.holding)
      return Bound(
        kind: .threads, limit: pool.capacity,
        text: "\(pool.service): a request holds one of \(pool.threads) threads for \(time): at most "
          + "\(Self.rate(pool.capacity)); \(Self.rate(needed)) are needed")
    }
  }

  private func floor(_ measure: Objective.Measure) -> Double? {
    switch measure {
    case .mean: meanFloor
    case .p50: percentileFloor(0.5)
    case .p95: percentileFloor(0.95)
    case .p99: percentileFloor(0.99)
    case .throughput, .goodput, .errors, .refused: nil
    }
  }

  private func loadBounds(_ objective: Objective, _ arrival: SimulatedLoad.Arrival) -> [Bound] {
    let most: Double
    let what: String
    switch arrival {
    case .open(let rate, _): (most, what) = (rate, "that many are sent")
    case .closed(let clients, let think):
      most = Double(clients) / max(meanFloor + think.mean, 1e-9)
      what = "\(clients) clients wait at least \(Objective.Measure.mean.text(meanFloor)) for each answer"
    }
    return objective.terms.filter { $0.measure == .goodput && $0.limit > most }.map { term in
      Bound(
        kind: .load, limit: most,
        text: "no more than \(Self.rate(most)) can be answered, since \(what); asked for are \(Self.rate(term.limit))")
    }
  }

  /// Successful answers per second that an objective comes to.
  private static func needed(_ objective: Objective, _ arrival: SimulatedLoad.Arrival) -> Double {
    objective.allTerms.map { term in
      switch (term.measure, arrival) {
      case (.goodput, _): return term.limit
      case (.errors, .open(let rate, _)): return rate * (1 - term.limit)
      default: return 0
      }
    }.max() ?? 0
  }

  private static func rate(_ value: Double) -> String { Objective.Measure.goodput.text(value) }
}
