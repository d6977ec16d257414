import Atomics
import ChainModel
import EventLoop
import Topology
import TraceLog

/// Takes a request in: stamps its arrival, decides whether it is served at all, and hands it to the IO model in force.
struct Admission {
  let core: ServiceCore
  let loop: LoopContext

  /// Name of the route of requests that match none.
  static let unmatched = "(no route)"

  /// The head has been read.
  func arrive(_ head: RequestHead, client: any AnswerTaker) -> Arrival {
    let now = Monotonic.now()
    let caller = Self.caller(head.fields)
    let context = TraceContext(
      trace: caller?.trace ?? loop.nextTrace(), span: loop.nextSpan(), sampled: caller?.sampled ?? true,
      random: caller?.random ?? true, state: caller?.state ?? "")
    let target = RequestTarget(head.target)
    let (index, parameters, error) = route(head, target)
    let deadline = head.fields.first(Self.deadlineHeader).flatMap { Deadline(header: $0.text, receivedAt: now) }
    let exchange = Exchange(
      core: core, loop: loop, routeIndex: index, parameters: parameters, query: target?.query.text ?? "",
      fields: core.faults.wantsFields ? head.fields.all : [], context: context, arrivedAt: now,
      deadline: deadline ?? .never, client: client)
    var record = exchange.record(.arrive, name: core.names.route(index), arg: caller == nil ? 0 : 1, time: now)
    record.other = caller?.span.rawValue ?? 0
    loop.scribe.write(record)
    if let user = parameters["username"] { recordUser(user, of: exchange) }
    return Arrival(exchange: exchange, error: error)
  }

  private static let deadlineHeader: StaticString = "chainlab-timeout-ms"

  private static func caller(_ fields: FieldList) -> TraceContext? {
    var (parent, count): (Piece?, Int) = (nil, 0)
    fields.forEach("traceparent") {
      parent = $0
      count += 1
    }
    guard count == 1, let parent else { return nil }
    return TraceContext(parent: parent.bytes, states: fields.values("tracestate"))
  }

  /// The request is complete: serve it, or refuse it.
  func admit(_ arrival: Arrival, from socket: ClientSocket, overConnectionLimit: Bool) {
    let exchange = arrival.exchange
    let inFlight = core.inFlight.wrappingIncrementThenLoad(ordering: .relaxed)
    loop.load.begun()
    if let error = arrival.error { return exchange.refuse(error, by: loop.scribe) }
    if overConnectionLimit { return exchange.refuse(.shed(.connectionLimit), by: loop.scribe) }
    if inFlight > core.admission.inFlightLimit { return exchange.refuse(.shed(.inFlightLimit), by: loop.scribe) }
    if isOverloaded(socket, at: exchange.arrivedAt) { return exchange.refuse(.shed(.overload), by: loop.scribe) }
    if exchange.deadline.hasPassed(at: Monotonic.now()) { return exchange.refuse(.deadlineExceeded, by: loop.scribe) }
    core.modes.admit(exchange)
  }

  /// In `blocking`, the pool's queue says what is too much.
  private func isOverloaded(_ socket: ClientSocket, at now: UInt64) -> Bool {
    guard core.admission.isAdaptive, !core.modes.model.holdsThread else { return false }
    return !loop.load.admits(from: socket, least: core.admission.leastInFlight, at: now)
  }

  private func route(_ head: RequestHead, _ target: RequestTarget?) -> (Int, PathParameters, CallError?) {
    let unmatched = core.router.unmatched
    func refused(_ error: CallError) -> (Int, PathParameters, CallError?) { (unmatched, PathParameters(), error) }
    guard let target else {
      if head.isMethod("CONNECT") { return refused(.methodNotAllowed(allowed: Self.everywhere)) }
      return refused(.badRequest("the request's target is no path"))
    }
    if let error = strangerError(head, target) { return refused(error) }
    switch core.router.match(method: head.method, path: target.path) {
    case .found(let index, let parameters): return (index, parameters, nil)
    case .notFound: return refused(.notFound("path here"))
    case .methodNotAllowed(let allowed): return refused(.methodNotAllowed(allowed: allowed))
    case .malformed: return refused(.badRequest("the path is no percent-encoded UTF-8"))
    }
  }

  static let everywhere = "GET, HEAD"

  /// Requests are for this host, by programs: a page from elsewhere must not be able to read answers, by giving its own
  /// name this host's address, or to make the service write.
  private func strangerError(_ head: RequestHead, _ target: RequestTarget) -> CallError? {
    do throws(HTTPRefusal) {
      let host = try head.host(target)
      if let host, !loop.knowsHost(host, of: core) {
        return .misdirected(host.text, expected: core.configuration.address)
      }
      return LoopbackCheck.allows(origins: head.fields.values("origin")) ? nil : .foreignOrigin
    } catch {
      return .badRequest("a request needs one Host field")
    }
  }

  /// The user's name goes into the log as text: names are not interned, there may be any number of them.
  private func recordUser(_ user: String, of exchange: Exchange) {
    let bytes = Array(user.utf8.prefix(72))
    for offset in stride(from: 0, to: bytes.count, by: 24) {
      let part = bytes[offset..<min(offset + 24, bytes.count)]
      var record = exchange.record(
        .attribute, detail: UInt8(part.count), name: core.names.userKey, arg: UInt32(offset), time: exchange.arrivedAt)
      record.text = part
      loop.scribe.write(record)
    }
  }
}

/// A request whose head has been read.
struct Arrival {
  let exchange: Exchange
  /// Why it will be refused once it is complete.
  var error: CallError?
}

/// Answers requests that no route matches; `Admission` has refused them before.
struct UnmatchedHandler: Handler {
  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer { throw .notFound("path here") }

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    completion(.failure(.notFound("path here")))
  }

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer { throw .notFound("path here") }
}
