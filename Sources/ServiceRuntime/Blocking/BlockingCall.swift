import Topology
import ChainModel
import TraceLog

/// One call to a callee, made by a thread that blocks until it is answered.
struct BlockingCall {
  let exchange: Exchange
  let callee: ServiceName
  let path: String

  /// The whole call with its span, on the request's own worker.
  func run(on worker: WorkerContext, within parent: SpanID) throws(CallError) -> CalleeAnswer {
    let span = worker.nextSpan()
    CallRecords(exchange: exchange, callee: callee, span: span).start(by: worker.scribe)
    let target = exchange.core.callees.beginCall(to: callee)
    let result = perform(on: worker, span: span, at: target)
    target.endCall()
    CallRecords(exchange: exchange, callee: callee, span: span).end(result.map { _ in }, by: worker.scribe)
    return try result.get()
  }

  /// The blocking part, which the log shows as a wait that holds this thread.
  func perform(
    on worker: WorkerContext, span: SpanID, at target: CalleeTarget
  ) -> Result<CalleeAnswer, CallError> {
    let core = exchange.core
    let now = Monotonic.now()
    guard !exchange.deadline.hasPassed(at: now) else { return .failure(.deadlineExceeded) }
    let timeout = min(core.configuration.timeout, exchange.deadline.remaining(at: now))
    let headers = CallRecords.headers(exchange: exchange, span: span, timeout: timeout)
    return worker.waiting(.call, target: target.name, id: span.rawValue, for: exchange) {
      let result = worker.curl.get(
        url: target.url(path), headers: headers.map { "\($0.0): \($0.1)" }, callee: callee, timeout: timeout)
      return result.mapError { error in error.withinDeadline(exchange.deadline) }
    }
  }
}

extension CallError {
  /// A timeout that was cut short by the request's own deadline is that deadline's.
  func withinDeadline(_ deadline: Deadline) -> CallError {
    guard case .timeout = self, deadline.hasPassed(at: Monotonic.now()) else { return self }
    return .deadlineExceeded
  }
}
