import Topology
import ChainModel
import TraceLog

/// Runs a request on a worker thread of its own, from its first line to its answer.
struct BlockingHost: Host {
  func admit(_ exchange: Exchange) {
    let core = exchange.core
    let scribe = exchange.loop.scribe
    let queued = UInt32(clamping: core.workers.snapshot.queued)
    let enqueuedAt = Monotonic.now()
    // With `overflow: backlog` the listener stops accepting instead; who is connected already gets a place.
    let accepted = core.workers.submit(ignoringLimit: core.configuration.overflow == .backlog) { worker in
      Self.run(exchange, on: worker)
    }
    guard accepted else { return exchange.refuse(.shed(.queueFull), by: scribe) }
    scribe.write(exchange.record(.enqueue, arg: queued, time: enqueuedAt))
  }

  private static func run(_ exchange: Exchange, on worker: WorkerContext) {
    if let refusal = exchange.refusalAtStart { return exchange.refuse(refusal, by: worker.scribe, on: worker) }
    exchange.begin(by: worker.scribe)
    let result = worker.working(for: exchange) { serve(exchange, on: worker) }
    exchange.finish(result, by: worker.scribe, on: worker)
  }

  private static func serve(_ exchange: Exchange, on worker: WorkerContext) -> Result<Answer, CallError> {
    do {
      try worker.suffer(exchange.core.faults.plan(for: exchange), for: exchange)
      return .success(try exchange.route.handler.blocking(BlockingRequest(exchange: exchange, worker: worker)))
    } catch {
      return .failure(error)
    }
  }
}
