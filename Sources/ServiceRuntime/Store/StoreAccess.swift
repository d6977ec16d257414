package import ChainModel
import Glibc
import Synchronization
import TraceLog

/// What store work may touch where it is done.
package struct StoreAccess {
  let holder: StoreHolder

  /// A connection to the service's database, for this work alone.
  package func database() throws(CallError) -> Database { try holder.takeDatabase() }
}

/// What one thread needs for store work: its connection to the database, as long as it has one, and its names.
final class StoreHolder {
  private let environment: ServiceEnvironment
  private var database: Database?
  /// Found by the literal's address; there are few.
  private var labels: [(text: UnsafePointer<UInt8>, id: UInt32)] = []
  private var texts: [String: UInt32] = [:]

  init(_ environment: ServiceEnvironment) {
    self.environment = environment
  }

  fileprivate func takeDatabase() throws(CallError) -> Database {
    if let database { return database }
    let taken = try environment.databases.take()
    database = taken
    return taken
  }

  /// Does the work, and gives the database back: a thread that is blocked in a call holds none.
  func perform(_ work: StoreTask, for exchange: Exchange) -> CallError? {
    if work.isSlow(for: exchange) { usleep(UInt32(clamping: exchange.slowQuery.nanoseconds / 1000)) }
    defer {
      if let taken = database.take() { environment.databases.giveBack(taken) }
    }
    return work.body(StoreAccess(holder: self))
  }

  /// What the log calls the work.
  func label(_ label: StoreLabel, _ names: Names) -> UInt32 {
    switch label {
    case .literal(let text): return literal(text, names)
    case .text(let text):
      if let id = texts[text] { return id }
      let id = names.id(text)
      texts[text] = id
      return id
    }
  }

  private func literal(_ text: StaticString, _ names: Names) -> UInt32 {
    guard text.hasPointerRepresentation else { return names.id(text.description) }
    for label in labels where label.text == text.utf8Start { return label.id }
    let id = names.id(text.description)
    labels.append((text.utf8Start, id))
    return id
  }
}

/// Store work without its type: what is handed from thread to thread.
package struct StoreTask {
  let cause: WaitCause
  let label: StoreLabel
  let body: (StoreAccess) -> CallError?

  /// - Parameters:
  ///   - cause: `database` or `file`.
  ///   - label: what the log calls it.
  ///   - body: does it; returns why it has failed, if so.
  package init(_ cause: WaitCause, _ label: StoreLabel, _ body: @escaping (StoreAccess) -> CallError?) {
    self.cause = cause
    self.label = label
    self.body = body
  }

  /// Whether a fault makes it so.
  fileprivate func isSlow(for exchange: Exchange) -> Bool { cause == .database && exchange.slowQuery > .zero }

  /// What the log says of the wait for it, beside whether it holds a thread.
  fileprivate func flags(for exchange: Exchange) -> WaitFlags { isSlow(for: exchange) ? .injected : WaitFlags() }
}

/// Where the value of store work is put. Its code belongs to whoever has a value: for other modules it would be code for
/// any type, which looks its type up while it runs.
package final class StoreResult<Value: Sendable>: @unchecked Sendable {  // written by one thread, then read
  package var value: Value?

  @inlinable package init() {}

  /// The work, to be handed to the thread that does it.
  @inlinable package func task(_ work: StoreWork<Value>) -> StoreTask {
    StoreTask(work.cause, work.label) { access in
      do throws(CallError) {
        self.value = try work.body(access)
        return nil
      } catch {
        return error
      }
    }
  }

  /// What came of it, given how the task has ended.
  @inlinable package func get(_ error: CallError?) -> Result<Value, CallError> {
    if let value { return .success(value) }
    return .failure(error ?? .cancelled)
  }
}

extension StoreTask {
  /// On the request's own thread, which waits for it.
  func run(on worker: WorkerContext, for exchange: Exchange) -> CallError? {
    let target = worker.store.label(label, exchange.core.names)
    let done = worker.waiting(
      cause, target: target, id: worker.nextWait(), flags: flags(for: exchange).union(.held), for: exchange
    ) {
      worker.store.perform(self, for: exchange).map { .failure($0) } ?? .success(())
    }
    if case .failure(let error) = done { return error }
    return nil
  }

  /// On a thread of the pool, while the request is suspended; `completion` runs on the request's loop.
  func run(on pool: WorkerPool, for exchange: Exchange, completion: @escaping (CallError?) -> Void) {
    let loop = exchange.loop
    let target = loop.store.label(label, exchange.core.names)
    let wait = LoopWait(
      cause, target: target, id: loop.nextSpan().rawValue, flags: flags(for: exchange), for: exchange)
    HiredWork(exchange: exchange, wait: wait, name: target).run(on: pool, isBatched: pool === exchange.core.storePool) {
      worker in
      worker.store.perform(self, for: exchange)
    } completion: { error in
      wait.end(error.waitOutcome)
      completion(error)
    }
  }

  /// On the request's loop, where everybody waits for it.
  func run(onLoopOf exchange: Exchange, completion: @escaping (CallError?) -> Void) {
    let loop = exchange.loop
    if let refusal = exchange.refusalOfWork { return completion(refusal) }
    exchange.isWorkedFor.store(true, ordering: .relaxed)
    let target = loop.store.label(label, exchange.core.names)
    let wait = LoopWait(
      cause, target: target, id: loop.nextSpan().rawValue, flags: flags(for: exchange).union(.held), for: exchange)
    let error = loop.store.perform(self, for: exchange)
    wait.end(error.waitOutcome)
    completion(error)
  }
}

extension CallError? {
  fileprivate var waitOutcome: WaitOutcome {
    (map { .failure($0) } ?? Result<Void, CallError>.success(())).waitOutcome
  }
}
