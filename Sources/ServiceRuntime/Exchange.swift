import Atomics
import ChainModel
import EventLoop
import Synchronization
import TraceLog

/// One request on its way through the service, from its head to its answer.
///
/// It is handed from its event loop to a worker and back: one thread at a time touches its variables, except
/// `cancellation`, which locks, and `isWorkedFor`.
final class Exchange: @unchecked Sendable {  // handed over, never shared: see above
  let core: ServiceCore
  let loop: LoopContext
  let route: Route
  let routeIndex: Int
  let parameters: PathParameters
  let query: String
  /// All fields of the head, where a fault in force asks for one.
  let fields: [(name: String, value: String)]
  /// This request's own server span, in the caller's trace.
  let context: TraceContext
  let arrivedAt: UInt64
  let deadline: Deadline
  let cancellation = Cancellation()
  /// The model it was admitted in; it finishes in it.
  var model = IOModel.blocking
  /// Whether a thread of a pool has begun to work for a request that lives on a loop. Several may do so at once, for a
  /// function that waits for more than one thing.
  let isWorkedFor = Atomic(false)
  /// How much longer a fault makes each of its queries.
  var slowQuery = Duration.zero
  /// Is given the answer, once, on the loop.
  private let client: any AnswerTaker

  init(
    core: ServiceCore, loop: LoopContext, routeIndex: Int, parameters: PathParameters, query: String,
    fields: [(name: String, value: String)], context: TraceContext, arrivedAt: UInt64, deadline: Deadline,
    client: any AnswerTaker
  ) {
    self.core = core
    self.loop = loop
    route = core.router.routes[routeIndex]
    self.routeIndex = routeIndex
    self.parameters = parameters
    self.query = query
    self.fields = fields
    self.context = context
    self.arrivedAt = arrivedAt
    self.deadline = deadline
    self.client = client
  }

  /// Why the request must not be worked on any more, if so.
  var refusal: CallError? {
    if cancellation.isCancelled { return .cancelled }
    return deadline.hasPassed(at: Monotonic.now()) ? .deadlineExceeded : nil
  }

  /// Why the request must not be started, if so: for what cannot be done in time, nothing is begun.
  var refusalAtStart: CallError? { refusal ?? (isTooLate ? .shed(.late) : nil) }

  /// Whether too little is left before the deadline to begin; false where no rule says how much must be.
  var isTooLate: Bool { core.admission.isTooLate(for: deadline) }

  /// Why a pool's thread must not work for the request, if so. What has been begun is not given up for being late.
  var refusalOfWork: CallError? { isWorkedFor.load(ordering: .relaxed) ? refusal : refusalAtStart }

  func record(_ kind: RecordKind, detail: UInt8 = 0, name: UInt32 = 0, arg: UInt32 = 0, time: UInt64 = 0) -> Record {
    Record(
      kind: kind, time: time, trace: context.trace, span: context.span.rawValue, detail: detail, name: name, arg: arg)
  }

  /// A worker or loop starts the request.
  func begin(by scribe: Scribe) {
    scribe.write(record(.dequeue, detail: model.code))
  }

  /// The request is done: records its end and sends the answer. Called once, on the thread that worked last.
  func finish(_ result: Result<Answer, CallError>, by scribe: Scribe, on worker: WorkerContext? = nil) {
    var result = result
    if case .success = result, cancellation.isCancelled { result = .failure(.cancelled) }
    let row = result.failureRow
    let status = row?.status ?? 200
    let ended = scribe.write(
      record(.end, name: row.map { core.names.id($0.errorType) } ?? 0, arg: UInt32(status)))
    core.metrics.ended(route: routeIndex, status: status, nanoseconds: ended &- arrivedAt)
    send(result, on: worker)
  }

  /// The request is refused before anybody worked on it.
  func refuse(_ error: CallError, by scribe: Scribe, on worker: WorkerContext? = nil) {
    recordRefusal(error, by: scribe)
    send(.failure(error), on: worker)
  }

  /// The request never came whole: it was not admitted, and there is nothing to answer in its name.
  func abandon(_ error: CallError, by scribe: Scribe) {
    recordRefusal(error, by: scribe)
  }

  private func recordRefusal(_ error: CallError, by scribe: Scribe) {
    let row = error.row
    let time = scribe.write(record(.reject, name: core.names.id(row.errorType), arg: UInt32(row.status)))
    core.metrics.refused(route: routeIndex, status: row.status, reason: row.errorType, nanoseconds: time &- arrivedAt)
  }

  private func send(_ result: Result<Answer, CallError>, on worker: WorkerContext?) {
    core.inFlight.wrappingDecrement(ordering: .relaxed)
    loop.load.ended()
    if let worker {
      client.take(result, of: self, from: worker)
    } else if loop.eventLoop.isCurrent {
      client.take(result)
    } else {
      loop.eventLoop.execute { [self] in client.take(result) }
    }
  }
}

extension Result where Success == Answer, Failure == CallError {
  var failureRow: ErrorRow? {
    guard case .failure(let error) = self else { return nil }
    return error.row
  }
}
