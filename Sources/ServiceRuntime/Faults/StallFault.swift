import ChainModel

/// `stall`: everything that starts within the window ends after it, as if the remote system stood still.
enum StallFault {
  static func apply(_ window: Duration, _ fault: ActiveFault, now: UInt64, to plan: inout FaultPlan) {
    let end = fault.since &+ window.nanoseconds
    guard now < end else { return }
    plan.sleeps.append(.init(duration: .nanoseconds(Int64(clamping: end - now)), label: fault.label))
  }
}
