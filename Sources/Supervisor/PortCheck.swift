package import ChainModel
import EventLoop
import Glibc
package import Topology

/// Finds out who has the ports that a chain needs.
package enum PortCheck {
  package static func requireFree(_ topology: Topology) throws(SupervisorError) {
    let page = topology.dashboard
    let taken = taken(topology.started.flatMap(needs) + (page.enabled ? [need(page)] : []))
    guard taken.isEmpty else { throw .portsInUse(taken) }
  }

  /// What a service listens on.
  static func needs(_ service: ServiceConfiguration) -> [(endpoint: Endpoint, purpose: String)] {
    [
      (Endpoint(service.listen, port: service.port), "\(service.name.rawValue)'s service port"),
      (Endpoint(port: service.controlPort), "\(service.name.rawValue)'s control port"),
    ]
  }

  static func need(_ page: DashboardConfiguration) -> (endpoint: Endpoint, purpose: String) {
    (page.endpoint, "the page's (dashboard.port)")
  }

  /// Whether a service could listen there, which on 127.0.0.1 it does on ::1 too. False only when somebody has it: a
  /// machine without the address, or a process without a descriptor, cannot say, and who wants to listen there will.
  package static func isFree(_ endpoint: Endpoint) -> Bool {
    let twin = endpoint.host == Endpoint.loopback ? [Endpoint("::1", port: endpoint.port)] : []
    return ([endpoint] + twin).allSatisfy { endpoint in
      ((try? SocketAddress.all(endpoint)) ?? []).allSatisfy { $0.bindFailure != EADDRINUSE }
    }
  }

  /// Those of the ports that somebody has.
  static func taken(_ needs: [(endpoint: Endpoint, purpose: String)]) -> [TakenPort] {
    needs.compactMap { endpoint, purpose in
      isFree(endpoint) ? nil : TakenPort(port: endpoint.port, purpose: purpose, owner: owner(of: endpoint.port))
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
