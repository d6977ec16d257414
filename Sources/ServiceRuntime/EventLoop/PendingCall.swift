import ChainModel

/// A call under way, which completes once: with its answer, its timeout, or because its caller went away.
final class PendingCall {
  let callee: ServiceName
  /// Whether it may use a connection again, and keep it; otherwise it makes one of its own.
  let keepsConnection: Bool
  private var completion: ((Result<CalleeAnswer, CallError>) -> Void)?
  /// While it is under way. Not weak: that would make every use of the connection dearer.
  var connection: CalleeConnection?

  init(
    callee: ServiceName, keepsConnection: Bool, completion: @escaping (Result<CalleeAnswer, CallError>) -> Void
  ) {
    self.callee = callee
    self.keepsConnection = keepsConnection
    self.completion = completion
  }

  var isDone: Bool { completion == nil }

  /// Its time is up, if it has not ended.
  func expire() { fail(.timeout(callee)) }

  /// Gives up; the connection is closed, which tells the callee.
  func fail(_ error: CallError) {
    let connection = connection
    complete(.failure(error))
    connection?.close()
  }

  func complete(_ result: Result<CalleeAnswer, CallError>) {
    guard let completion else { return }
    self.completion = nil
    connection = nil
    completion(result)
  }
}
