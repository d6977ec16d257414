import ChainModel
package import Topology

/// What a chain will do under a load, before it is run: a simulation, and beside it the closed forms that apply.
///
/// Keys: `figures` (see `Figure`), `services` (see `Service`), `outcomes` (how requests ended, by count), `simulated_ms`; of the
/// configured chain also `costs` (how it is known what steps cost), of a system that `--topology` names `limit` (what binds
/// its capacity, in words).
package struct ChainPrediction: Encodable, Sendable {
  package enum Method: String, Encodable, Sendable {
    case simulation
    /// `min_i T_i / Σ_{j≥i} d_j` and cores over work: a bound.
    case bound = "closed form: bound by threads and cores"
    /// See `NestedChain.reduction`.
    case reduction = "closed form: one queue of the narrowest pool"
    /// See `LayeredModel`.
    case layers = "closed form: method of layers"
  }

  /// Keys: `name`, `value`, `unit`, `method`.
  package struct Figure: Encodable, Hashable, Sendable {
    package var name: String
    package var value: Double
    package var unit: String
    package var method: Method
  }

  /// One service, as simulated. Keys: `service`, `threads`, `busy`, `queued`, `in_flight`, `response_time_ms`,
  /// `onset_ms` (when it was saturated first; absent: never), `refused`.
  package struct Service: Encodable, Hashable, Sendable {
    package var service: String
    package var threads: Int
    package var held: Double
    package var queued: Double
    package var inFlight: Double
    package var responseTime: Double
    package var onset: Double?
    package var dropped: Int

    private enum CodingKeys: String, CodingKey {
      case service, threads, queued
      case held = "busy"
      case dropped = "refused"
      case inFlight = "in_flight"
      case responseTime = "response_time_ms"
      case onset = "onset_ms"
    }

    package func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(service, forKey: .service)
      try keys.encode(threads, forKey: .threads)
      try keys.encode(held, forKey: .held)
      try keys.encode(queued, forKey: .queued)
      try keys.encode(inFlight, forKey: .inFlight)
      try keys.encode(responseTime * 1000, forKey: .responseTime)
      try keys.encodeIfPresent(onset.map { $0 * 1000 }, forKey: .onset)
      try keys.encode(dropped, forKey: .dropped)
    }
  }

  package var figures: [Figure]
  package var services: [Service]
  package var outcomes: [String: Int]
  package var seconds: Double
  package var costs: String?
  package var limit: String?

  private enum CodingKeys: String, CodingKey {
    case figures, services, outcomes, costs, limit
    case seconds = "simulated_ms"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(figures, forKey: .figures)
    try keys.encode(services, forKey: .services)
    try keys.encode(outcomes, forKey: .outcomes)
    try keys.encode(seconds * 1000, forKey: .seconds)
    try keys.encodeIfPresent(costs, forKey: .costs)
    try keys.encodeIfPresent(limit, forKey: .limit)
  }

  /// - Parameters:
  ///   - topology: the system.
  ///   - plan: its simulation.
  ///   - costs: what steps cost.
  /// - Throws: when it cannot be simulated.
  package init(_ topology: Topology, _ plan: SimulationPlan, costs: StepCostTable) throws(SimulationError) {
    self.init(try plan.run())
    self.costs = costs.origin.description
    guard let chain = NestedChain(plan) else { return }
    figures += Self.closedForms(chain, plan.load, timeout: topology.services.map(\.timeout.seconds).min() ?? .infinity)
  }

  /// What came of a simulation, of any system and all its kinds of requests.
  package init(_ result: SimulationResult) {
    seconds = result.seconds
    outcomes = result.outcomes
    services = result.services.map { service in
      Service(
        service: service.name, threads: service.threads, held: service.held + service.hired,
        queued: service.queued, inFlight: service.inFlight, responseTime: service.responseTime,
        onset: service.onset, dropped: service.dropped + service.refused)
    }
    figures = Self.simulated(result)
  }

  private static func simulated(_ result: SimulationResult) -> [Figure] {
    let times = result.times
    return [
      Figure(name: "throughput", value: result.throughput, unit: "/s", method: .simulation),
      Figure(name: "goodput", value: result.goodput, unit: "/s", method: .simulation),
      Figure(name: "response time, mean", value: times.mean, unit: "s", method: .simulation),
      Figure(name: "response time, p50", value: times.percentile(0.5), unit: "s", method: .simulation),
      Figure(name: "response time, p99", value: times.percentile(0.99), unit: "s", method: .simulation),
      Figure(name: "cores busy", value: result.busyCores, unit: "", method: .simulation),
    ]
  }

  static func closedForms(_ chain: NestedChain, _ load: SimulatedLoad, timeout: Double) -> [Figure] {
    var figures = [Figure(name: "capacity", value: chain.capacity, unit: "/s", method: .bound)]
    func add(_ throughput: Double, _ responseTime: Double, _ method: Method) {
      figures.append(Figure(name: "goodput", value: throughput, unit: "/s", method: method))
      figures.append(Figure(name: "response time, mean", value: responseTime, unit: "s", method: method))
    }
    switch load.arrival {
    // It costs a step for each client in each of its rounds.
    case .closed(let clients, _) where clients > 20_000: break
    case .closed(let clients, let think):
      let layered = LayeredModel(chain: chain, clients: clients, thinkTime: think.mean).figures
      // It is approximate and knows nothing of processors: no more than the bound, and what Little's law makes of that.
      let throughput = min(layered.throughput, chain.capacity)
      add(throughput, max(layered.responseTime, Double(clients) / throughput - think.mean), .layers)
    case .open(let rate, .poisson) where chain.isAlmostAllLeaf:
      let reduced = chain.reduction(arrivalRate: rate).figures
      // It knows nothing of timeouts.
      if reduced.responseTime < timeout { add(reduced.throughput, reduced.responseTime, .reduction) }
    case .open: break
    }
    return figures
  }
}

extension NestedChain {
  /// The reduction is about a chain of which only the last service takes time.
  var isAlmostAllLeaf: Bool { (ownTimes.last ?? 0) >= 0.9 * ownTimes.reduce(0, +) }
}
