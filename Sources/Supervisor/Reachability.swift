package import ChainModel
import EventLoop

/// Whether anybody listens where a service is said to be.
package enum Reachability {
  private static let patience = 500

  /// Nil when a connection can be made; else why not.
  package static func problem(_ endpoint: Endpoint) -> String? {
    do throws(SocketAddress.Unresolved) {
      return try SocketAddress.resolve(endpoint).problem(patience: patience)
    } catch {
      return error.reason
    }
  }
}
