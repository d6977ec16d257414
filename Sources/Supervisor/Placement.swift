import ChainModel
import EventLoop
import Glibc
package import Topology

/// Whether the services that are to be started here are on hosts that are this machine.
package enum Placement {
  /// - Throws: `misplaced`, with what was found and what to do about it.
  package static func check(_ topology: Topology) throws(SupervisorError) {
    var strangers: [HostConfiguration] = []
    var own: [HostConfiguration] = []
    for host in topology.usedHosts where topology.startedHost == nil || topology.startedHost == host.name {
      if try isOwn(host) { own.append(host) } else { strangers.append(host) }
    }
    guard !strangers.isEmpty else { return }
    throw .misplaced(words(strangers, own, topology))
  }

  private static func isOwn(_ host: HostConfiguration) throws(SupervisorError) -> Bool {
    let addresses: [SocketAddress]
    do throws(SocketAddress.Unresolved) {
      addresses = try SocketAddress.all(Endpoint(host.listen, port: 0))
    } catch {
      throw .misplaced(
        "hosts.\(host.name): the address of \(host.listen) is not known here (\(error.reason)); correct it, or give an "
          + "address to listen on, such as: listen: 10.77.0.12")
    }
    let own = addresses.filter { $0.bindFailure != EADDRNOTAVAIL }
    let isName = !Endpoint.isAddress(host.listen) && !Endpoint.isLoopback(host.listen)
    if let first = own.first, isName, own.allSatisfy(\.endpoint.isLoopback) {
      throw .misplaced(
        "hosts.\(host.name): \(host.listen) is \(first.endpoint.host) on this machine, where no other host reaches it; "
          + "give an address to listen on, such as: listen: 10.77.0.12")
    }
    return !own.isEmpty
  }

  private static func words(
    _ strangers: [HostConfiguration], _ own: [HostConfiguration], _ topology: Topology
  ) -> String {
    let places = strangers.map { host in
      let names = topology.started.filter { $0.host == host.name }.map(\.name.rawValue)
      return "\(names.joined(separator: ", ")) on \(host.name) (\(host.listen))"
    }
    let found =
      "found \(places.joined(separator: "; ")), expected hosts that are this machine, which has "
      + addresses.joined(separator: ", ")
    if let only = topology.startedHost {
      return found + "; start them on that machine, or, if it is this one under another address, say that with "
        + "hosts.\(only).listen"
    }
    let commands = strangers.map { "on \($0.name): \(CommandHint("up --host \($0.name)"))" }
    let here = own.map { "here: \(CommandHint("up --host \($0.name)"))" }
    return found + "; start each host's services there, " + (commands + here).joined(separator: "; ")
  }

  /// Those of this machine's interfaces that are up, each once.
  static var addresses: [String] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return [] }
    defer { freeifaddrs(first) }
    var addresses: [String] = []
    var next = first
    while let entry = next?.pointee {
      next = entry.ifa_next
      guard entry.ifa_flags & UInt32(IFF_UP) != 0,
        let host = entry.ifa_addr.flatMap({ SocketAddress(copying: $0) })?.endpoint.host, !addresses.contains(host)
      else { continue }
      addresses.append(host)
    }
    return addresses
  }
}
