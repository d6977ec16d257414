import Topology
import ChainModel
import NIOCore
import TraceLog

/// Reaches callees from the request's own event loop, where nobody waits. SQLite and files have no non-blocking
/// interface, so store work goes to the small store pool.
struct EventLoopTransport: LoopTransport {
  func get(
    _ callee: ServiceName, _ path: String, for exchange: Exchange,
    completion: @escaping (Result<CalleeAnswer, CallError>) -> Void
  ) {
    let core = exchange.core
    let loop = exchange.loop
    let records = CallRecords(exchange: exchange, callee: callee, span: loop.nextSpan())
    records.start(by: loop.scribe)
    let now = Monotonic.now()
    if let refusal = exchange.refusal {
      records.end(.failure(refusal), by: loop.scribe)
      return completion(.failure(refusal))
    }
    let timeout = min(core.configuration.timeout, exchange.deadline.remaining(at: now))
    let target = core.callees.beginCall(to: callee)
    let wait = LoopWait(.call, target: target.name, id: records.span.rawValue, for: exchange)
    var token = 0
    let call = PendingCall(callee: callee) { result in
      exchange.cancellation.remove(token)
      target.endCall()
      let result = result.mapError { $0.withinDeadline(exchange.deadline) }
      wait.end(result.waitOutcome)
      records.end(result.map { _ in }, by: loop.scribe)
      completion(result)
    }
    let handover = Handover(call)
    // The connection sees its caller leave on this same loop.
    token = exchange.cancellation.onCancel { handover.value.fail(.cancelled) }
    loop.client.send(
      call, to: target.address, path: path,
      headers: CallRecords.headers(exchange: exchange, span: records.span, timeout: timeout), timeout: timeout)
  }

  func store<Value: Sendable>(
    _ work: StoreWork<Value>, for exchange: Exchange, completion: @escaping (Result<Value, CallError>) -> Void
  ) {
    work.run(on: exchange.core.storePool, for: exchange, completion: completion)
  }
}
