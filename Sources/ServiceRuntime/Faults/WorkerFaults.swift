import ChainModel
import TraceLog

extension WorkerContext {
  /// Carries faults out for a request on its own worker: the thread waits.
  func suffer(_ plan: FaultPlan, for exchange: Exchange) throws(CallError) {
    exchange.slowQuery = plan.query
    guard !plan.isNothing else { return }
    for sleep in plan.blocks + plan.sleeps { try self.sleep(sleep, for: exchange) }
    if let hang = plan.hang { try self.hang(hang, for: exchange) }
    if let failure = plan.failure { throw failure }
  }

  /// Sleeps, which the log shows as a wait that holds this thread.
  func sleep(_ sleep: FaultPlan.Sleep, for exchange: Exchange) throws(CallError) {
    try waiting(
      .sleep, target: sleep.label, id: nextWait(), flags: sleep.flags.union(.held), for: exchange
    ) {
      let end = Monotonic.now() &+ sleep.duration.nanoseconds
      return interrupt.sleep(until: end) ? .success(()) : .failure(CallError.cancelled)
    }.get()
  }

  private func hang(_ fault: ActiveFault, for exchange: Exchange) throws(CallError) {
    let faults = exchange.core.faults
    let lifted = faults.onLift(fault.id) { [interrupt] in interrupt.wake() }
    defer { faults.removeLiftAction(lifted) }
    try waiting(.sleep, target: fault.label, id: nextWait(), flags: [.held, .injected], for: exchange) {
      () -> Result<Void, CallError> in
      let awake = interrupt.sleep(until: exchange.deadline.nanoseconds) { faults.isActive(fault.id) }
      if !awake { return .failure(CallError.cancelled) }
      return exchange.deadline.hasPassed(at: Monotonic.now()) ? .failure(CallError.deadlineExceeded) : .success(())
    }.get()
  }
}
