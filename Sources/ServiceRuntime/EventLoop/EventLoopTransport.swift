import ChainModel
import Topology
import TraceLog

/// Reaches callees from the request's own event loop, where nobody waits. SQLite and files have no non-blocking
/// interface, so store work goes to the small store pool, unless it is so short that the loop may be held by it.
struct EventLoopTransport: LoopTransport {
  func call(
    _ request: CallRequest, for exchange: Exchange,
    completion: @escaping (Result<CalleeAnswer, CallError>) -> Void
  ) {
    make(CallAttempt(exchange, request, span: exchange.loop.nextSpan()), completion: completion)
  }

  /// Makes an attempt, and those that must follow it.
  private func make(_ attempt: CallAttempt, completion: @escaping (Result<CalleeAnswer, CallError>) -> Void) {
    var attempt = attempt
    if let refusal = attempt.begin(by: attempt.exchange.loop.scribe) { return completion(.failure(refusal)) }
    send(attempt, completion: completion)
  }

  private func send(_ attempt: CallAttempt, completion: @escaping (Result<CalleeAnswer, CallError>) -> Void) {
    let exchange = attempt.exchange
    let timeout = attempt.timeout
    let wait = LoopWait(.call, target: attempt.target, id: attempt.span.rawValue, for: exchange)
    let call = PendingCall(callee: attempt.callee, for: exchange) { result in
      let result = result.mapError { $0.withinDeadline(exchange.deadline) }
      wait.end(result.waitOutcome)
      conclude(attempt, result, completion: completion)
    }
    let handover = Handover(call)
    // The connection sees its caller leave on this same loop.
    call.token = exchange.cancellation.onCancel { handover.value.give(up: .cancelled) }
    exchange.loop.client.send(call, attempt, timeout: timeout)
  }

  /// The back-off before another attempt is a timer of the loop.
  private func conclude(
    _ attempt: CallAttempt, _ result: Result<CalleeAnswer, CallError>,
    completion: @escaping (Result<CalleeAnswer, CallError>) -> Void
  ) {
    let loop = attempt.exchange.loop
    let pause = attempt.settle(result, by: loop.scribe)
    attempt.end(result, by: loop.scribe)
    if attempt.isToBeRepeated(result) {
      return make(attempt.next(span: loop.nextSpan(), isRepeat: true), completion: completion)
    }
    guard let pause else { return completion(result) }
    LoopFaults.sleep(pause > .zero ? [attempt.rest(pause)] : [], attempt.exchange) { error in
      if let error { return completion(.failure(error)) }
      make(attempt.next(span: loop.nextSpan()), completion: completion)
    }
  }

  func sleep(_ sleep: FaultPlan.Sleep, for exchange: Exchange, completion: @escaping (CallError?) -> Void) {
    LoopFaults.sleep([sleep], exchange, then: completion)
  }

  func store(_ task: StoreTask, for exchange: Exchange, completion: @escaping (CallError?) -> Void) {
    switch exchange.core.configuration.store {
    case .pool: task.run(on: exchange.core.storePool, for: exchange, completion: completion)
    case .loop: task.run(onLoopOf: exchange, completion: completion)
    }
  }
}
