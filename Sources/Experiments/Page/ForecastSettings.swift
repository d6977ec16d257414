import ChainModel
import ChainSimulator
import Supervisor
package import Topology

/// A chain as it would be set once some commands had been carried out, for a simulation.
package struct ForecastSettings {
  var topology: Topology
  /// By service and `FaultKind.name`.
  private(set) var faults: [ServiceName: [String: ChainModel.Fault]] = [:]
  /// By caller, what it is held to for each callee.
  private(set) var policies: [ServiceName: [ServiceName: CallPolicy]] = [:]
  private(set) var load: LoadWords?
  /// What is not as it would be.
  private(set) var notes: [String] = []

  /// The words of a `load`, as far as they matter here.
  struct LoadWords {
    var arrival: SimulatedLoad.Arrival
    var length = Duration.seconds(10)
    var timeout = Duration.seconds(30)
    /// Nil: what the description's entries say.
    var path: String?
  }

  package init(_ topology: Topology) { self.topology = topology }

  /// Takes over what a running replica says of itself; of a service's replicas, the first one's word is taken.
  mutating func take(_ status: ServiceStatus, of replica: ReplicaName) {
    guard replica.isFirst, let index = index(replica.service) else { return }
    topology.services[index].model = status.mode
    topology.services[index].threads = status.pool.threads
    topology.services[index].queueLimit = status.pool.queueLimit
    topology.services[index].inFlightLimit = InFlightLimit(status.limits.rule) ?? .fixed(status.limits.inFlight)
    topology.services[index].callPolicy = .plain
    for (callee, text) in status.policies {
      guard let policy = try? CallPolicy.parse(text: text) else { continue }
      policies[replica.service, default: [:]][ServiceName(callee)] = policy
    }
    for text in status.faults { setFault(Self.words(text), of: replica.service) }
  }

  mutating func setReplicas(_ service: ServiceName, _ count: Int) {
    guard let index = index(service), count > 0 else { return }
    topology.services[index].replicas = count
  }

  /// Carries out one command; what is none that can be simulated becomes a note.
  package mutating func apply(_ words: [String]) {
    guard let verb = words.first, words.count >= 2 else { return }
    if verb == "load" { return load = Self.loadWords(Array(words.dropFirst())) }
    guard verb != "stop", verb != "lesson" else { return }
    let replica = ReplicaName(words[1], of: topology.names)
    let names = words[1] == "all" ? topology.names : replica.map { [$0.service] } ?? []
    if let replica, !replica.isFirst {
      notes.append("\(words.joined(separator: " ")) is foretold for all replicas of \(replica.service.rawValue)")
    }
    for name in names { apply(verb, Array(words.dropFirst(2)), to: name) }
  }

  private mutating func apply(_ verb: String, _ words: [String], to name: ServiceName) {
    guard let index = index(name) else { return }
    switch verb {
    case "mode": if let model = words.first.flatMap(IOModel.init(rawValue:)) { topology.services[index].model = model }
    case "scale": if let count = words.first.flatMap({ Int($0) }) { setReplicas(name, count) }
    case "pool":
      guard let change = try? PoolChange.parse(words: words) else { return }
      if let threads = change.threads { topology.services[index].threads = threads }
      if let queue = change.queue { topology.services[index].queueLimit = queue }
    case "fault": if words == ["clear"] { faults[name] = nil } else { setFault(words, of: name) }
    case "policy" where words.last == "clear": policies[name] = nil
    default: note("\(verb) \(name.rawValue) \(words.joined(separator: " ")) is not foretold")
    }
  }

  private mutating func setFault(_ words: [String], of name: ServiceName) {
    guard let fault = try? ChainModel.Fault.parse(words: words), fault.user == nil, fault.header == nil else {
      return note("\(name.rawValue) fault \(words.joined(separator: " ")) is not foretold: it is not for all requests")
    }
    faults[name, default: [:]][fault.kind.name] = fault
  }

  private mutating func note(_ text: String) { if !notes.contains(text) { notes.append(text) } }

  private func index(_ name: ServiceName) -> Int? { topology.services.firstIndex { $0.name == name } }

  /// A fault as a status has it may begin with what kind of thing it is.
  private static func words(_ text: String) -> [String] {
    let words = text.split(separator: " ").map(String.init)
    return words.first == "fault:" ? Array(words.dropFirst()) : words
  }

  /// Nil without a rate and without clients.
  private static func loadWords(_ words: [String]) -> LoadWords? {
    let pairs = zip(words, words.dropFirst())
    func value(_ option: String) -> String? { pairs.first { $0.0 == option }?.1 }
    var arrival: SimulatedLoad.Arrival?
    if let rate = value("--rate").flatMap({ Double($0) }), rate > 0, rate.isFinite {
      arrival = .open(rate: rate, words.contains("--poisson") ? .poisson : .fixed)
    } else if let clients = value("--closed").flatMap({ Int($0) }), clients > 0 {
      arrival = .closed(clients: clients, think: .zero)
    }
    guard let arrival else { return nil }
    var load = LoadWords(arrival: arrival)
    if let length = value("--duration").flatMap({ DurationText.parse($0) }), length > .zero { load.length = length }
    if let timeout = value("--timeout").flatMap({ DurationText.parse($0) }), timeout > .zero { load.timeout = timeout }
    if let path = value("--path") { load.path = path }
    return load
  }
}
