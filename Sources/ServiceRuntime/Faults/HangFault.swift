/// `hang`: the request waits until the fault is lifted, its deadline passes, or its caller leaves.
enum HangFault {
  static func apply(_ fault: ActiveFault, to plan: inout FaultPlan) {
    plan.hang = fault
  }
}
