package import ChainModel
import TraceLog

/// What store work may touch on the thread that does it.
package struct StoreAccess {
  let worker: WorkerContext

  /// A connection to the service's database, for this work alone.
  package func database() throws(CallError) -> Database { try worker.takeDatabase() }
}

extension StoreWork {
  /// On the request's own thread, which waits for it.
  func run(on worker: WorkerContext, for exchange: Exchange) throws(CallError) -> Value {
    let target = exchange.core.names.label(label)
    return try worker.waiting(cause, target: target, id: worker.nextWait(), for: exchange) { perform(on: worker) }.get()
  }

  /// On a thread of the pool, while the request is suspended; `completion` runs on the request's loop.
  func run(
    on pool: WorkerPool, for exchange: Exchange, completion: @escaping (Result<Value, CallError>) -> Void
  ) {
    let target = exchange.core.names.label(label)
    let wait = LoopWait(cause, target: target, id: exchange.loop.nextSpan().rawValue, for: exchange)
    HiredWork(exchange: exchange, wait: wait, name: target).run(on: pool) { worker in
      perform(on: worker)
    } completion: { result in
      wait.end(result.waitOutcome)
      completion(result)
    }
  }

  private func perform(on worker: WorkerContext) -> Result<Value, CallError> {
    defer { worker.giveDatabaseBack() }
    do {
      return .success(try body(StoreAccess(worker: worker)))
    } catch {
      return .failure(error)
    }
  }
}
