import ChainModel
import TraceLog
package import Topology

/// A plan that repeats a recorded load, with what it repeats beside the configuration, and what it cannot.
package struct RecordedReplay: Sendable {
  package var plan: SimulationPlan
  package var replayed: [String] = []
  package var unreplayed: [String] = []
}

extension RecordedScript {
  /// Replicas that are changed by one command are so within this.
  private static let together: UInt64 = 1_000_000_000

  /// What happened, as a simulation can have it.
  /// - Parameters:
  ///   - configured: the run's `services.yaml`; what the log says of the same settings takes its place.
  ///   - load: one kind of request, from the window's beginning.
  ///   - sent: how many requests it sent.
  ///   - cores: processors that the services shared.
  ///   - costs: what steps cost.
  /// - Returns: the plan.
  package func replay(
    _ configured: Topology, _ load: SimulatedLoad, sent: Int, cores: Int?, costs: StepCostTable
  ) -> RecordedReplay {
    var topology = configured
    for index in topology.services.indices { configure(&topology.services[index]) }
    let system = SimulatedSystem(topology, cores: cores, costs: costs)
    var replay = RecordedReplay(plan: SimulationPlan(system, load))
    replay.unreplayed = others
    for index in topology.services.indices { setUp(index, topology.services[index], &replay) }
    setLeaveRules(topology, &replay)
    for index in topology.services.indices { change(index, topology.services[index].name, &replay) }
    strangers(load, sent: sent, &replay)
    return replay
  }

  /// Processes of a service, its first replica first.
  private func replicas(_ service: ServiceName) -> [(slot: UInt16, instance: Instance)] {
    instances.filter { $0.value.name.service == service }.sorted { $0.value.name.number < $1.value.name.number }
      .map { ($0.key, $0.value) }
  }

  private func configure(_ service: inout ServiceConfiguration) {
    let found = replicas(service.name)
    guard let first = found.first?.instance else { return }
    service.replicas = found.count
    if let model = first.model { service.model = model }
    if let threads = first.threads { service.threads = threads }
    if let limit = first.queueLimit { service.queueLimit = limit }
    // The log has it, if there is any.
    service.callPolicy = .plain
  }

  // MARK: When the load began

  private func setUp(_ index: Int, _ service: ServiceConfiguration, _ replay: inout RecordedReplay) {
    let found = replicas(service.name)
    guard let first = found.first?.instance else {
      return replay.unreplayed.append("\(service.name.rawValue): the log has no process of it; simulated as configured")
    }
    for other in found.dropFirst() where !other.instance.isSet(like: first) {
      replay.unreplayed.append("\(other.instance.name.text) was set otherwise than \(first.name.text); simulated alike")
    }
    for (name, text) in first.policies.sorted(by: { $0.key < $1.key }) {
      setPolicy(index, name, text, &replay)
    }
    for fault in first.faults {
      guard fault.fault != nil else {
        replay.unreplayed.append("\(service.name.rawValue): fault \(fault.text): it is not for all requests")
        continue
      }
      guard let left = fault.left(at: window.lowerBound) else { continue }
      replay.plan.changes.append(ScriptedChange(at: .zero, service: index, .fault(left)))
      replay.replayed.append("\(service.name.rawValue): fault \(fault.text), in force before the load")
    }
  }

  private func setPolicy(_ index: Int, _ callee: String, _ text: String, _ replay: inout RecordedReplay) {
    let caller = replay.plan.system.services[index].name
    guard let place = replay.plan.system.index(of: callee), let policy = try? CallPolicy.parse(text: text) else {
      return replay.unreplayed.append("\(caller)'s policy for \(callee), \(text): not known to this version")
    }
    replay.plan.system.services[index].rules[place] = policy
    replay.replayed.append("\(caller)'s policy for \(callee), \(text)")
    guard !policy.keepAlive else { return }
    replay.unreplayed.append("\(caller) made a new connection for each call to \(callee): connecting takes no time")
  }

  /// The simulation knows one rule for all services.
  private func setLeaveRules(_ topology: Topology, _ replay: inout RecordedReplay) {
    var finishing: [String] = []
    for (index, service) in topology.services.enumerated() {
      let text = replicas(service.name).first?.instance.admission ?? ""
      let change = try? AdmissionChange.parse(text: text)
      if change?.leave == .finish { finishing.append(service.name.rawValue) }
      if let limit = change?.inFlight { replay.plan.system.services[index].inFlightLimit = limit }
      guard let least = change?.minRemaining, least > .zero else { continue }
      let what = "\(service.name.rawValue) refused requests with less than \(FigureText.duration(least)) left"
      replay.unreplayed.append("\(what): the simulation refuses those with none")
    }
    replay.plan.system.cancels = finishing.isEmpty
    guard !finishing.isEmpty, finishing.count < topology.services.count else { return }
    let names = finishing.joined(separator: ", ")
    replay.unreplayed.append("\(names) alone finished what callers had left: simulated for all services")
  }

  // MARK: While it went on

  private func change(_ index: Int, _ service: ServiceName, _ replay: inout RecordedReplay) {
    let found = replicas(service)
    guard let first = found.first?.slot else { return }
    let others = Set(found.dropFirst().map(\.slot))
    for event in events where event.slot == first {
      let what = "\(service.rawValue): \(event.change.text) at \(text(event.at))"
      guard let change = scripted(event.change) else {
        replay.unreplayed.append("\(what): it is not for all requests")
        continue
      }
      let at = Duration.nanoseconds(Int64(clamping: event.at - window.lowerBound))
      replay.plan.changes.append(ScriptedChange(at: at, service: index, change))
      replay.replayed.append(what)
      if case .model = change {
        replay.unreplayed.append("\(what) changed what steps cost: simulated with the costs of before")
      }
      if others.contains(where: { !has($0, event) }) {
        replay.unreplayed.append("\(what) was not for all replicas: simulated for all")
      }
    }
    for event in events where others.contains(event.slot) && !has(first, event) {
      let name = instances[event.slot]?.name.text ?? service.rawValue
      replay.unreplayed.append("\(name): \(event.change.text) at \(text(event.at)): it was for this replica alone")
    }
  }

  private func has(_ slot: UInt16, _ event: Event) -> Bool {
    events.contains {
      $0.slot == slot && $0.change == event.change && max($0.at, event.at) - min($0.at, event.at) < Self.together
    }
  }

  private func scripted(_ change: ServiceChange) -> ScriptedChange.Change? {
    switch change {
    case .model(let model): return .model(model)
    case .pool(let threads, let queueLimit): return .pool(threads: threads, queueLimit: queueLimit)
    case .fault(let text, let isOn):
      guard let fault = Instance.Fault(text: text, since: 0).fault else { return nil }
      return isOn ? .fault(fault) : .liftFault(fault.kind.name)
    case .started, .stopped, .died, .policy, .admission, .breaker: return nil
    }
  }

  // MARK: Other requests

  private func strangers(_ load: SimulatedLoad, sent: Int, _ replay: inout RecordedReplay) {
    if openBefore > 0 {
      replay.unreplayed.append(
        "requests were in flight already when the load began: found \(openBefore), expected none")
    }
    let own = Set(load.entries.map { replay.plan.system.services[$0.service].routes[$0.route].name })
    func note(_ foreign: Int, _ routes: String) {
      guard foreign > 0 else { return }
      replay.unreplayed.append("requests that this load did not send: found \(foreign) for \(routes), expected none")
    }
    note(own.reduce(-sent) { $0 + arrivals[$1, default: 0] }, own.sorted().joined(separator: ", "))
    for (route, count) in arrivals.sorted(by: { $0.key < $1.key }) where !own.contains(route) { note(count, route) }
  }
}
