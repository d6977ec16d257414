import Atomics
import ChainModel
import NIOCore

/// One replica of a callee, where it listens.
final class CalleeTarget: @unchecked Sendable {  // constants and an atomic
  let replica: ReplicaName
  let port: Int
  let address: SocketAddress
  /// For the `host` header.
  let authority: String
  /// As the target of a wait in the log.
  let name: UInt32
  private let base: String
  private let calls = ManagedAtomic<Int>(0)

  init(_ replica: ReplicaName, host: String, port: Int, names: Names) throws {
    self.replica = replica
    self.port = port
    address = try SocketAddress(ipAddress: host, port: port)
    authority = "\(host):\(port)"
    base = "http://\(authority)"
    name = names.id(replica.text)
  }

  func url(_ path: String) -> String { base + path }

  /// Calls that have chosen it and have not ended.
  var inFlight: Int { calls.load(ordering: .sequentiallyConsistent) }

  func beginCall() { calls.wrappingIncrement(ordering: .sequentiallyConsistent) }

  func endCall() { calls.wrappingDecrement(ordering: .sequentiallyConsistent) }
}
