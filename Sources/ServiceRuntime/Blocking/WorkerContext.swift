import CPlatform
import ChainModel
import EventLoop
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
  let store: StoreHolder
  /// Answers are built in it.
  private(set) lazy var output = Output(capacity: 1024)
  let date = HTTPDate()
  /// What has been done for requests that live on a loop, and not been told to it.
  private var results: [(loop: EventLoop, job: EventLoop.Job)] = []

  init(environment: ServiceEnvironment, name: String, role: ThreadRole) {
    self.environment = environment
    self.name = name
    self.role = role
    store = StoreHolder(environment)
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

  // MARK: Results

  /// So many are kept, and for so long, before the loop is told: each time costs it a wake-up.
  private static let resultLimit = 16

  var hasResults: Bool { !results.isEmpty }

  /// Has the loop do this, with what else this thread finishes before it sleeps.
  func tell(_ loop: EventLoop, _ job: @escaping EventLoop.Job) {
    results.append((loop, job))
    if results.count >= Self.resultLimit { handOver() }
  }

  func handOver() {
    while let first = results.first {
      first.loop.execute(all: results.filter { $0.loop === first.loop }.map(\.job))
      results.removeAll { $0.loop === first.loop }
    }
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
