/// What is simulated for one value of a sweep.
///
/// Keys: `value`, `figures` (see `ServedFigures`), `services` (each `service`, `threads`, `busy`, `queued`, `onset_ms`),
/// `saturated_first` (the service that was saturated first; absent: none), `binds` (see `Binding`).
package struct SweepPoint: Hashable, Encodable, Sendable {
  /// Over all replicas. Threads: those that a request holds while it waits; none in the non-blocking models.
  package struct Service: Hashable, Encodable, Sendable {
    package var service: String
    package var threads: Int
    package var held: Double
    package var queued: Double
    package var onset: Double?

    private enum CodingKeys: String, CodingKey {
      case service, threads, queued
      case held = "busy"
      case onset = "onset_ms"
    }

    package func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(service, forKey: .service)
      try keys.encode(threads, forKey: .threads)
      try keys.encode(held, forKey: .held)
      try keys.encode(queued, forKey: .queued)
      try keys.encodeIfPresent(onset.map { $0 * 1000 }, forKey: .onset)
    }
  }

  package var value: String
  package var figures: ServedFigures
  package var services: [Service]
  package var saturatedFirst: String?
  package var binding: Binding

  private enum CodingKeys: String, CodingKey {
    case value, figures, services
    case saturatedFirst = "saturated_first"
    case binding = "binds"
  }

  package init(_ value: String, _ plan: SimulationPlan, _ result: SimulationResult) {
    self.value = value
    figures = ServedFigures(result)
    services = plan.system.services.map { service in
      let replicas = result.services.filter { $0.name == service.name }
      let holds = !service.model.waitsOnLoop
      return Service(
        service: service.name, threads: holds ? replicas.reduce(0) { $0 + $1.threads } : 0,
        held: replicas.reduce(0) { $0 + $1.held + $1.hired }, queued: replicas.reduce(0) { $0 + $1.queued },
        onset: replicas.compactMap(\.onset).min())
    }
    saturatedFirst =
      services.filter { $0.threads > 0 && $0.onset != nil }
      .min { ($0.onset ?? 0) < ($1.onset ?? 0) }?.service
    binding = Binding(plan, result, services)
  }
}

/// What keeps a chain from serving more: the first of these that holds. In JSON, its `name`.
package enum Binding: Hashable, Encodable, Sendable {
  /// Everything that is asked for is served.
  case load
  /// At least nine tenths of a service's threads are held on average: of several, those of the last one in the chain,
  /// since the ones before it wait for it.
  case threads(String)
  /// At least nine tenths of the processors are busy: those of a service, or without one those that are shared.
  case cores(String?)
  /// At least nine tenths of a service's store threads work.
  case storeThreads(String)
  /// None of that: the clients wait for answers that take their time.
  case waiting
  /// None of that, and requests fail: with the most frequent reason.
  case failures(String)

  private static let full = 0.9

  init(_ plan: SimulationPlan, _ result: SimulationResult, _ services: [SweepPoint.Service]) {
    let bottleneck = services.last { $0.threads > 0 && $0.held >= Self.full * Double($0.threads) }
    let outcomes = result.outcomes.filter { $0.key != Outcome.ok.name }
    let failure = outcomes.max { ($0.value, $1.key) < ($1.value, $0.key) }
    if case .open(let rate, _) = plan.load.arrival, result.goodput >= 0.98 * rate {
      self = .load
    } else if let bottleneck {
      self = .threads(bottleneck.service)
    } else if let full = result.processors.last(where: { group in
      group.count.map { group.busy >= Self.full * Double($0) } ?? false
    }) {
      self = .cores(full.service)
    } else if let store = Self.store(plan, result) {
      self = .storeThreads(store)
    } else if let failure {
      self = .failures(failure.key)
    } else {
      self = .waiting
    }
  }

  private static func store(_ plan: SimulationPlan, _ result: SimulationResult) -> String? {
    plan.system.services.last { service in
      let busy = result.services.filter { $0.name == service.name }.reduce(0) { $0 + $1.store }
      return busy >= full * Double(service.storeThreads * service.replicas)
    }?.name
  }

  /// A few words, for tables and JSON.
  package var name: String {
    switch self {
    case .load: "load"
    case .threads(let service): "threads of \(service)"
    case .cores(let service): service.map { "processors of \($0)" } ?? "processors"
    case .storeThreads(let service): "store threads of \(service)"
    case .waiting: "waiting"
    case .failures(let reason): "failures: \(reason)"
    }
  }

  package var text: String {
    switch self {
    case .load: "all that is asked for is served"
    case .threads(let service): "the threads of \(service) are all busy"
    case .cores(let service): "the processors\(service.map { " of \($0)" } ?? "") are busy"
    case .storeThreads(let service): "the store threads of \(service) are busy"
    case .waiting: "clients wait for answers that take their time, and nothing is full"
    case .failures(let reason): "requests fail (\(reason)), and nothing is full on average"
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    try value.encode(name)
  }
}
