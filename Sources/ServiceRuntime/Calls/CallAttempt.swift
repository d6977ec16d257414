package import ChainModel
import EventLoop
import Topology
import TraceLog

/// What is asked of a callee.
package struct CallRequest: Sendable {
  var callee: ServiceName
  var method: String
  var path: String

  package init(_ callee: ServiceName, _ path: String, method: String = "GET") {
    (self.callee, self.method, self.path) = (callee, method, path)
  }
}

/// One attempt at a call, whoever makes it: what the log says of it, what its callee is told, and what follows if it
/// fails. Every attempt is a client span of its own.
struct CallAttempt: Sendable {
  let exchange: Exchange
  let edge: CallEdge
  let request: CallRequest
  let span: SpanID
  /// Counted from 1.
  let number: Int
  /// It repeats one whose connection turned out to be closed: that is nobody's failure, and asks for no policy.
  private let isRepeat: Bool
  private let repeats: Int
  /// Nil without a policy.
  private let terms: CallEdge.Terms?
  private var pass: CallGate.Pass?
  /// Which replica is called, once it may be.
  private var place: CalleeTarget?

  /// The first attempt at a call.
  init(_ exchange: Exchange, _ request: CallRequest, span: SpanID) {
    self.exchange = exchange
    edge = exchange.core.edge(request.callee)
    self.request = request
    self.span = span
    number = 1
    isRepeat = false
    repeats = 0
    terms = edge.terms
  }

  private init(after attempt: CallAttempt, span: SpanID, isRepeat: Bool) {
    exchange = attempt.exchange
    edge = attempt.edge
    request = attempt.request
    self.span = span
    number = attempt.number + 1
    self.isRepeat = isRepeat
    repeats = attempt.repeats + (isRepeat ? 1 : 0)
    terms = attempt.terms
  }

  /// The attempt after this one has failed.
  func next(span: SpanID, isRepeat: Bool = false) -> CallAttempt {
    CallAttempt(after: self, span: span, isRepeat: isRepeat)
  }

  /// Whether it is made again at once, on a new connection: the callee had closed the one that was kept, and has not
  /// seen the request (RFC 9112 9.3.1).
  func isToBeRepeated(_ result: Result<CalleeAnswer, CallError>) -> Bool {
    if case .failure(.staleConnection) = result { !isRepeat } else { false }
  }

  var needsNewConnection: Bool { isRepeat || !keepsConnection }

  var callee: ServiceName { edge.callee }

  /// The wait for its answer is a wait for this.
  var target: UInt32 { called.name }

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
        detail: SpanKind.client.rawValue, name: edge.callName, arg: UInt32(number)))
    if let refusal = refusal(by: scribe) {
      end(.failure(refusal), by: scribe)
      return refusal
    }
    // Counted from now on, also while the call waits for a thread: the replica drains until it has ended.
    place = edge.replicas.beginCall()
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
    var failure: CallError?
    if case .failure(let error) = result { failure = error }
    called.endCall(failure)
    guard let terms, let pass else { return nil }
    return edge.leave(terms, pass, attempt: number - repeats, error: failure, deadline: exchange.deadline, by: scribe)
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
    FaultPlan.Sleep(duration: pause, label: exchange.core.names.backoff, flags: WaitFlags())
  }

  /// The request as it goes over the wire: with its trace context and, unless the policy keeps it back, how long the
  /// caller will wait.
  func write(to output: Output, timeout: Duration) {
    output.append(request.method)
    output.append(" ")
    output.append(request.path)
    output.append(" HTTP/1.1\r\nhost: ")
    output.append(called.authority)
    output.append("\r\ntraceparent: ")
    var context = exchange.context
    context.span = span
    context.withParent { output.append($0) }
    if !context.state.isEmpty {
      output.append("\r\ntracestate: ")
      output.append(context.state)
    }
    if terms?.policy.deadline ?? true {
      output.append("\r\nchainlab-timeout-ms: ")
      output.append(number: max(1, Int(clamping: timeout.millisecondsRoundedUp)))
    }
    if request.method != "GET" { output.append("\r\ncontent-length: 0") }
    if !keepsConnection { output.append("\r\nconnection: close") }
    output.append("\r\n\r\n")
  }
}
