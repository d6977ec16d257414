import ChainModel
import EventLoop
import Synchronization
import TraceLog

/// Reaches callees and the store by hiring a thread that makes the blocking call, while the request's loop goes on.
struct HiredTransport: LoopTransport {
  func call(
    _ request: CallRequest, for exchange: Exchange,
    completion: @escaping (Result<CalleeAnswer, CallError>) -> Void
  ) {
    let core = exchange.core
    let scribe = exchange.loop.scribe
    var attempt = CallAttempt(exchange, request, span: exchange.loop.nextSpan())
    if let refusal = attempt.begin(by: scribe) { return completion(.failure(refusal)) }
    let first = attempt
    // One thread is hired for all attempts; the request waits for it until the last.
    let wait = LoopWait(.call, target: first.target, id: first.span.rawValue, for: exchange)
    let done = CallResult()
    HiredWork(exchange: exchange, wait: wait, name: first.edge.callName).run(on: core.hired) { worker in
      done.end = BlockingCall.finish(first, on: worker)
      return nil
    } completion: { refusal in
      let end = done.end ?? Self.end(refusal ?? .cancelled, of: first)
      wait.end(end.result.waitOutcome)
      end.attempt?.end(end.result, by: scribe)
      completion(end.result)
    }
  }

  /// A thread that came too late has not made the attempt that was waiting for it.
  private static func end(_ refusal: CallError, of first: CallAttempt) -> BlockingCall.End {
    _ = first.settle(.failure(refusal), by: first.exchange.loop.scribe)
    return BlockingCall.End(attempt: first, result: .failure(refusal))
  }

  private final class CallResult {
    var end: BlockingCall.End?
  }

  func sleep(_ sleep: FaultPlan.Sleep, for exchange: Exchange, completion: @escaping (CallError?) -> Void) {
    let wait = LoopWait(.sleep, target: sleep.label, id: exchange.loop.nextSpan().rawValue, for: exchange)
    HiredWork(exchange: exchange, wait: wait, name: sleep.label).run(on: exchange.core.hired) { worker in
      do throws(CallError) {
        try worker.sleep(sleep, for: exchange)
        return nil
      } catch {
        return error
      }
    } completion: { error in
      wait.end(error == nil ? .ok : .cancelled)
      completion(error)
    }
  }

  func store(_ task: StoreTask, for exchange: Exchange, completion: @escaping (CallError?) -> Void) {
    task.run(on: exchange.core.hired, for: exchange, completion: completion)
  }
}

/// Work that a thread of another pool does for a request that lives on an event loop.
struct HiredWork {
  let exchange: Exchange
  let wait: LoopWait
  let name: UInt32

  /// - Parameters:
  ///   - pool: whose thread does it.
  ///   - isBatched: whether it is handed over with all that this turn of the loop brings, and told with what else the
  ///     thread does at a time: for work so short that to wake somebody costs more.
  ///   - body: runs on that thread.
  ///   - completion: runs on the request's loop, once, with the error of the body or why it has not run.
  func run(
    on pool: WorkerPool, isBatched: Bool = false, _ body: @escaping (WorkerContext) -> CallError?,
    completion: @escaping (CallError?) -> Void
  ) {
    let load = exchange.loop.load
    let askedAt = wait.began
    let job: WorkerPool.Job = { worker in
      let error: CallError?
      let beganAt: UInt64
      if let refusal = exchange.refusalOfWork {
        beganAt = Monotonic.now()
        error = refusal
      } else {
        exchange.isWorkedFor.store(true, ordering: .relaxed)
        beganAt = worker.scribe.write(record(.workStart))
        error = worker.working(for: exchange) { body(worker) }
        worker.scribe.write(record(.workEnd))
      }
      let completed: EventLoop.Job = {
        load.waitedForThread(beganAt &- askedAt, since: askedAt)
        completion(error)
      }
      if isBatched {
        worker.tell(exchange.loop.eventLoop, completed)
      } else {
        exchange.loop.eventLoop.execute(completed)
      }
    }
    // The in-flight limit bounds this queue: of a request, only so much is under way as it does at the same time.
    if isBatched { exchange.loop.collect(job) } else { _ = pool.submit(ignoringLimit: true, job) }
  }

  private func record(_ kind: RecordKind) -> Record {
    Record(
      kind: kind, trace: exchange.context.trace, span: exchange.context.span.rawValue, other: wait.id, name: name)
  }
}

/// Carries what belongs to an event loop across threads and back to it.
struct Handover<Value>: @unchecked Sendable {  // only opened on the loop it came from
  let value: Value

  init(_ value: Value) {
    self.value = value
  }
}
