import ChainModel

/// `reset`: the connection is torn down (TCP RST) in place of an answer.
enum ResetFault {
  static func apply(to plan: inout FaultPlan) {
    plan.failure = .injectedReset
  }
}
