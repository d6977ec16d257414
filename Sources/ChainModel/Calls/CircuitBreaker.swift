/// Refuses calls to a callee that has failed too often, and lets one at a time try after a while.
///
/// It is closed at first. When a share of the last calls has failed, it opens and refuses all calls for a time; then it
/// is half-open: one call at a time is made, and a success closes it, a failure opens it again. Calls that began before
/// it changed say nothing about the callee as it is now, and are not counted.
package struct CircuitBreaker: Hashable, Sendable {
  /// What changed, for the log.
  package struct Change: Hashable, Sendable {
    package var state: BreakerState
    /// Of the calls counted since it was closed; the last ones only.
    package var failed: Int
    /// Calls refused since the change before.
    package var rejected: Int

    package init(state: BreakerState, failed: Int, rejected: Int) {
      self.state = state
      self.failed = failed
      self.rejected = rejected
    }
  }

  package enum Verdict: Hashable {
    /// Make the call, and `report` with this number.
    case pass(generation: Int, Change?)
    case reject
  }

  package private(set) var state = BreakerState.closed
  private let share: Double
  private let openFor: UInt64
  /// Whether each of the last calls failed; a ring.
  private var window: [Bool]
  private var counted = 0
  private var failed = 0
  private var rejected = 0
  private var reopensAt: UInt64 = 0
  private var isTrying = false
  /// Grows with each change.
  private var generation = 0

  package init(share: Double, calls: Int, openFor: Duration) {
    self.share = share
    self.openFor = openFor.nanoseconds
    window = Array(repeating: false, count: calls)
  }

  /// A call is about to be made.
  package mutating func ask(now: UInt64) -> Verdict {
    switch state {
    case .closed: return .pass(generation: generation, nil)
    case .open where now >= reopensAt:
      let change = become(.halfOpen)
      isTrying = true
      return .pass(generation: generation, change)
    case .halfOpen where !isTrying:
      isTrying = true
      return .pass(generation: generation, nil)
    case .open, .halfOpen:
      rejected += 1
      return .reject
    }
  }

  /// A call that was let pass has ended.
  /// - Parameters:
  ///   - hasFailed: whether the callee failed; nil when the call says nothing about it.
  ///   - generation: what `ask` gave.
  ///   - now: the time.
  /// - Returns: the change that this brought about.
  package mutating func report(hasFailed: Bool?, generation: Int, now: UInt64) -> Change? {
    guard generation == self.generation else { return nil }
    if state == .halfOpen { isTrying = false }
    guard let hasFailed else { return nil }
    guard state == .closed else { return hasFailed ? open(now: now) : close() }
    count(hasFailed)
    let isFull = counted >= window.count
    return isFull && Double(failed) >= share * Double(window.count) ? open(now: now) : nil
  }

  /// Begins anew, as closed.
  /// - Returns: the change, if it was not.
  package mutating func reset() -> Change? { state == .closed ? nil : close() }

  private mutating func count(_ hasFailed: Bool) {
    let place = counted % window.count
    if window[place] { failed -= 1 }
    if hasFailed { failed += 1 }
    window[place] = hasFailed
    counted += 1
  }

  private mutating func open(now: UInt64) -> Change {
    let (moment, overflow) = now.addingReportingOverflow(openFor)
    reopensAt = overflow ? .max : moment
    return become(.open)
  }

  private mutating func close() -> Change {
    for place in window.indices { window[place] = false }
    (counted, failed) = (0, 0)
    return become(.closed)
  }

  private mutating func become(_ next: BreakerState) -> Change {
    defer {
      state = next
      rejected = 0
      generation += 1
    }
    return Change(state: next, failed: failed, rejected: rejected)
  }
}
