import ChainModel
import CPlatform
import Glibc
package import Topology

/// Finds out who has the ports that a chain needs.
package enum PortCheck {
  package static func requireFree(_ topology: Topology) throws(SupervisorError) {
    var needs = topology.services.flatMap { service in
      [
        (service.host, service.port, "\(service.name.rawValue)'s service port"),
        ("127.0.0.1", service.controlPort, "\(service.name.rawValue)'s control port"),
      ]
    }
    if topology.dashboard.enabled {
      needs.append(("127.0.0.1", topology.dashboard.port, "the page's (dashboard.port)"))
    }
    let taken = needs.compactMap { host, port, purpose in
      isFree(host: host, port: port) ? nil : TakenPort(port: port, purpose: purpose, owner: owner(of: port))
    }
    guard taken.isEmpty else { throw .portsInUse(taken) }
  }

  /// Whether a service could listen there. Connections that have not quite ended yet do not stand in its way.
  package static func isFree(host: String, port: Int) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    // Without a socket nothing can be said; the service itself will say it.
    guard descriptor >= 0 else { return true }
    defer { close(descriptor) }
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout.size(ofValue: one)))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
    if inet_pton(AF_INET, host, &address.sin_addr) != 1 { inet_pton(AF_INET, "127.0.0.1", &address.sin_addr) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return result == 0 || errno != EADDRINUSE
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
