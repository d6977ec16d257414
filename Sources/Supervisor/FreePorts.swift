import ChainModel

/// Ports on which nobody listened a moment ago, all different.
package enum FreePorts {
  /// Below those that the kernel gives to clients (from 32,768 on, by default): a client that looks for a service while it
  /// is down could otherwise be given the service's own port, connect to itself, and keep the service from coming back.
  private static let range = 10_000..<20_000

  /// - Parameters:
  ///   - count: how many.
  ///   - reserved: none of these, whether or not anybody listens there.
  ///   - host: on which they are free, besides loopback.
  /// - Returns: the ports.
  package static func take(_ count: Int, except reserved: Set<Int> = [], on host: String? = nil) -> [Int] {
    let hosts = Set([host ?? Endpoint.loopback, Endpoint.loopback])
    var ports: Set<Int> = []
    while ports.count < count {
      let port = Int.random(in: range)
      let isFree = hosts.allSatisfy { PortCheck.isFree(Endpoint($0, port: port)) }
      if !reserved.contains(port), isFree { ports.insert(port) }
    }
    return Array(ports)
  }
}
