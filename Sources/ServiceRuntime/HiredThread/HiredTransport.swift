import NIOCore
import ChainModel
import TraceLog

/// Reaches callees and the store by hiring a thread that makes the blocking call, while the request's loop goes on.
struct HiredTransport: LoopTransport {
  func get(
    _ callee: ServiceName, _ path: String, for exchange: Exchange,
    completion: @escaping (Result<CalleeAnswer, CallError>) -> Void
  ) {
    let core = exchange.core
    // Chosen now, and counted from now on: the call may have to wait for a thread.
    let target = core.callees.beginCall(to: callee)
    let call = BlockingCall(exchange: exchange, callee: callee, path: path)
    let records = CallRecords(exchange: exchange, callee: callee, span: exchange.loop.nextSpan())
    records.start(by: exchange.loop.scribe)
    let wait = LoopWait(.call, target: target.name, id: records.span.rawValue, for: exchange)
    HiredWork(exchange: exchange, wait: wait, name: core.names.call(callee)).run(on: core.hired) { worker in
      call.perform(on: worker, span: records.span, at: target)
    } completion: { result in
      target.endCall()
      wait.end(result.waitOutcome)
      records.end(result.map { _ in }, by: exchange.loop.scribe)
      completion(result)
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
    // The in-flight limit bounds this queue: a request has at most one call or store operation under way.
    _ = pool.submit(ignoringLimit: true) { worker in
      let result: Result<Value, CallError>
      if let refusal = exchange.refusal {
        result = .failure(refusal)
      } else {
        worker.scribe.write(record(.workStart))
        result = worker.working(for: exchange) { body(worker) }
        worker.scribe.write(record(.workEnd))
      }
      exchange.loop.eventLoop.execute { handover.value(result) }
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
