import Atomics
import ChainModel
import NIOCore
import Synchronization
import Topology
import TraceLog

/// One callee as its caller sees it: where it is, and the policy in force for calls to it.
final class CallEdge: Sendable {
  let callee: ServiceName
  let address: SocketAddress
  /// Of its URLs.
  let base: String

  private struct State {
    var gate: CallGate
    /// Grows with each policy: what began under another one is not counted.
    var epoch = 0
    var random: SplitMix
  }

  /// What one call goes by, from its first attempt to its last.
  struct Terms: Sendable {
    let policy: CallPolicy
    fileprivate let epoch: Int
  }

  private let configured: CallPolicy
  private let state: Mutex<State>
  /// Spares calls the lock while there is no policy.
  private let hasPolicy: ManagedAtomic<Bool>

  /// - Throws: when the callee's address cannot be used.
  init(from caller: ServiceConfiguration, to name: ServiceName, in topology: Topology) throws {
    let callee = topology[name]
    self.callee = name
    address = try SocketAddress(ipAddress: callee.host, port: callee.port)
    base = "http://\(callee.host):\(callee.port)"
    configured = caller.callPolicy
    state = Mutex(State(gate: CallGate(configured), random: SplitMix(seed: Self.seed(caller.name, name, topology))))
    hasPolicy = ManagedAtomic(configured != .plain)
  }

  /// Another one for each edge, the same in every run with the same seed.
  private static func seed(_ caller: ServiceName, _ callee: ServiceName, _ topology: Topology) -> UInt64 {
    let text = "\(topology.seed.value) \(caller.rawValue) \(callee.rawValue)"
    // FNV-1a, Fowler, Noll and Vo.
    return text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// What a call that begins now goes by; nil when there is no policy.
  var terms: Terms? {
    guard hasPolicy.load(ordering: .acquiring) else { return nil }
    return state.withLock { Terms(policy: $0.gate.policy, epoch: $0.epoch) }
  }

  /// An attempt is about to be made.
  /// - Returns: what `leave` needs; nil for an attempt under a policy that is no longer in force.
  func enter(_ terms: Terms, isFirst: Bool) -> Result<CallGate.Pass?, CallError> {
    state.withLock { state in
      guard state.epoch == terms.epoch else { return .success(nil) }
      switch state.gate.enter(isFirst: isFirst, now: Monotonic.now()) {
      case .pass(let pass, _): return .success(pass)
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
  /// - Returns: the back-off after which it is to be made again, if so.
  func leave(
    _ terms: Terms, _ pass: CallGate.Pass, attempt: Int, error: CallError?, deadline: Deadline
  ) -> Duration? {
    state.withLock { state in
      guard state.epoch == terms.epoch else { return nil }
      let now = Monotonic.now()
      _ = state.gate.leave(pass, error: error, now: now)
      guard let error, attempt <= terms.policy.retries else { return nil }
      return state.gate.pause(
        after: attempt, error: error, remaining: deadline.remaining(at: now), draw: state.random.draw().first)
    }
  }
}
