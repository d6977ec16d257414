import Atomics
import ChainModel
import EventLoop

/// One replica of a callee, where it listens.
final class CalleeTarget: @unchecked Sendable {  // constants and an atomic
  let replica: ReplicaName
  let port: Int
  let address: SocketAddress
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

  init(_ replica: ReplicaName, host: String, port: Int, idleTimeout: Duration, names: Names) throws {
    keptFor = min(Self.longestRest, idleTimeout / 2)
    self.replica = replica
    self.port = port
    // A name is looked up once: that of a service elsewhere. Of one that nobody knows, calls are refused.
    address = try (try? SocketAddress.resolve(host, port)) ?? SocketAddress.parse("127.0.0.1", 0)
    authority = "\(host):\(port)"
    name = names.id(replica.text)
  }

  /// Calls that have chosen it and have not ended.
  var inFlight: Int { calls.load(ordering: .sequentiallyConsistent) }

  func beginCall() { calls.wrappingIncrement(ordering: .sequentiallyConsistent) }

  func endCall() { calls.wrappingDecrement(ordering: .sequentiallyConsistent) }
}
