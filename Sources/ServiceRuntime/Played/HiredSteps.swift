import ChainModel
import EventLoop
import TraceLog

/// What a request of the `blocking` model does at the same time: a thread is hired for each part, and the request's own
/// thread waits for all of them, as code does that gives its calls to an executor and joins them.
enum HiredSteps {
  /// Does one of the parts, on the thread that was hired for it.
  typealias Part = (_ number: Int, _ request: BlockingRequest) -> CallError?

  /// Ends when the last part has ended, also when one fails or the caller goes away, which wakes them all.
  /// - Throws: the error of the part that failed first.
  static func run(
    _ count: Int, for exchange: Exchange, on worker: WorkerContext, _ part: @escaping Part
  ) throws(CallError) {
    let core = exchange.core
    core.keepHired()
    let join = Join(count)
    let id = worker.nextWait()
    let label = core.names.id("\(count) at the same time")
    for number in 0..<count {
      let accepted = core.hired.submit(ignoringLimit: true) { hired in
        join.end(
          perform(exchange, hired, wait: id, label) { part(number, BlockingRequest(exchange: exchange, worker: hired)) }
        )
      }
      if !accepted { join.end(.shed(.queueFull)) }
    }
    try worker.waiting(.join, target: label, id: id, for: exchange) { join.wait() }.get()
  }

  private static func perform(
    _ exchange: Exchange, _ hired: WorkerContext, wait: UInt64, _ label: UInt32, _ body: () -> CallError?
  ) -> CallError? {
    if let refusal = exchange.refusal { return refusal }
    func record(_ kind: RecordKind) -> Record {
      Record(
        kind: kind, trace: exchange.context.trace, span: exchange.context.span.rawValue, other: wait, name: label)
    }
    hired.scribe.write(record(.workStart))
    defer { hired.scribe.write(record(.workEnd)) }
    return hired.working(for: exchange, body)
  }

  private final class Join: @unchecked Sendable {  // its variables are touched within `condition.withLock` only
    private let condition = Condition()
    private var rest: Int
    private var error: CallError?

    init(_ count: Int) {
      rest = count
    }

    func end(_ error: CallError?) {
      condition.withLock {
        self.error = self.error ?? error
        rest -= 1
        if rest == 0 { condition.broadcast() }
      }
    }

    func wait() -> Result<Void, CallError> {
      condition.withLock {
        while rest > 0 { _ = condition.wait(until: .max) }
        return error.map { .failure($0) } ?? .success(())
      }
    }
  }
}
