/// One policy at work for one callee: its budget, its bulkhead and its breaker, as one value.
package struct CallGate: Sendable {
  package let policy: CallPolicy
  private var budget: RetryBudget
  package private(set) var bulkhead: Bulkhead
  package private(set) var breaker: CircuitBreaker?

  /// What a call that may be made gives back when it ends.
  package struct Pass: Hashable, Sendable {
    fileprivate var generation = 0
  }

  package enum Verdict: Hashable {
    case pass(Pass, CircuitBreaker.Change?)
    case refuse(ShedReason)
  }

  package init(_ policy: CallPolicy) {
    self.policy = policy
    budget = RetryBudget(share: policy.budget)
    bulkhead = Bulkhead(limit: policy.bulkhead)
    breaker = policy.breaker.map {
      CircuitBreaker(share: $0, calls: policy.breakerCalls, openFor: policy.breakerOpen)
    }
  }

  /// An attempt is about to be made.
  package mutating func enter(isFirst: Bool, now: UInt64) -> Verdict {
    if isFirst { budget.firstAttempt() }
    // The bulkhead first: a call that it refuses must not use up the breaker's one trial.
    guard bulkhead.enter() else { return .refuse(.bulkheadFull) }
    switch breaker?.ask(now: now) {
    case nil: return .pass(Pass(), nil)
    case .pass(let generation, let change): return .pass(Pass(generation: generation), change)
    case .reject:
      bulkhead.leave()
      return .refuse(.circuitOpen)
    }
  }

  /// An attempt that was let pass has ended.
  package mutating func leave(_ pass: Pass, error: CallError?, now: UInt64) -> CircuitBreaker.Change? {
    bulkhead.leave()
    let saysNothing = error.map { !$0.isFailureOfCallee && !$0.isAnswerOfCallee } ?? false
    return breaker?.report(
      hasFailed: saysNothing ? nil : error?.isFailureOfCallee ?? false, generation: pass.generation, now: now)
  }

  /// The policy is over.
  package mutating func close() -> CircuitBreaker.Change? { breaker?.reset() }

  /// Whether an attempt that failed is followed by another one, and after which back-off.
  /// - Parameters:
  ///   - attempt: its number, counted from 1.
  ///   - error: how it failed.
  ///   - remaining: what the request's deadline leaves.
  ///   - draw: for the jitter; in `0 ..< 1`.
  /// - Returns: the back-off; nil when there is no further attempt.
  package mutating func pause(after attempt: Int, error: CallError, remaining: Duration, draw: Double) -> Duration? {
    guard attempt <= policy.retries, error.isFailureOfCallee else { return nil }
    let backoff = policy.backoff(beforeRetry: attempt)
    let pause = policy.jitter ? Duration.nanoseconds(Int64(Double(backoff.nanoseconds) * draw)) : backoff
    guard pause < remaining, budget.retry() else { return nil }
    return pause
  }
}

extension CallError {
  /// A status that is no success and no failure of the callee: it works.
  fileprivate var isAnswerOfCallee: Bool {
    if case .answered = self { true } else { false }
  }
}
