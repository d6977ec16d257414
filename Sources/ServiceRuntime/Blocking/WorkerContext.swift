import CPlatform
import ChainModel
import TraceLog

/// What belongs to one thread of a pool: its pen, its ids, its connection to callees.
final class WorkerContext: @unchecked Sendable {  // owned by its thread; only `interrupt` is touched by others
  let environment: ServiceEnvironment
  let name: String
  let role: ThreadRole
  let scribe: Scribe
  let interrupt = Interrupt()
  private var ids = IDGenerator()
  private(set) lazy var curl = CurlClient(interrupt: interrupt)
  private var database: Database?

  init(environment: ServiceEnvironment, name: String, role: ThreadRole) {
    self.environment = environment
    self.name = name
    self.role = role
    scribe = environment.scribe(thread: chain_thread_id())
  }

  func nextSpan() -> SpanID { ids.nextSpan() }

  /// A fresh id for a wait that is no call.
  func nextWait() -> UInt64 { ids.next() }

  func announce() {
    environment.announceThread(name: name, role: role, scribe: scribe)
  }

  func retire() {
    environment.retireThread(role: role, scribe: scribe)
  }

  /// A connection to the service's database, this thread's until it gives it back.
  func takeDatabase() throws(CallError) -> Database {
    if let database { return database }
    let taken = try environment.databases.take()
    database = taken
    return taken
  }

  func giveDatabaseBack() {
    guard let taken = database.take() else { return }
    environment.databases.giveBack(taken)
  }

  /// Runs a job for a request whose caller may leave: the thread is woken then.
  func working<Value>(for exchange: Exchange, _ body: () -> Value) -> Value {
    let ticket = interrupt.nextTicket()
    let token = exchange.cancellation.onCancel { [interrupt] in interrupt.interrupt(ticket) }
    defer { exchange.cancellation.remove(token) }
    return body()
  }

  /// Holds this thread in the given wait while the body runs, and says so in the log before it starts.
  func waiting<Value>(
    _ cause: WaitCause, target: UInt32, id: UInt64, flags: WaitFlags = .held, for exchange: Exchange,
    _ body: () -> Result<Value, CallError>
  ) -> Result<Value, CallError> {
    let span = exchange.context
    scribe.write(
      Record(
        kind: .waitStart, trace: span.trace, span: span.span.rawValue, other: id, detail: cause.rawValue, name: target,
        arg: flags.rawValue))
    let result = body()
    scribe.write(
      Record(
        kind: .waitEnd, trace: span.trace, span: span.span.rawValue, other: id, detail: result.waitOutcome.rawValue,
        name: target, arg: flags.rawValue))
    return result
  }
}

extension Result where Failure == CallError {
  var waitOutcome: WaitOutcome {
    switch self {
    case .success: .ok
    case .failure(.timeout), .failure(.deadlineExceeded): .timeout
    case .failure(.cancelled): .cancelled
    case .failure(.answered): .ok  // the wait ended well; the answer is what failed
    case .failure: .error
    }
  }
}
