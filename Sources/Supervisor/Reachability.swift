import EventLoop
package import Topology

/// Whether anybody listens where a service is said to be that is not the lab's.
package enum Reachability {
  private static let patience = 500

  /// Nil when a connection can be made; else why not.
  package static func problem(_ url: ServiceURL) -> String? {
    do throws(SocketAddress.Unresolved) {
      return try SocketAddress.resolve(url.host, url.port).problem(patience: patience)
    } catch {
      return error.reason
    }
  }
}
