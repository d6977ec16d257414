package import ChainModel

/// What is to be foretold: what these commands will do to a chain.
package struct ForecastQuery: Hashable, Sendable {
  package enum Base: String, Hashable, Sendable {
    /// As `services.yaml` has it.
    case configured
    /// As it is set now.
    case now
  }

  package var base: Base
  /// Words of `mode`, `pool`, `fault`, `scale` and `load`, in this order.
  package var commands: [[String]]

  package init(from base: Base, _ commands: [[String]]) {
    self.base = base
    self.commands = commands
  }
}

/// What a chain will do: its limit by the closed form, and a simulation of its load.
package struct Forecast: Sendable {
  /// A service as it would be set.
  package struct Service: Hashable, Sendable {
    package var name: ServiceName
    package var model: IOModel
    /// Of each replica.
    package var threads: Int
    package var replicas: Int
    /// Event loops, of each replica.
    package var loops: Int

    package init(_ name: ServiceName, model: IOModel, threads: Int, replicas: Int = 1, loops: Int = 2) {
      self.name = name
      self.model = model
      self.threads = threads
      self.replicas = replicas
      self.loops = loops
    }
  }

  package enum Bottleneck: Hashable, Sendable {
    case threads(ServiceName)
    /// Event loops that each request blocks.
    case loops(ServiceName)
    case processors
  }

  /// A replica that was saturated for long, and when that began, from the load's first request.
  package struct Saturated: Hashable, Sendable {
    package var replica: String
    package var after: Duration

    package init(_ replica: String, after: Duration) {
      self.replica = replica
      self.after = after
    }
  }

  /// What comes of a load.
  package struct Load: Hashable, Sendable {
    package enum Arrival: Hashable, Sendable {
      /// Requests a second.
      case rate(Double)
      /// Each waits for its answer.
      case clients(Int)
    }

    package var arrival: Arrival
    /// How much of it was simulated.
    package var length: Duration
    /// Per second.
    package var answered: Double
    package var refused = 0.0
    package var failed = 0.0
    /// Of good answers.
    package var median: Duration?
    /// By when they became so.
    package var saturated: [Saturated] = []
    /// Services of which an event loop stood still.
    package var stalled: [String] = []
    /// From when on the gateway refuses requests; nil if it does not.
    package var refusesAfter: Duration?

    package init(_ arrival: Arrival, length: Duration, answered: Double) {
      self.arrival = arrival
      self.length = length
      self.answered = answered
    }
  }

  package var services: [Service]
  /// Requests a second that it can serve; infinite where nothing sets a limit.
  package var capacity: Double
  package var bottleneck: Bottleneck?
  /// How long a request takes while it waits for no thread, on average.
  package var unloaded: Duration
  package var load: Load?
  /// The service that clients ask.
  package var front: ServiceName
  /// What is not foretold, in words.
  package var notes: [String]

  package init(
    front: ServiceName, services: [Service], capacity: Double, bottleneck: Bottleneck?, unloaded: Duration,
    load: Load? = nil,
    notes: [String] = []
  ) {
    self.front = front
    self.services = services
    self.capacity = capacity
    self.bottleneck = bottleneck
    self.unloaded = unloaded
    self.load = load
    self.notes = notes
  }
}

// MARK: In words

extension Forecast {
  /// How much the chain can serve, and what sets that limit.
  package var limitText: String {
    let rest = "Each request takes \(FigureText.duration(unloaded)) while it waits for no thread."
    switch bottleneck {
    case .threads(let name): return narrowest(name, "keeps", "busy", \.threads, "thread") ?? rest
    case .loops(let name): return narrowest(name, "blocks", "", \.loops, "event loop") ?? rest
    case .processors:
      return "Threads set no limit here; the processors serve at most about \(FigureText.rate(capacity)). \(rest)"
    case nil: return "Neither threads nor processors set a limit here. \(rest)"
    }
  }

  private func narrowest(
    _ name: ServiceName, _ does: String, _ state: String, _ count: KeyPath<Service, Int>, _ noun: String
  ) -> String? {
    guard let service = services.first(where: { $0.name == name }), capacity > 0, capacity.isFinite else { return nil }
    let number = service[keyPath: count] * service.replicas
    let held = FigureText.seconds(Double(number) / capacity)
    let whose = service.replicas == 1 ? "" : " in \(service.replicas) replicas"
    let what = "one of \(name.spokenName)'s \(FigureText.count(number, noun))\(whose)"
    return
      "Each request \(does) \(what)\(state.isEmpty ? "" : " \(state)") for \(held), so \(name.spokenName) serves at most "
      + "\(FigureText.rate(capacity)) (Little's law: \(noun)s ÷ time). What comes beyond that waits."
  }

  /// What comes of the load; nil without one.
  package var loadText: String? { load.map { ([answers($0)] + consequences($0)).joined(separator: " ") } }

  private func answers(_ load: Load) -> String {
    let length = FigureText.duration(load.length)
    var parts: [String]
    switch load.arrival {
    case .rate(let rate):
      // What is still on its way when the time is up is neither answered nor lost.
      let isAll = load.refused + load.failed == 0 && load.saturated.isEmpty && load.stalled.isEmpty
      let median = load.median.map { ", half of them within \(FigureText.duration($0))" } ?? ""
      if isAll { return "Simulated for \(length): all of the \(FigureText.rate(rate)) are answered\(median)." }
      parts = ["of \(FigureText.rate(rate)), \(FigureText.rate(load.answered)) get good answers"]
    case .clients(let count):
      parts = ["\(FigureText.count(count, "client")) get \(FigureText.rate(load.answered)) good answers"]
    }
    if load.refused > 0 { parts.append("\(FigureText.rate(load.refused)) are refused") }
    if load.failed > 0 { parts.append("\(FigureText.rate(load.failed)) fail") }
    return "Simulated for \(length): \(parts.joined(separator: ", "))."
  }

  private func consequences(_ load: Load) -> [String] {
    var sentences: [String] = []
    if let first = load.saturated.first {
      let others = load.saturated.dropFirst().map {
        "\(short($0.replica)) +\(FigureText.duration($0.after - first.after))"
      }
      let start = "\(short(first.replica)) is saturated after \(FigureText.duration(first.after))"
      sentences.append("\(([start] + others).joined(separator: " → ")).")
    } else {
      sentences.append("No pool is saturated.")
    }
    if !load.stalled.isEmpty {
      sentences.append("Event loops of \(load.stalled.map(short).joined(separator: " and ")) stall.")
    }
    let front = front.rawValue
    let isBehind = load.saturated.contains { $0.replica == front } || load.stalled.contains(front)
    guard isBehind else { return sentences + ["/ping at \(front) waits for nothing."] }
    let refusal = load.refusesAfter.map {
      ", and is refused when the queue is full, first after \(FigureText.duration($0))"
    }
    return sentences + ["/ping waits behind them at \(front)\(refusal ?? "")."]
  }

  /// `payment-service-2` is `payment 2`.
  private func short(_ replica: String) -> String {
    guard let name = ReplicaName(replica, of: services.map(\.name)) else { return replica }
    return name.isFirst ? name.service.spokenName : "\(name.service.spokenName) \(name.number)"
  }
}

/// Keys: `limit` (its capacity, in words), `load` (what comes of the load, in words; absent without one), `capacity_per_s`
/// (absent where nothing sets a limit), `answered_per_s` (of the load), `saturated` (replicas, by when they become so),
/// `notes` (what is not foretold).
extension Forecast: Encodable {
  private enum CodingKeys: String, CodingKey {
    case limit, load, saturated, notes
    case capacity = "capacity_per_s"
    case answered = "answered_per_s"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(limitText, forKey: .limit)
    try keys.encodeIfPresent(loadText, forKey: .load)
    if capacity.isFinite { try keys.encode(capacity, forKey: .capacity) }
    try keys.encodeIfPresent(load?.answered, forKey: .answered)
    try keys.encode(load?.saturated.map(\.replica) ?? [], forKey: .saturated)
    try keys.encode(notes, forKey: .notes)
  }
}
