import ChainModel
import EventLoop
import Topology
import TraceLog

/// What calls and requests are held to.
extension ControlRoutes {
  /// By callee.
  var policies: [String: String] {
    Dictionary(uniqueKeysWithValues: core.edges.map { ($0.callee.rawValue, $0.policy.text) })
  }

  /// By callee, where there is one.
  var breakers: [String: String] {
    let states = core.edges.compactMap { edge in edge.breaker.map { (edge.callee.rawValue, $0.name) } }
    return Dictionary(uniqueKeysWithValues: states)
  }

  var admission: ServiceStatus.Admission {
    let rules = core.admission
    return ServiceStatus.Admission(
      minRemainingMs: Double(rules.minRemaining.nanoseconds) / 1e6, leave: rules.leave)
  }

  /// `{"callee": "payment-service", "retries": 3}`; keys that are not given have their defaults. With `"clear": true`
  /// alone, the callee's policy is that of the configuration.
  func setPolicy(_ body: ControlBody) throws(LocalRefusal) -> Answer {
    var body = body
    let edge = try edge(body.take("callee"))
    if body.settings == [Setting("clear", "true")] {
      edge.reset(by: core.environment.controlScribe)
    } else {
      edge.set(try body.read(), by: core.environment.controlScribe)
    }
    return answer
  }

  func resetPolicies() -> Answer {
    for edge in core.edges { edge.reset(by: core.environment.controlScribe) }
    return answer
  }

  private var answer: Answer { .json(WireJSON.encode(["policies": policies])) }

  private func edge(_ callee: String?) throws(LocalRefusal) -> CallEdge {
    if let edge = core.edges.first(where: { $0.callee.rawValue == callee }) { return edge }
    let callees = core.edges.map(\.callee.rawValue).joined(separator: ", ")
    let own = core.configuration.name.rawValue
    throw LocalRefusal(
      400,
      "callee: found \(Written(callee ?? "").found), "
        + (callees.isEmpty ? "but \(own) calls nobody" : "expected one that \(own) calls: \(callees)"))
  }

  /// Rules that are not given stay as they are.
  func setAdmission(_ change: AdmissionChange) -> Answer {
    core.admission.apply(change, by: core.environment.controlScribe)
    let rules = core.admission
    let inForce = AdmissionChange(minRemaining: rules.minRemaining, leave: rules.leave, inFlight: rules.limit)
    let fields = inForce.settings.map { ($0.key, $0.value.text) }
    return .json(WireJSON.encode(Dictionary(uniqueKeysWithValues: fields)))
  }
}
