import ChainModel
import Topology

/// Sums of a run up to a moment.
struct Marks {
  struct Station {
    var held: UInt64
    var hired: UInt64
    var store: UInt64
    var queued: UInt64
    var inFlight: UInt64
    var done: Int
  }

  var at: UInt64
  var stations: [Station]
  /// Of each of the `Processors`, how long they were busy.
  var processors: [UInt64]
}

extension Simulation {
  func marks() -> Marks {
    Marks(
      at: now,
      stations: stations.indices.map { place in
        let station = stations[place]
        guard !station.isLoad else { return .init(held: 0, hired: 0, store: 0, queued: 0, inFlight: 0, done: 0) }
        return .init(
          held: pools[3 * place].busy.area(until: now), hired: pools[3 * place + 1].busy.area(until: now),
          store: pools[3 * place + 2].busy.area(until: now),
          queued: station.queued.area(until: now) &+ station.inBacklog.area(until: now),
          inFlight: station.inFlight.area(until: now), done: station.tally.done)
      }, processors: processors.map { $0.busy.area(until: now) })
  }

  func result() -> SimulationResult {
    let after = self.after ?? marks()
    let before = before ?? after
    let seconds = Double(after.at - before.at) / 1e9
    return SimulationResult(
      seconds: seconds, events: events, peakFrames: frames.count, sent: clients.sent, done: clients.done,
      processors: processorFigures(before, after, seconds), routes: routes(seconds),
      services: stations.indices.dropLast().map { service($0, before.stations[$0], after.stations[$0], seconds) })
  }

  /// Those of a service's instances together.
  private func processorFigures(_ before: Marks, _ after: Marks, _ seconds: Double) -> [ProcessorFigures] {
    var figures: [ProcessorFigures] = []
    for (place, group) in processors.enumerated() {
      let busy = Double(after.processors[place] - before.processors[place]) / 1e9 / seconds
      let service = group.service.map { plan.system.services[$0].name }
      if place > 0, let last = figures.last, last.service == service {
        figures[figures.count - 1].busy += busy
        figures[figures.count - 1].count = last.count.flatMap { have in group.count.map { have + $0 } }
      } else {
        figures.append(ProcessorFigures(service: service, count: group.count, busy: busy))
      }
    }
    return figures
  }

  private func routes(_ seconds: Double) -> [RouteFigures] {
    plan.load.entries.enumerated().map { index, entry in
      let outcomes = clients.outcomes[index]
      let named = Outcome.allCases.filter { outcomes[Int($0.rawValue)] > 0 }
      return RouteFigures(
        name: plan.system.services[entry.service].routes[entry.route].name,
        throughput: Double(outcomes.reduce(0, +)) / seconds, goodput: Double(outcomes[0]) / seconds,
        outcomes: Dictionary(uniqueKeysWithValues: named.map { ($0.name, outcomes[Int($0.rawValue)]) }),
        times: clients.times[index])
    }
  }

  private func service(
    _ place: Int, _ before: Marks.Station, _ after: Marks.Station, _ seconds: Double
  ) -> ServiceFigures {
    let station = stations[place]
    let tally = station.tally
    func average(_ area: KeyPath<Marks.Station, UInt64>) -> Double {
      Double(after[keyPath: area] &- before[keyPath: area]) / 1e9 / seconds
    }
    let throughput = Double(after.done - before.done) / seconds
    return ServiceFigures(
      name: plan.system.services[station.service].name, replica: station.replica, threads: station.threads,
      held: average(\.held), hired: average(\.hired), store: average(\.store), queued: average(\.queued),
      inFlight: average(\.inFlight), peakQueue: station.queued.peak, peakInFlight: station.inFlight.peak,
      throughput: throughput, responseTime: throughput > 0 ? average(\.inFlight) / throughput : 0,
      offered: tally.offered, accepted: tally.accepted, started: tally.started, done: tally.done,
      succeeded: tally.succeeded, dropped: tally.dropped, refused: tally.refused, overflows: tally.overflows,
      inFlightAtEnd: station.inFlight.level + station.inBacklog.level + station.connecting,
      saturations: pools[3 * place..<3 * place + 3].flatMap { $0.saturation.stretches(until: now) }
        .sorted { ($0.start, $0.end) < ($1.start, $1.end) })
  }

  // MARK: Laws

  /// Each request that was offered is done, dropped, refused or still there; and Little's law, from two sums that are
  /// made independently: of levels over time, and of each request's own time.
  func verify() throws(SimulationError) {
    var open = stations.map { _ in (queue: UInt64(0), backlog: UInt64(0), hold: UInt64(0), flight: UInt64(0)) }
    for frame in Frames.reserved..<max(Frames.reserved, frames.count) {
      let place = frames.station[frame]
      // A part is no request of its own.
      if frames.main[frame] >= 0 { continue }
      switch frames.phase[frame] {
      case .free, .thinking, .travelling, .connecting, .returning: continue
      case .inBacklog: open[place].backlog &+= now - frames.queuedAt[frame]
      case .queued:
        open[place].queue &+= now - frames.queuedAt[frame]
        open[place].flight &+= now - frames.acceptedAt[frame]
      default:
        open[place].flight &+= now - frames.acceptedAt[frame]
        if frames.thread[frame] >= 0 { open[place].hold &+= now - frames.startedAt[frame] }
      }
    }
    for place in stations.indices.dropLast() {
      let (station, open, tally) = (stations[place], open[place], stations[place].tally)
      let there = station.inFlight.level + station.inBacklog.level + station.connecting
      let name = plan.system.services[station.service].name
      guard tally.offered == tally.done + tally.dropped + tally.refused + there else {
        let parts = "\(tally.done) done, \(tally.dropped) dropped, \(tally.refused) refused, \(there) in flight"
        throw .lawBroken("\(name): \(tally.offered) offered, but \(parts)")
      }
      try compare(name, "queue", station.queued.area(until: now), tally.queueTime &+ open.queue)
      try compare(name, "backlog", station.inBacklog.area(until: now), tally.backlogTime &+ open.backlog)
      try compare(name, "held threads", pools[3 * place].busy.area(until: now), tally.holdTime &+ open.hold)
      try compare(name, "in flight", station.inFlight.area(until: now), tally.flightTime &+ open.flight)
    }
  }

  private func compare(_ service: String, _ what: String, _ area: UInt64, _ sum: UInt64) throws(SimulationError) {
    let difference = Double(area > sum ? area - sum : sum - area)
    guard difference <= 1e-9 * Double(max(area, 1)) else {
      throw .lawBroken("\(service), \(what): \(area) ns of levels over time, \(sum) ns of requests' own times")
    }
  }
}
