package import ChainModel
package import Topology

/// What is to be simulated. The same plan gives the same result, and the same log to the byte.
package struct SimulationPlan: Hashable, Sendable {
  package var system: SimulatedSystem
  package var load: SimulatedLoad
  package var changes: [ScriptedChange]

  package init(_ system: SimulatedSystem, _ load: SimulatedLoad, changes: [ScriptedChange] = []) {
    self.system = system
    self.load = load
    self.changes = changes
  }
}

/// Who asks for what, how often, and for how long.
package struct SimulatedLoad: Hashable, Sendable {
  package enum Spacing: String, CaseIterable, Sendable {
    case fixed
    case poisson
  }

  package enum Arrival: Hashable, Sendable {
    /// Requests come at their own rate, per second.
    case open(rate: Double, Spacing)
    /// Each client thinks, asks, and waits for its answer.
    case closed(clients: Int, think: StepTime)
  }

  /// One kind of request.
  package struct Entry: Hashable, Sendable {
    package var service: Int
    package var route: Int
    package var weight: Double

    package init(service: Int = 0, route: Int = 0, weight: Double = 1) {
      self.service = service
      self.route = route
      self.weight = weight
    }
  }

  package var arrival: Arrival
  package var entries: [Entry]
  /// Not measured.
  package var warmUp: Duration
  /// Measured.
  package var duration: Duration
  /// How long it goes on after that without new requests. With it, response times are those of the requests that were due
  /// in the measured time, whenever they end, as a load generator counts them; without it, of those that ended in it.
  package var drain: Duration
  /// Of the clients: timeout and retries.
  package var rules: CallPolicy
  package var seed: UInt64

  package init(
    _ arrival: Arrival, entries: [Entry] = [Entry()], warmUp: Duration = .zero, duration: Duration,
    drain: Duration = .zero, rules: CallPolicy = .plain, seed: UInt64 = 1
  ) {
    self.arrival = arrival
    self.entries = entries
    self.warmUp = warmUp
    self.duration = duration
    self.drain = drain
    self.rules = rules
    self.seed = seed
  }
}

/// A change while the run goes on.
package struct ScriptedChange: Hashable, Sendable {
  package enum Change: Hashable, Sendable {
    /// In place of one of the same kind.
    case fault(Fault)
    case liftFaults
    /// The one of a kind, by `FaultKind.name`.
    case liftFault(String)
    /// Not for a service whose calls block its loops.
    case model(IOModel)
    case pool(threads: Int?, queueLimit: Int?)
  }

  /// From the beginning of the run, warm-up included.
  package var at: Duration
  package var service: Int
  package var change: Change

  package init(at: Duration, service: Int, _ change: Change) {
    self.at = at
    self.service = service
    self.change = change
  }
}

/// Why nothing was simulated, or the result is not to be trusted.
package enum SimulationError: Error, Hashable, CustomStringConvertible, Sendable {
  case invalid(what: String, found: String, expected: String)
  /// Whoever takes its log wanted no more.
  case stopped(afterSeconds: Double)
  /// More requests in flight than a run keeps.
  case tooManyInFlight(limit: Int, afterSeconds: Double)
  /// A conservation law does not hold: the simulator is wrong.
  case lawBroken(String)

  package var description: String {
    switch self {
    case .invalid(let what, let found, let expected): "\(what): found \(found), expected \(expected)"
    case .stopped(let seconds): "stopped after \(FigureText.seconds(seconds)) of simulated time"
    case .tooManyInFlight(let limit, let seconds):
      "more than \(limit) requests in flight after \(seconds) s: lower the rate, or limit queues and in_flight_limit"
    case .lawBroken(let law): "the simulator broke a conservation law, its figures are not to be trusted: \(law)"
    }
  }
}
