/// Ports on which nobody listened a moment ago, all different.
package enum FreePorts {
  /// Below those that the kernel gives to clients (from 32,768 on, by default): a client that looks for a service while it
  /// is down could otherwise be given the service's own port, connect to itself, and keep the service from coming back.
  private static let range = 10_000..<20_000

  /// - Parameters:
  ///   - count: how many.
  ///   - reserved: none of these, whether or not anybody listens there.
  /// - Returns: the ports.
  package static func take(_ count: Int, except reserved: Set<Int> = []) -> [Int] {
    var ports: Set<Int> = []
    while ports.count < count {
      let port = Int.random(in: range)
      if !reserved.contains(port), PortCheck.isFree(host: "127.0.0.1", port: port) { ports.insert(port) }
    }
    return Array(ports)
  }
}
