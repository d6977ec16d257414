import ChainModel

/// `error`: the request is answered with a failure in the handler's place.
enum ErrorFault {
  static func apply(_ status: Int, to plan: inout FaultPlan) {
    plan.failure = plan.failure ?? .injected(status: status)
  }
}
