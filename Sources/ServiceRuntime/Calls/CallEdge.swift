import Atomics
import ChainModel
import Synchronization
import Topology
import TraceLog

/// One callee as its caller sees it: where it is, and the policy in force for calls to it.
final class CallEdge: Sendable {
  let callee: ServiceName
  /// Where its replicas are.
  let replicas: Callee
  /// What the log calls a call to it.
  let callName: UInt32

  private struct State {
    var gate: CallGate
    /// Others with each policy: what began under other ones is not counted.
    var terms: Terms
    var random: SplitMix
  }

  /// What one call goes by, from its first attempt to its last: one object for all calls under a policy.
  final class Terms: Sendable {
    let policy: CallPolicy

    fileprivate init(_ policy: CallPolicy) {
      self.policy = policy
    }
  }

  private let configured: CallPolicy
  private let names: Names
  private let log: LogWriter?
  private let state: Mutex<State>
  /// Spares calls the lock while there is no policy.
  private let hasPolicy: ManagedAtomic<Bool>

  init(
    from caller: ServiceConfiguration, to name: ServiceName, in topology: Topology, names: Names,
    environment: ServiceEnvironment
  ) {
    callee = name
    callName = names.id("GET \(name.rawValue)")
    replicas = Callee(topology[name], names: names, resolve: environment.resolve)
    configured = caller.callPolicy
    self.names = names
    log = environment.log
    state = Mutex(
      State(
        gate: CallGate(configured), terms: Terms(configured),
        random: SplitMix(seed: Self.seed(caller.name, name, topology))))
    hasPolicy = ManagedAtomic(configured != .plain)
  }

  /// Another one for each edge, the same in every run with the same seed.
  private static func seed(_ caller: ServiceName, _ callee: ServiceName, _ topology: Topology) -> UInt64 {
    FNV1a.hash("\(topology.seed.value) \(caller.rawValue) \(callee.rawValue)".utf8)
  }

  /// What a call that begins now goes by; nil when there is no policy.
  var terms: Terms? {
    guard hasPolicy.load(ordering: .acquiring) else { return nil }
    return state.withLock { $0.terms }
  }

  /// An attempt is about to be made.
  /// - Parameters:
  ///   - terms: what it goes by.
  ///   - isFirst: whether it is the call's first.
  ///   - scribe: the thread's.
  /// - Returns: what `leave` needs; nil for an attempt under a policy that is no longer in force.
  func enter(_ terms: Terms, isFirst: Bool, by scribe: Scribe) -> Result<CallGate.Pass?, CallError> {
    state.withLock { state in
      guard state.terms === terms else { return .success(nil) }
      switch state.gate.enter(isFirst: isFirst, now: Monotonic.now()) {
      case .pass(let pass, let change):
        record(change, by: scribe)
        return .success(pass)
      case .refuse(let reason): return .failure(.shed(reason))
      }
    }
  }

  /// An attempt has ended.
  /// - Parameters:
  ///   - terms: what it went by.
  ///   - pass: what `enter` gave.
  ///   - attempt: its number, counted from 1.
  ///   - error: how it failed, if it did.
  ///   - deadline: of the request.
  ///   - scribe: the thread's.
  /// - Returns: the back-off after which it is to be made again, if so.
  func leave(
    _ terms: Terms, _ pass: CallGate.Pass, attempt: Int, error: CallError?, deadline: Deadline, by scribe: Scribe
  ) -> Duration? {
    state.withLock { state in
      guard state.terms === terms else { return nil }
      let now = Monotonic.now()
      record(state.gate.leave(pass, error: error, now: now), by: scribe)
      guard let error, attempt <= terms.policy.retries else { return nil }
      return state.gate.pause(
        after: attempt, error: error, remaining: deadline.remaining(at: now), draw: state.random.draw().first)
    }
  }

  /// Within the lock: so the log has the changes in their order, and none later than a call that it let pass.
  private func record(_ change: CircuitBreaker.Change?, by scribe: Scribe) {
    guard let change else { return }
    scribe.write(
      Record(
        kind: .breaker, other: UInt64(change.rejected), detail: change.state.rawValue, name: names.id(callee.rawValue),
        arg: UInt32(clamping: change.failed)))
  }
}

// MARK: Changes

extension CallEdge {
  var policy: CallPolicy { state.withLock { $0.gate.policy } }

  /// Nil without a breaker.
  var breaker: BreakerState? { state.withLock { $0.gate.breaker?.state } }

  /// The service starts, with the policy of its configuration.
  func announce() { say(configured, by: nil) }

  /// Back to what the configuration says.
  func reset(by scribe: Scribe) { set(configured, by: scribe) }

  /// Puts a policy in force for the calls that begin from now on. Those under way are not made again, and neither budget
  /// nor bulkhead nor breaker of the new policy counts them.
  func set(_ policy: CallPolicy, by scribe: Scribe) {
    let before = state.withLock { state in
      let before = state.gate.policy
      record(state.gate.close(), by: scribe)
      state.gate = CallGate(policy)
      state.terms = Terms(policy)
      hasPolicy.store(policy != .plain, ordering: .releasing)
      return before
    }
    if before != .plain {
      log?.forget(stateKey)
      scribe.write(Record(kind: .policy, detail: 0, name: label(before)))
    }
    say(policy, by: scribe)
  }

  private func say(_ policy: CallPolicy, by scribe: Scribe?) {
    guard policy != .plain else { return }
    log?.state(stateKey, Record(kind: .policy, detail: 1, name: label(policy)), by: scribe)
  }

  private var stateKey: String { "policy:\(callee.rawValue)" }

  private func label(_ policy: CallPolicy) -> UInt32 { names.id("\(callee.rawValue) \(policy.text)") }
}
