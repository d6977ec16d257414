import ChainModel
import EventLoop
import Glibc

/// A call under way, which completes once: with its answer, its timeout, or because its caller went away.
final class PendingCall: ClientCall {
  let callee: ServiceName
  private var completion: ((Result<CalleeAnswer, CallError>) -> Void)?
  private var exchange: Exchange?
  /// Of its giving up, should its caller go away.
  var token = 0
  /// While it is under way. Not weak: that would make every use of the connection dearer.
  var connection: ClientConnection?

  init(
    callee: ServiceName, for exchange: Exchange, completion: @escaping (Result<CalleeAnswer, CallError>) -> Void
  ) {
    self.callee = callee
    self.exchange = exchange
    self.completion = completion
  }

  var isDone: Bool { completion == nil }

  /// Its time is up, if it has not ended.
  func expire() { give(up: .timeout(callee)) }

  /// Gives up; the connection is closed, which tells the callee.
  func give(up error: CallError) {
    let connection = connection
    complete(.failure(error))
    connection?.giveUp()
  }

  func answered(status: Int, body: [UInt8]) {
    complete(
      (200..<300).contains(status)
        ? .success(CalleeAnswer(body: body)) : .failure(.answered(callee, status: status)))
  }

  func failed(_ failure: ClientFailure) {
    switch failure {
    case .notConnected(let code):
      complete(.failure(code == EMFILE || code == ENFILE ? .shed(.descriptors) : .connectionRefused(callee)))
    case .reset: complete(.failure(.connectionReset(callee)))
    case .stale: complete(.failure(.staleConnection(callee)))
    case .malformed: complete(.failure(.malformedAnswer(callee)))
    }
  }

  private func complete(_ result: Result<CalleeAnswer, CallError>) {
    guard let completion else { return }
    exchange?.cancellation.remove(token)
    (self.completion, exchange, connection) = (nil, nil, nil)
    completion(result)
  }
}
