package import ChainModel
import Synchronization

/// Callees that are asked at the same time, in each style: over when the last has answered, with the answers in the order
/// of the requests. When one fails the others go on, and the error of the first to fail is thrown.
extension BlockingRequest {
  /// A thread is hired for each call, and this one waits for all.
  @available(*, noasync)
  package func getAll(_ requests: [CallRequest]) throws(CallError) -> [CalleeAnswer] {
    let answers = Answers(requests.count)
    try HiredSteps.run(requests.count, for: exchange, on: worker) { number, hired in
      do throws(CallError) {
        answers.keep(try hired.call(requests[number]), at: number)
        return nil
      } catch {
        return error
      }
    }
    return answers.all
  }
}

extension CallbackRequest {
  /// `completion` is called once, on the loop.
  package func getAll(
    _ requests: [CallRequest], completion: @escaping (Result<[CalleeAnswer], CallError>) -> Void
  ) {
    let answers = Answers(requests.count)
    let joined = Joined(requests.count) { error in completion(error.map { .failure($0) } ?? .success(answers.all)) }
    for (number, request) in requests.enumerated() {
      call(request) { result in
        switch result {
        case .success(let answer):
          answers.keep(answer, at: number)
          joined.end(nil)
        case .failure(let error): joined.end(error)
        }
      }
    }
  }
}

extension AsyncRequest {
  /// Suspended once, until all are there: what runs at the same time on one loop is callbacks underneath.
  package func getAll(_ requests: [CallRequest]) async throws(CallError) -> [CalleeAnswer] {
    let result = await withUnsafeContinuation {
      (continuation: UnsafeContinuation<Result<[CalleeAnswer], CallError>, Never>) in
      underlying.getAll(requests) { continuation.resume(returning: $0) }
    }
    return try result.get()
  }
}

/// What has been answered so far, each at the place of its request.
private final class Answers: Sendable {
  private let found: Mutex<[CalleeAnswer?]>

  init(_ count: Int) {
    found = Mutex(Array(repeating: nil, count: count))
  }

  func keep(_ answer: CalleeAnswer, at place: Int) { found.withLock { $0[place] = answer } }

  /// Once none has failed, as many as requests.
  var all: [CalleeAnswer] { found.withLock { $0.compactMap(\.self) } }
}

/// Steps that run at the same time on one event loop: told when the last of them has ended, with the first error.
final class Joined {
  private var rest: Int
  private var error: CallError?
  private let completion: (CallError?) -> Void

  init(_ count: Int, _ completion: @escaping (CallError?) -> Void) {
    rest = count
    self.completion = completion
  }

  func end(_ error: CallError?) {
    self.error = self.error ?? error
    rest -= 1
    if rest == 0 { completion(self.error) }
  }
}
