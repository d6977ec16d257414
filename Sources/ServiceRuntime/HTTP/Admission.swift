import Atomics
import ChainModel
import NIOHTTP1
import TraceLog

/// Takes a request in: stamps its arrival, decides whether it is served at all, and hands it to the IO model in force.
struct Admission {
  let core: ServiceCore
  let loop: LoopContext
  let socket: ClientSocket

  /// Name of the route of requests that match none.
  static let unmatched = "(no route)"

  /// The head has been read.
  func arrive(_ head: HTTPRequestHead, respond: @escaping (Result<Answer, CallError>) -> Void) -> Arrival {
    let now = Monotonic.now()
    let caller = TraceContext(
      parents: head.headers[TraceContext.parentHeader], states: head.headers[TraceContext.stateHeader])
    let context = TraceContext(
      trace: caller?.trace ?? loop.nextTrace(), span: loop.nextSpan(), sampled: caller?.sampled ?? true,
      random: caller?.random ?? true, state: caller?.state ?? "")
    let (path, query) = Self.split(head.uri)
    let (index, parameters, error) = route(head.method.rawValue, path)
    let deadline = head.headers.first(name: Deadline.header).flatMap { Deadline(header: $0, receivedAt: now) }
    let exchange = Exchange(
      core: core, loop: loop, routeIndex: index, parameters: parameters, query: query, headers: head.headers,
      context: context, arrivedAt: now, deadline: deadline ?? .never, respond: respond)
    var record = exchange.record(.arrive, name: core.names.route(index), arg: caller == nil ? 0 : 1, time: now)
    record.other = caller?.span.rawValue ?? 0
    loop.scribe.write(record)
    if let user = parameters["username"] { recordUser(user, of: exchange) }
    return Arrival(exchange: exchange, error: error)
  }

  /// The request is complete: serve it, or refuse it.
  func admit(_ arrival: Arrival, overConnectionLimit: Bool) {
    let exchange = arrival.exchange
    let inFlight = core.inFlight.wrappingIncrementThenLoad(ordering: .relaxed)
    loop.load.begun()
    if let error = arrival.error { return exchange.refuse(error, by: loop.scribe) }
    if overConnectionLimit { return exchange.refuse(.shed(.connectionLimit), by: loop.scribe) }
    if inFlight > core.admission.inFlightLimit { return exchange.refuse(.shed(.inFlightLimit), by: loop.scribe) }
    if isOverloaded(at: exchange.arrivedAt) { return exchange.refuse(.shed(.overload), by: loop.scribe) }
    if exchange.deadline.hasPassed(at: Monotonic.now()) { return exchange.refuse(.deadlineExceeded, by: loop.scribe) }
    core.modes.admit(exchange)
  }

  /// In `blocking`, the pool's queue says what is too much.
  private func isOverloaded(at now: UInt64) -> Bool {
    guard core.admission.isAdaptive, core.modes.model != .blocking else { return false }
    return !loop.load.admits(from: socket, least: core.admission.leastInFlight, at: now)
  }

  private func route(_ method: String, _ path: Substring) -> (Int, PathParameters, CallError?) {
    let unmatched = core.router.unmatched
    switch core.router.match(method: method, path: path) {
    case .found(let index, let parameters): return (index, parameters, nil)
    case .notFound: return (unmatched, PathParameters(), .notFound("path here"))
    case .methodNotAllowed(let allowed): return (unmatched, PathParameters(), .methodNotAllowed(allowed: allowed))
    case .malformed: return (unmatched, PathParameters(), .badRequest("the path is no percent-encoded UTF-8"))
    }
  }

  private static func split(_ uri: String) -> (path: Substring, query: String) {
    guard let mark = uri.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (uri[...], "") }
    return (uri[..<mark], String(uri[uri.index(after: mark)...]))
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
