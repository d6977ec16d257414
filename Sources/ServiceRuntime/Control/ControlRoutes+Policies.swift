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
    let edge = try edge(body.text("callee"))
    let fields = body.texts.filter { $0.key != "callee" }
    if fields.map(\.key) == ["clear"] {
      guard fields[0].value == "true" else {
        throw LocalRefusal(400, "clear: found '\(fields[0].value)', expected true")
      }
      edge.reset(by: core.environment.controlScribe)
      return answer
    }
    let policy: CallPolicy
    do {
      policy = try CallPolicy.parse(fields)
    } catch {
      throw LocalRefusal(400, error.description)
    }
    edge.set(policy, by: core.environment.controlScribe)
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
      "callee: found '\(callee ?? "nothing")', "
        + (callees.isEmpty ? "but \(own) calls nobody" : "expected one that \(own) calls: \(callees)"))
  }

  /// Rules that are not given stay as they are.
  func setAdmission(_ body: ControlBody) throws(LocalRefusal) -> Answer {
    let change: AdmissionChange
    do {
      change = try AdmissionChange.parse(body.texts)
    } catch {
      throw LocalRefusal(400, error.description)
    }
    core.admission.apply(change, by: core.environment.controlScribe)
    let rules = core.admission
    return .json(
      WireJSON.encode([
        "min_remaining": DurationText.format(rules.minRemaining), "leave": rules.leave.rawValue,
        "in_flight": rules.limit.text,
      ]))
  }
}
