import ChainModel

/// By how much a chain must be better than it is asked to be, in the simulation, before it is proposed: the simulator is
/// not the machine, and tomorrow's load is not today's.
package struct Margin: Hashable, Sendable {
  /// Times as much load, or as many clients.
  package var load: Double
  /// Of the limits: times must stay below this share of theirs, rates must reach theirs times this, shares of failures
  /// must stay below this share of theirs.
  package var time: Double
  package var rate: Double
  package var share: Double

  package init(load: Double, time: Double, rate: Double, share: Double) {
    (self.load, self.time, self.rate, self.share) = (load, time, rate, share)
  }

  /// Throughput is simulated to 5 % of what is measured, and percentiles of small pools are off by more the nearer the
  /// pools are to their limit, which is what the additional load is for.
  package static let usual = Margin(load: 1.1, time: 0.9, rate: 1.05, share: 0.8)

  /// The same objective, with stricter limits.
  package func applied(to objective: Objective) -> Objective {
    var stricter = Objective(objective.allTerms, at: objective.load)
    for index in stricter.terms.indices {
      switch stricter.terms[index].measure.kind {
      case .time: stricter.terms[index].limit *= time
      case .rate: stricter.terms[index].limit *= rate
      case .share: stricter.terms[index].limit *= share
      }
    }
    return stricter
  }

  /// The same arrivals, more of them.
  package func applied(to arrival: SimulatedLoad.Arrival) -> SimulatedLoad.Arrival {
    switch arrival {
    case .open(let rate, let spacing): .open(rate: rate * load, spacing)
    case .closed(let clients, let think):
      .closed(clients: max(clients + 1, Int((Double(clients) * load).rounded(.up))), think: think)
    }
  }

  package var text: String {

    "with \(FigureText.share(load - 1)) more load, in \(FigureText.share(time)) of the times, at \(FigureText.share(rate)) of the rates and "
      + "\(FigureText.share(share)) of the failures asked for"
  }
}
