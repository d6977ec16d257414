import ChainModel
import TraceLog

/// Calls to a callee by a thread that blocks until it is answered.
enum BlockingCall {
  /// How a call ended: its last attempt, if that one's span is still open, and what came of it.
  struct End: Sendable {
    var attempt: CallAttempt?
    var result: Result<CalleeAnswer, CallError>
  }

  /// The whole call with its spans, on the request's own worker.
  static func run(
    _ request: CallRequest, for exchange: Exchange, on worker: WorkerContext
  ) throws(CallError) -> CalleeAnswer {
    var first = CallAttempt(exchange, request, span: worker.nextSpan())
    if let refusal = first.begin(by: worker.scribe) { throw refusal }
    let end = finish(first, on: worker)
    end.attempt?.end(end.result, by: worker.scribe)
    return try end.result.get()
  }

  /// Makes an attempt that has begun, and those that must follow it.
  static func finish(_ first: CallAttempt, on worker: WorkerContext) -> End {
    var attempt = first
    while true {
      let result = perform(attempt, on: worker)
      let pause = attempt.settle(result, by: worker.scribe)
      let isToBeRepeated = attempt.isToBeRepeated(result)
      guard isToBeRepeated || pause != nil else { return End(attempt: attempt, result: result) }
      attempt.end(result, by: worker.scribe)
      do throws(CallError) {
        if let pause, pause > .zero { try worker.sleep(attempt.rest(pause), for: attempt.exchange) }
      } catch {
        return End(result: .failure(error))
      }
      attempt = attempt.next(span: worker.nextSpan(), isRepeat: isToBeRepeated)
      if let refusal = attempt.begin(by: worker.scribe) { return End(result: .failure(refusal)) }
    }
  }

  /// The blocking part, which the log shows as a wait that holds this thread.
  private static func perform(
    _ attempt: CallAttempt, on worker: WorkerContext
  ) -> Result<CalleeAnswer, CallError> {
    let exchange = attempt.exchange
    let timeout = attempt.timeout
    return worker.waiting(.call, target: attempt.target, id: attempt.span.rawValue, for: exchange) {
      worker.curl.get(attempt, timeout: timeout).mapError { $0.withinDeadline(exchange.deadline) }
    }
  }
}

extension CallError {
  /// A timeout that was cut short by the request's own deadline is that deadline's, whose timer ever was the first to see
  /// it: the callee, which was told of it, may say so itself.
  func withinDeadline(_ deadline: Deadline) -> CallError {
    switch self {
    case .timeout, .answered(_, status: 504): deadline.hasPassed(at: Monotonic.now()) ? .deadlineExceeded : self
    default: self
    }
  }
}
