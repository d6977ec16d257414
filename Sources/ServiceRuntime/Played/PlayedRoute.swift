import ChainModel
import Topology
import TraceLog

/// A route whose steps its description says, done in each style. A callee's answer is waited for and not looked at.
struct PlayedRoute: Handler {
  private let steps: [PlayedStep]
  private let store: PlayedStore
  private let answer: Answer

  init(_ route: ServiceRoute, steps: [PlayedStep], store: PlayedStore, of service: ServiceName) {
    self.steps = steps
    self.store = store
    answer = .json(WireJSON.encode(["service": service.rawValue, "route": route.name]))
  }

  // MARK: Blocking

  @available(*, noasync)
  func blocking(_ request: BlockingRequest) throws(CallError) -> Answer {
    for step in steps { try perform(step, request) }
    return answer
  }

  @available(*, noasync)
  private func perform(_ step: PlayedStep, _ request: BlockingRequest) throws(CallError) {
    switch step {
    case .cpu(let time): ProcessorTime.burn(time.draw())
    case .remote(let time, let label): try request.sleep(time.draw(), label)
    case .store(let cause, let time, let label, let store):
      try request.store(store.work(cause, label, time.draw(), for: request.exchange))
    case .call(let call): _ = try request.call(call)
    case .all(let steps):
      try HiredSteps.run(steps.count, for: request.exchange, on: request.worker) { number, request in
        do throws(CallError) {
          try perform(steps[number], request)
          return nil
        } catch {
          return error
        }
      }
    }
  }

  // MARK: Callbacks

  func callbacks(_ request: CallbackRequest, completion: @escaping (Result<Answer, CallError>) -> Void) {
    perform(steps[...], request) { error in completion(error.map { .failure($0) } ?? .success(answer)) }
  }

  private func perform(
    _ steps: ArraySlice<PlayedStep>, _ request: CallbackRequest, completion: @escaping (CallError?) -> Void
  ) {
    guard let step = steps.first else { return completion(nil) }
    perform(step, request) { error in
      if let error { return completion(error) }
      perform(steps.dropFirst(), request, completion: completion)
    }
  }

  private func perform(_ step: PlayedStep, _ request: CallbackRequest, completion: @escaping (CallError?) -> Void) {
    switch step {
    case .cpu(let time):
      ProcessorTime.burn(time.draw())
      completion(nil)
    case .remote(let time, let label): request.sleep(time.draw(), label, completion: completion)
    case .store(let cause, let time, let label, let store):
      request.store(store.work(cause, label, time.draw(), for: request.exchange)) { completion($0.failure) }
    case .call(let call): request.call(call) { completion($0.failure) }
    case .all(let steps):
      let all = Joined(steps.count, completion)
      for step in steps { perform(step, request, completion: all.end) }
    }
  }

  // MARK: Async

  func nonBlocking(_ request: AsyncRequest) async throws(CallError) -> Answer {
    for step in steps {
      switch step {
      case .cpu(let time): ProcessorTime.burn(time.draw())
      case .remote(let time, let label): try await request.sleep(time.draw(), label)
      case .store(let cause, let time, let label, let store):
        try await request.store(store.work(cause, label, time.draw(), for: request.exchange))
      case .call(let call): _ = try await request.call(call)
      case .all:
        // What runs at the same time on one loop is callbacks underneath: the function is suspended once, until all are done.
        try await request.suspended { done in perform(step, request.underlying, completion: done) }
      }
    }
    return answer
  }
}

extension Result where Failure == CallError {
  fileprivate var failure: CallError? {
    if case .failure(let error) = self { error } else { nil }
  }
}
