import Atomics
import ChainModel
import EventLoop
import Topology

/// One client of the service port: admits its requests and gives their answers.
final class ServiceConnection: RequestHandler, AnswerTaker {
  private let front: LoopFront
  private let connection: ServerConnection
  /// How many connections more than the limit there were when this one came, with it.
  private let excess: Int
  private var arrival: Arrival?
  /// Admitted and not answered.
  private var exchange: Exchange?
  private var isFresh = true

  /// So many connections over the limit are kept until their request has come, which is then refused in good order. More
  /// than that are told at once: they could take the descriptors that calls and the control port need.
  static let patientExcess = 32
  /// What a refused client is told to wait, in seconds.
  private static let retryAfter = "1"

  init(_ connection: ServerConnection, front: LoopFront) {
    self.connection = connection
    self.front = front
    excess =
      front.core.connections.wrappingIncrementThenLoad(ordering: .relaxed) - front.core.limits.connections
    guard excess > Self.patientExcess else { return }
    front.core.metrics.shed(ShedReason.connectionLimit.rawValue)
    dismiss(.shed(.connectionLimit))
  }

  func closed() {
    front.core.connections.wrappingDecrement(ordering: .relaxed)
    leaveGate()
    _ = abandonArrival(.cancelled)
    // Nobody is there to be answered, nor perhaps a loop to say so once it is done.
    let left = exchange
    exchange = nil
    guard front.core.admission.leave == .cancel || front.admission.loop.isEnding else { return }
    left?.cancellation.cancel()
  }

  // MARK: Requests

  func began(_ head: RequestHead) {
    if head.asksForMethods {
      connection.answer(Reply(204, "", [], fields: ["allow: \(Admission.everywhere)"], closes: excess > 0))
      return leaveGate()
    }
    let arrival = front.admission.arrive(head, client: self)
    self.arrival = arrival
    // Who asks before sending the rest is told at once that it is not wanted.
    if arrival.error != nil, head.expectsContinue { complete() }
  }

  func received(_ bytes: UnsafeRawBufferPointer) {}

  func complete() {
    guard let arrival, exchange == nil else { return }
    self.arrival = nil
    exchange = arrival.exchange
    front.admission.admit(arrival, from: ClientSocket(connection), overConnectionLimit: excess > 0)
    leaveGate()
  }

  func refused(_ reason: RequestRefusal) {
    let error = CallError(reason)
    if case .bodyTooLarge = reason, arrival != nil {
      // It is known well enough to be refused as a request.
      if arrival?.error == nil { arrival?.error = error }
      return complete()
    }
    if !abandonArrival(error) { front.core.metrics.shed(error.row.errorType) }
    dismiss(error)
  }

  private func leaveGate() {
    guard isFresh else { return }
    isFresh = false
    front.gate?.decided()
  }

  /// Ends, in the log, a request whose head has come and whose body will not.
  /// - Returns: whether there was one.
  private func abandonArrival(_ error: CallError) -> Bool {
    guard let arrival else { return false }
    self.arrival = nil
    arrival.exchange.abandon(error, by: arrival.exchange.loop.scribe)
    return true
  }

  // MARK: Answers

  func take(_ result: Result<Answer, CallError>) {
    guard let exchange else { return }
    self.exchange = nil
    switch result {
    case .success(let answer):
      connection.answer(Reply(answer.status, answer.contentType, answer.body, closes: excess > 0))
    case .failure(.injectedReset): connection.reset()
    case .failure(let error): connection.answer(reply(error, trace: exchange.context.trace))
    }
  }

  /// The same, by the thread that has worked for the request. What touches more than the answer is left to the loop.
  func take(_ result: Result<Answer, CallError>, of exchange: Exchange, from worker: WorkerContext) {
    switch result {
    case .success(let answer):
      let reply = Reply(answer.status, answer.contentType, answer.body, closes: excess > 0)
      connection.answer(reply, directlyWith: worker.output, worker.date)
    case .failure(.injectedReset): exchange.loop.eventLoop.execute { [self] in take(result) }
    case .failure(let error):
      let reply = reply(error, trace: exchange.context.trace)
      connection.answer(reply, directlyWith: worker.output, worker.date)
    }
  }

  func answered() { exchange = nil }

  private func dismiss(_ error: CallError) { connection.dismiss(reply(error, trace: nil)) }

  private func reply(_ error: CallError, trace: TraceID?) -> Reply {
    var fields: [String] = []
    if case .shed = error { fields.append("retry-after: \(Self.retryAfter)") }
    if case .methodNotAllowed(let allowed) = error { fields.append("allow: \(allowed)") }
    let answer = Problem(error, service: front.core.environment.replica, trace: trace).answer
    return Reply(answer.status, answer.contentType, answer.body, fields: fields, closes: excess > 0)
  }
}

/// Who is given a request's answer, on its loop, once.
protocol AnswerTaker: AnyObject {
  func take(_ result: Result<Answer, CallError>)
  func take(_ result: Result<Answer, CallError>, of exchange: Exchange, from worker: WorkerContext)
}
