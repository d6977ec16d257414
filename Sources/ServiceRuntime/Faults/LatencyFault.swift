import ChainModel

/// `latency`: the remote system behind the service answers late.
enum LatencyFault {
  static func apply(_ latency: Latency, _ fault: ActiveFault, _ draw: FaultDraw, to plan: inout FaultPlan) {
    let duration = latency.sample(draw.first, draw.second)
    if duration > .zero { plan.sleeps.append(.init(duration: duration, label: fault.label)) }
  }
}
