/// A recorded load beside its simulation.
///
/// Keys: `run_id`, `load` (counted from 1), `of` (what was sent, in words), `measured_ms`, `costs` (how it is known
/// what steps cost), `figures` (see `Figure`), `replayed` (changes that the simulation repeats), `not_replayed` (what it
/// does not, each with what was found), `doubts` (about what was measured).
package struct PredictionCheck: Encodable, Sendable {
  /// Keys: `name`, `service` (absent: of the chain, as its clients see it), `unit`, `predicted`, `measured` (absent: there is
  /// none, as the onset of a saturation that never was), `difference` (predicted less measured), `error` (that as a share
  /// of what was measured; absent for onsets, whose zero is arbitrary, and where nothing was measured).
  package struct Figure: Encodable, Hashable, Sendable {
    package var name: String
    package var service: String?
    package var unit: String
    package var predicted: Double?
    package var measured: Double?

    package init(_ name: String, service: String? = nil, unit: String, predicted: Double?, measured: Double?) {
      self.name = name
      self.service = service
      self.unit = unit
      self.predicted = predicted
      self.measured = measured
    }

    package var difference: Double? {
      guard let predicted, let measured else { return nil }
      return predicted - measured
    }

    package var error: Double? {
      guard name != PredictionCheck.onset, let difference, let measured, measured != 0 else { return nil }
      return difference / measured
    }

    private enum CodingKeys: String, CodingKey {
      case name, service, unit, predicted, measured, difference, error
    }

    package func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(name, forKey: .name)
      try keys.encodeIfPresent(service, forKey: .service)
      try keys.encode(unit, forKey: .unit)
      try keys.encodeIfPresent(predicted, forKey: .predicted)
      try keys.encodeIfPresent(measured, forKey: .measured)
      try keys.encodeIfPresent(difference, forKey: .difference)
      try keys.encodeIfPresent(error, forKey: .error)
    }
  }

  /// From the load's beginning until a service is saturated.
  package static let onset = "saturated at"

  package var run: String
  package var load: Int
  package var of: String
  package var seconds: Double
  package var costs: String
  package var figures: [Figure]
  package var replayed: [String]
  package var notReplayed: [String]
  package var doubts: [String]

  package init(
    run: String, load: Int, of: String, seconds: Double, costs: StepCostTable, replay: RecordedReplay,
    figures: [Figure], doubts: [String]
  ) {
    self.run = run
    self.load = load
    self.of = of
    self.seconds = seconds
    self.costs = costs.origin.description
    self.figures = figures
    self.doubts = doubts
    (replayed, notReplayed) = (replay.replayed, replay.unreplayed)
  }

  private enum CodingKeys: String, CodingKey {
    case load, of, costs, figures, replayed, doubts
    case run = "run_id"
    case seconds = "measured_ms"
    case notReplayed = "not_replayed"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(run, forKey: .run)
    try keys.encode(load, forKey: .load)
    try keys.encode(of, forKey: .of)
    try keys.encode(seconds * 1000, forKey: .seconds)
    try keys.encode(costs, forKey: .costs)
    try keys.encode(figures, forKey: .figures)
    try keys.encode(replayed, forKey: .replayed)
    try keys.encode(notReplayed, forKey: .notReplayed)
    try keys.encode(doubts, forKey: .doubts)
  }

  /// What clients see of a simulation, in the order in which it is told; times in milliseconds.
  package static func entry(_ result: SimulationResult) -> [String: Double] {
    var figures = ["throughput": result.throughput, "goodput": result.goodput]
    let times = result.times
    if times.count > 0 {
      figures["mean"] = times.mean * 1000
      figures["p50"] = times.percentile(0.5) * 1000
      figures["p99"] = times.percentile(0.99) * 1000
    }
    return figures
  }

  /// The figures of the chain, by the names of `entry`.
  package static func entryRows(predicted: [String: Double], measured: [String: Double]) -> [Figure] {
    [
      ("throughput", "throughput", "/s"), ("goodput", "goodput", "/s"), ("response time, mean", "mean", "ms"),
      ("response time, p50", "p50", "ms"), ("response time, p99", "p99", "ms"),
    ].map { name, key, unit in Figure(name, unit: unit, predicted: predicted[key], measured: measured[key]) }
  }

  /// The figures of one service, by the names that lessons have for them, such as `busy(gateway)`.
  package static func rows(
    of service: String, predicted: [String: Double], measured: [String: Double]
  ) -> [Figure] {
    [
      ("busy threads", "busy", ""), ("queued", "queued", ""), ("in flight", "in_flight", ""),
      ("response time", "response_ms", "ms"), (onset, "saturated_ms", "ms"), ("refused", "refused", "/s"),
    ].map { name, key, unit in
      let key = "\(key)(\(service))"
      return Figure(name, service: service, unit: unit, predicted: predicted[key], measured: measured[key])
    }
  }
}
