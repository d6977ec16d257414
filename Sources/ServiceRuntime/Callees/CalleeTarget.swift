import Atomics
import ChainModel
import EventLoop

/// One replica of a callee, where it listens.
final class CalleeTarget: @unchecked Sendable {  // constants, an atomic, and a lookup that locks
  let replica: ReplicaName
  let lookup: Lookup
  let hasFixedAddress: Bool
  /// For the `host` header.
  let authority: String
  /// As the target of a wait in the log.
  let name: UInt32
  private let calls = ManagedAtomic<Int>(0)

  /// How long a connection to it may rest before it is used again: well below its own idle timeout, so that it is never
  /// used just as it is being closed.
  let keptFor: Duration

  /// A longer answer is refused.
  static let bodyLimit = 4 << 20
  private static let longestRest = Duration.seconds(20)

  init(_ replica: ReplicaName, _ lookup: Lookup, idleTimeout: Duration, names: Names) {
    keptFor = min(Self.longestRest, idleTimeout / 2)
    self.replica = replica
    self.lookup = lookup
    hasFixedAddress = lookup.fixed != nil
    authority = lookup.endpoint.text
    name = names.id(replica.text)
  }

  /// Calls that have chosen it and have not ended.
  var inFlight: Int { calls.load(ordering: .sequentiallyConsistent) }

  func beginCall() { calls.wrappingIncrement(ordering: .sequentiallyConsistent) }

  /// - Parameter failure: how it failed, if it did.
  func endCall(_ failure: CallError?) {
    calls.wrappingDecrement(ordering: .sequentiallyConsistent)
    if let failure, !hasFixedAddress, failure.leavesPlaceInDoubt { lookup.callFailed() }
  }
}
