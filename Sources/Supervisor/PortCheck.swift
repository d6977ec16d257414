import ChainModel
import CPlatform
import Glibc
package import Topology

/// Finds out who has the ports that a chain needs.
package enum PortCheck {
  package static func requireFree(_ topology: Topology) throws(SupervisorError) {
    let page = topology.dashboard
    let taken = taken(topology.services.filter { $0.url == nil }.flatMap(needs) + (page.enabled ? [need(page)] : []))
    guard taken.isEmpty else { throw .portsInUse(taken) }
  }

  /// What a service listens on.
  static func needs(_ service: ServiceConfiguration) -> [(host: String, port: Int, purpose: String)] {
    [
      (service.host, service.port, "\(service.name.rawValue)'s service port"),
      (loopback, service.controlPort, "\(service.name.rawValue)'s control port"),
    ]
  }

  static func need(_ page: DashboardConfiguration) -> (host: String, port: Int, purpose: String) {
    (loopback, page.port, "the page's (dashboard.port)")
  }

  /// Whether a service could listen there, for `localhost` in either family: of a loopback address both 127.0.0.1 and
  /// ::1 must be free, where the machine has them. Connections that have not quite ended yet do not stand in its way.
  package static func isFree(host: String, port: Int) -> Bool {
    var address = in_addr()
    if inet_pton(AF_INET, host, &address) != 1 { inet_pton(AF_INET, loopback, &address) }
    let isLoopback = UInt32(bigEndian: address.s_addr) >> 24 == 127
    return canBind(address, port) && (!isLoopback || canBindLoopback6(port))
  }

  private static let loopback = "127.0.0.1"

  private static func canBind(_ host: in_addr, _ port: Int) -> Bool {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
    address.sin_addr = host
    return withUnsafeBytes(of: &address) { canBind(AF_INET, $0) }
  }

  private static func canBindLoopback6(_ port: Int) -> Bool {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
    inet_pton(AF_INET6, "::1", &address.sin6_addr)
    return withUnsafeBytes(of: &address) { canBind(AF_INET6, $0) }
  }

  /// False only when somebody has it. A machine without the family, or a process without a descriptor, cannot say: who
  /// wants to listen there will.
  private static func canBind(_ family: Int32, _ address: UnsafeRawBufferPointer) -> Bool {
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard descriptor >= 0, let base = address.baseAddress else { return true }
    defer { close(descriptor) }
    var one: Int32 = 1
    let size = socklen_t(MemoryLayout.size(ofValue: one))
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, size)
    if family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, size) }
    let result = bind(descriptor, base.assumingMemoryBound(to: sockaddr.self), socklen_t(address.count))
    return result == 0 || errno != EADDRINUSE
  }

  /// Whether somebody takes connections there, on 127.0.0.1.
  static func answers(port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
    inet_pton(AF_INET, loopback, &address.sin_addr)
    return withUnsafeBytes(of: &address) { bytes in
      guard let base = bytes.baseAddress else { return false }
      return connect(descriptor, base.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count)) == 0
    }
  }

  /// Those of the ports that somebody has.
  static func taken(_ needs: [(host: String, port: Int, purpose: String)]) -> [TakenPort] {
    needs.compactMap { host, port, purpose in
      isFree(host: host, port: port) ? nil : TakenPort(port: port, purpose: purpose, owner: owner(of: port))
    }
  }

  /// The process that listens on a port, over IPv4 or IPv6; else one that is connected from it.
  package static func owner(of port: Int) -> TakenPort.Owner? {
    let found = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { sockets(on: port, in: $0) }
    guard let socket = found.first(where: \.listens) ?? found.first else { return nil }
    return ProcessTable.pids().lazy
      .first { ProcessTable.holds(socket: socket.inode, pid: $0) }
      .map { TakenPort.Owner(pid: $0, command: ProcessTable.command(of: $0)) }
  }

  /// The lines of `/proc/net/tcp` whose local port it is: field 1 is `address:port` in hex, field 3 the state (0A:
  /// listens), field 9 the inode.
  private static func sockets(on port: Int, in table: String) -> [(inode: String, listens: Bool)] {
    guard let bytes = try? AtomicFile.read(table) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: " ", omittingEmptySubsequences: true)
      guard fields.count > 9, let local = fields[1].split(separator: ":").last, Int(local, radix: 16) == port,
        fields[9] != "0"
      else { return nil }
      return (String(fields[9]), fields[3] == "0A")
    }
  }
}
