import ChainModel
import EventLoop
import TraceLog

/// Reaches callees and the store by hiring a thread that makes the blocking call, while the request's loop goes on.
struct HiredTransport: LoopTransport {
  func get(
    _ callee: ServiceName, _ path: String, for exchange: Exchange,
    completion: @escaping (Result<CalleeAnswer, CallError>) -> Void
  ) {
    let core = exchange.core
    let scribe = exchange.loop.scribe
    var attempt = CallAttempt(exchange, callee, path, span: exchange.loop.nextSpan())
    if let refusal = attempt.begin(by: scribe) { return completion(.failure(refusal)) }
    let first = attempt
    // One thread is hired for all attempts; the request waits for it until the last.
    let wait = LoopWait(.call, target: first.target, id: first.span.rawValue, for: exchange)
    HiredWork(exchange: exchange, wait: wait, name: core.names.call(callee)).run(on: core.hired) { worker in
      .success(BlockingCall.finish(first, on: worker))
    } completion: { (done: Result<BlockingCall.End, CallError>) in
      let end = Self.end(done, of: first)
      wait.end(end.result.waitOutcome)
      end.attempt?.end(end.result, by: scribe)
      completion(end.result)
    }
  }

  /// A thread that came too late has not made the attempt that was waiting for it.
  private static func end(_ done: Result<BlockingCall.End, CallError>, of first: CallAttempt) -> BlockingCall.End {
    switch done {
    case .success(let end): return end
    case .failure(let refusal):
      _ = first.settle(.failure(refusal), by: first.exchange.loop.scribe)
      return BlockingCall.End(attempt: first, result: .failure(refusal))
    }
  }

  func store<Value: Sendable>(
    _ work: StoreWork<Value>, for exchange: Exchange, completion: @escaping (Result<Value, CallError>) -> Void
  ) {
    work.run(on: exchange.core.hired, for: exchange, completion: completion)
  }
}

/// Work that a thread of another pool does for a request that lives on an event loop.
struct HiredWork {
  let exchange: Exchange
  let wait: LoopWait
  let name: UInt32

  /// - Parameters:
  ///   - pool: whose thread does it.
  ///   - body: runs on that thread.
  ///   - completion: runs on the request's loop, once.
  func run<Value: Sendable>(
    on pool: WorkerPool, _ body: @escaping (WorkerContext) -> Result<Value, CallError>,
    completion: @escaping (Result<Value, CallError>) -> Void
  ) {
    let handover = Handover(completion)
    let load = exchange.loop.load
    let askedAt = wait.began
    // The in-flight limit bounds this queue: a request has at most one call or store operation under way.
    _ = pool.submit(ignoringLimit: true) { worker in
      let result: Result<Value, CallError>
      let beganAt: UInt64
      if let refusal = exchange.refusalOfWork {
        beganAt = Monotonic.now()
        result = .failure(refusal)
      } else {
        exchange.isWorkedFor = true
        beganAt = worker.scribe.write(record(.workStart))
        result = worker.working(for: exchange) { body(worker) }
        worker.scribe.write(record(.workEnd))
      }
      exchange.loop.eventLoop.execute {
        load.waitedForThread(beganAt &- askedAt, since: askedAt)
        handover.value(result)
      }
    }
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
