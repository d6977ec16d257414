import ChainModel

/// One set of rules at work between one caller's instance and one callee: budget, bulkhead and breaker.
struct CallGate {
  let retries: Int
  let tellsDeadline: Bool
  /// Nanoseconds; `.max`: none.
  let timeout: UInt64
  private let backoff: UInt64
  private let jitter: Bool
  private let budget: Int?
  private let bulkhead: Int
  private let share: Double?
  private let openFor: UInt64

  private static let token = 1_000_000
  private var tokens = 10 * token
  private(set) var inFlight = 0
  private var window: [Bool]
  private var counted = 0
  private var failed = 0
  private var state = State.closed
  private var reopensAt: UInt64 = 0
  private var isTrying = false
  /// Grows with each change of state: a call that began before it says nothing about the callee as it is now.
  private(set) var generation = 0
  private(set) var opened = 0

  private enum State {
    case closed
    case open
    case halfOpen
  }

  init(_ rules: CallPolicy, timeout: Duration?) {
    retries = rules.retries
    tellsDeadline = rules.deadline
    self.timeout = (rules.timeout ?? timeout).map(\.nanoseconds) ?? .max
    backoff = rules.backoff.nanoseconds
    jitter = rules.jitter
    budget = rules.budget < 1 ? Int((rules.budget * Double(Self.token)).rounded()) : nil
    bulkhead = rules.bulkhead
    share = rules.breaker
    openFor = rules.breakerOpen.nanoseconds
    window = share == nil ? [] : Array(repeating: false, count: max(1, rules.breakerCalls))
  }

  /// An attempt is about to be made: `.ok`, or why it is refused.
  mutating func enter(isFirst: Bool, now: UInt64) -> Outcome {
    if isFirst, let budget { tokens = min(10 * Self.token, tokens + budget) }
    guard bulkhead == 0 || inFlight < bulkhead else { return .bulkheadFull }
    guard share == nil || asks(now) else { return .circuitOpen }
    inFlight += 1
    return .ok
  }

  private mutating func asks(_ now: UInt64) -> Bool {
    switch state {
    case .closed: return true
    case .open where now >= reopensAt:
      become(.halfOpen)
      isTrying = true
      return true
    case .halfOpen where !isTrying:
      isTrying = true
      return true
    case .open, .halfOpen: return false
    }
  }

  /// An attempt that was let pass has ended. `hasFailed` is nil when it says nothing about the callee.
  mutating func leave(hasFailed: Bool?, generation: Int, now: UInt64) {
    inFlight -= 1
    guard let share, generation == self.generation else { return }
    if state == .halfOpen { isTrying = false }
    guard let hasFailed else { return }
    guard state == .closed else { return hasFailed ? open(now) : close() }
    let place = counted % window.count
    failed += (hasFailed ? 1 : 0) - (window[place] ? 1 : 0)
    window[place] = hasFailed
    counted += 1
    if counted >= window.count, Double(failed) >= share * Double(window.count) { open(now) }
  }

  private mutating func open(_ now: UInt64) {
    reopensAt = now + openFor
    opened += 1
    become(.open)
  }

  private mutating func close() {
    for place in window.indices { window[place] = false }
    (counted, failed) = (0, 0)
    become(.closed)
  }

  private mutating func become(_ next: State) {
    state = next
    generation += 1
  }

  /// What is waited before the attempt after this one; nil when there is none.
  mutating func pause(after attempt: Int, remaining: UInt64, _ stream: inout RandomStream) -> UInt64? {
    guard attempt <= retries else { return nil }
    var pause = backoff << UInt64(min(attempt, 20) - 1)
    if jitter { pause = UInt64(Double(pause) * stream.uniform()) }
    guard pause < remaining else { return nil }
    guard budget != nil else { return pause }
    guard tokens >= Self.token else { return nil }
    tokens -= Self.token
    return pause
  }
}
