import ChainModel

/// Where a supervised service stands, and what is to be done about it next. All times are `Monotonic` nanoseconds.
package struct ServiceLife: Hashable, Sendable {
  package enum State: Hashable, Sendable {
    case down(until: UInt64)
    case starting
    case ready(since: UInt64)
  }

  package enum Step: Hashable, Sendable {
    case spawn
    case askWhetherReady
  }

  package static let askEvery = Duration.milliseconds(20)
  /// After it could not be started.
  package static let tryAgain = Duration.milliseconds(500)

  package private(set) var state = State.down(until: 0)
  package private(set) var restarts = 0
  private var policy = RestartPolicy()
  private var hasStarted = false

  package init() {}

  package var isReady: Bool { if case .ready = state { true } else { false } }

  /// Its process runs.
  package mutating func spawned() {
    if hasStarted { restarts += 1 }
    hasStarted = true
    state = .starting
  }

  package mutating func becameReady(at now: UInt64) { state = .ready(since: now) }

  /// It cannot be started at the moment, for a reason that is not its own.
  package mutating func postponed(at now: UInt64) { state = .down(until: now + Self.tryAgain.nanoseconds) }

  /// Its process has ended.
  /// - Returns: the delay before the next start.
  package mutating func died(at now: UInt64) -> Duration {
    var readySince: UInt64?
    if case .ready(let since) = state { readySince = since }
    let delay = policy.died(readySince: readySince, at: now)
    state = .down(until: now + delay.nanoseconds)
    return delay
  }

  /// What is due at `now`; nil: nothing.
  package func step(at now: UInt64) -> Step? {
    switch state {
    case .down(let until): now >= until ? .spawn : nil
    case .starting: .askWhetherReady
    case .ready: nil
    }
  }

  /// How long nothing can become due by itself; nil: for ever.
  package func pause(at now: UInt64) -> Duration? {
    switch state {
    case .down(let until): Deadline(nanoseconds: until).remaining(at: now)
    case .starting: Self.askEvery
    case .ready: nil
    }
  }
}
