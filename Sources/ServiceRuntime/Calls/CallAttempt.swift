import ChainModel
import Topology
import TraceLog

/// One attempt at a call, whoever makes it: what the log says of it, what its callee is told, and what follows if it
/// fails. Every attempt is a client span of its own.
struct CallAttempt: Sendable {
  let exchange: Exchange
  let edge: CallEdge
  let path: String
  let span: SpanID
  /// Counted from 1.
  let number: Int
  /// Nil without a policy.
  private let terms: CallEdge.Terms?
  private var pass: CallGate.Pass?
  /// Which replica is called, once it may be.
  private var place: CalleeTarget?

  /// The first attempt at a call.
  init(_ exchange: Exchange, _ callee: ServiceName, _ path: String, span: SpanID) {
    self.exchange = exchange
    edge = exchange.core.edge(callee)
    self.path = path
    self.span = span
    number = 1
    terms = edge.terms
  }

  private init(after attempt: CallAttempt, span: SpanID) {
    exchange = attempt.exchange
    edge = attempt.edge
    path = attempt.path
    self.span = span
    number = attempt.number + 1
    terms = attempt.terms
  }

  /// The attempt after this one has failed.
  func next(span: SpanID) -> CallAttempt { CallAttempt(after: self, span: span) }

  var callee: ServiceName { edge.callee }

  /// The wait for its answer is a wait for this.
  var target: UInt32 { called.name }

  var url: String { called.url(path) }

  /// The replica it goes to.
  var called: CalleeTarget {
    guard let place else { preconditionFailure("an attempt that has not begun has nobody to call") }
    return place
  }

  var keepsConnection: Bool { terms?.policy.keepAlive ?? true }

  /// How long it may take, from now.
  var timeout: Duration {
    min(
      terms?.policy.timeout ?? exchange.core.configuration.timeout,
      exchange.deadline.remaining(at: Monotonic.now()))
  }

  // MARK: From beginning to end

  /// Begins the attempt's span, and asks whether it may be made; if not, its span has ended.
  ///
  /// The span begins before the gate is asked and no wait begins before it has answered: so the log shows that no call
  /// is made while a breaker is open.
  mutating func begin(by scribe: Scribe) -> CallError? {
    scribe.write(
      Record(
        kind: .spanStart, trace: exchange.context.trace, span: span.rawValue, other: exchange.context.span.rawValue,
        detail: SpanKind.client.rawValue, name: exchange.core.names.call(callee), arg: UInt32(number)))
    if let refusal = refusal(by: scribe) {
      end(.failure(refusal), by: scribe)
      return refusal
    }
    // Counted from now on, also while the call waits for a thread: the replica drains until it has ended.
    place = exchange.core.callees.beginCall(to: callee)
    return nil
  }

  private mutating func refusal(by scribe: Scribe) -> CallError? {
    if let refusal = exchange.refusal { return refusal }
    guard let terms else { return nil }
    switch edge.enter(terms, isFirst: number == 1, by: scribe) {
    case .success(let pass):
      self.pass = pass
      return nil
    case .failure(let error): return error
    }
  }

  /// The attempt is over, but for its span.
  /// - Returns: the back-off after which the next one is to be made; nil when this was the last.
  func settle(_ result: Result<CalleeAnswer, CallError>, by scribe: Scribe) -> Duration? {
    called.endCall()
    guard let terms, let pass else { return nil }
    var failure: CallError?
    if case .failure(let error) = result { failure = error }
    return edge.leave(terms, pass, attempt: number, error: failure, deadline: exchange.deadline, by: scribe)
  }

  /// Ends the attempt's span.
  func end(_ result: Result<CalleeAnswer, CallError>, by scribe: Scribe) {
    var record = Record(kind: .spanEnd, trace: exchange.context.trace, span: span.rawValue)
    switch result {
    case .success: record.arg = 200
    case .failure(let error):
      if case .answered(_, let status) = error { record.arg = UInt32(status) }
      record.name = exchange.core.names.id(error.row.errorType)
    }
    scribe.write(record)
  }

  /// What is waited before the next attempt.
  func rest(_ pause: Duration) -> FaultPlan.Sleep {
    FaultPlan.Sleep(duration: pause, label: exchange.core.names.backoff, flags: [])
  }

  /// The headers that a call carries: trace context, and unless the policy keeps it back, how long the caller will wait.
  func headers(timeout: Duration) -> [(String, String)] {
    var context = exchange.context
    context.span = span
    var headers = [(TraceContext.parentHeader, context.parent)]
    if !context.state.isEmpty { headers.append((TraceContext.stateHeader, context.state)) }
    if terms?.policy.deadline ?? true {
      headers.append((Deadline.header, String(max(1, timeout.milliseconds))))
    }
    if !keepsConnection { headers.append(("connection", "close")) }
    return headers
  }
}
