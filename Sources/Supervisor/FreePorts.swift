import ChainModel
import Synchronization

/// Ports on which nobody listened a moment ago, all different.
package enum FreePorts {
  /// Below those that the kernel gives to clients (from 32,768 on, by default): a client that looks for a service while it
  /// is down could otherwise be given the service's own port, connect to itself, and keep the service from coming back.
  private static let range = 10_000..<20_000

  /// Those that this process has taken: whoever took them may not listen yet. Half of all, then they begin anew.
  private static let taken = Mutex<Set<Int>>([])

  /// - Parameters:
  ///   - count: how many.
  ///   - reserved: none of these, whether or not anybody listens there.
  ///   - host: on which they are free, besides loopback.
  /// - Returns: the ports.
  package static func take(_ count: Int, except reserved: Set<Int> = [], on host: String? = nil) -> [Int] {
    let hosts = Set([host ?? Endpoint.loopback, Endpoint.loopback])
    return taken.withLock { taken in
      if taken.count > range.count / 2 { taken = [] }
      var ports: [Int] = []
      while ports.count < count {
        let port = Int.random(in: range)
        guard !reserved.contains(port), !taken.contains(port),
          hosts.allSatisfy({ PortCheck.isFree(Endpoint($0, port: port)) })
        else { continue }
        taken.insert(port)
        ports.append(port)
      }
      return ports
    }
  }
}
