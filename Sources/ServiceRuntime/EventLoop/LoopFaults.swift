import CPlatform
import ChainModel
import EventLoop
import TraceLog

/// Carries faults out for a request that lives on an event loop.
enum LoopFaults {
  /// `next` is called once, on the loop, with the error that the fault wants answered, if any.
  static func suffer(_ exchange: Exchange, then next: @escaping (CallError?) -> Void) {
    if exchange.deadline.hasPassed(at: Monotonic.now()) { return next(.deadlineExceeded) }
    let plan = exchange.core.faults.plan(for: exchange)
    exchange.slowQuery = plan.query
    guard !plan.isNothing else { return next(nil) }
    for block in plan.blocks { self.block(block, exchange) }
    sleep(plan.sleeps[...], exchange) { error in
      if let error { return next(error) }
      hang(plan.hang, exchange) { error in next(error ?? plan.failure) }
    }
  }

  /// The classic mistake, on purpose: the whole loop stands still.
  private static func block(_ block: FaultPlan.Sleep, _ exchange: Exchange) {
    let wait = LoopWait(
      .sleep, target: block.label, id: exchange.loop.nextSpan().rawValue, flags: [.held, .injected], for: exchange)
    let began = Monotonic.now()
    usleep(UInt32(clamping: block.duration.nanoseconds / 1000))
    wait.end(.ok)
    exchange.loop.scribe.write(
      Record(
        kind: .stall, span: exchange.context.span.rawValue, other: Monotonic.now() &- began,
        detail: StallDetector.explicit.rawValue, name: block.label))
  }

  /// One sleep after another; `next` is called once, on the loop, with the error that ended them early, if any.
  static func sleep(
    _ sleeps: ArraySlice<FaultPlan.Sleep>, _ exchange: Exchange, then next: @escaping (CallError?) -> Void
  ) {
    guard let first = sleeps.first else { return next(nil) }
    let wait = LoopWait(
      .sleep, target: first.label, id: exchange.loop.nextSpan().rawValue, flags: first.flags, for: exchange)
    let once = Once { error in
      wait.end(error == nil ? .ok : .cancelled)
      if let error { return next(error) }
      sleep(sleeps.dropFirst(), exchange, then: next)
    }
    let timer = exchange.loop.eventLoop.schedule(after: first.duration) {
      once.run(nil)
    }
    let handover = Handover(timer)
    once.token = exchange.cancellation.onCancel {
      handover.value.cancel()
      once.run(.cancelled)
    }
    once.exchange = exchange
  }

  private static func hang(_ fault: ActiveFault?, _ exchange: Exchange, then next: @escaping (CallError?) -> Void) {
    guard let fault else { return next(nil) }
    let core = exchange.core
    let wait = LoopWait(
      .sleep, target: fault.label, id: exchange.loop.nextSpan().rawValue, flags: .injected, for: exchange)
    let once = Once { error in
      wait.end(error == nil ? .ok : error == .cancelled ? .cancelled : .timeout)
      next(error)
    }
    let loop = exchange.loop.eventLoop
    let lifted = core.faults.onLift(fault.id) { loop.execute { once.run(nil) } }
    let timer = loop.schedule(at: exchange.deadline.nanoseconds) { once.run(.deadlineExceeded) }
    once.token = exchange.cancellation.onCancel { once.run(.cancelled) }
    once.exchange = exchange
    once.cleanUp = {
      timer.cancel()
      core.faults.removeLiftAction(lifted)
    }
    if once.isDone { once.cleanUp?() }
  }

  /// Whichever comes first, timer, lifting or leaving, goes on with the request; the others find it done.
  private final class Once: @unchecked Sendable {  // touched on one event loop only
    private var action: ((CallError?) -> Void)?
    var token = 0
    var exchange: Exchange?
    var cleanUp: (() -> Void)?

    init(_ action: @escaping (CallError?) -> Void) {
      self.action = action
    }

    var isDone: Bool { action == nil }

    func run(_ error: CallError?) {
      guard let action else { return }
      self.action = nil
      exchange?.cancellation.remove(token)
      cleanUp?()
      action(error)
    }
  }
}
