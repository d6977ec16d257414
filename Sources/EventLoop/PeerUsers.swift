import CPlatform
import Glibc
import Synchronization

/// Who is at the other end of a connection within this host. TCP does not say, but the kernel's table of sockets does.
/// So what listens on loopback, which every user of the machine can reach, can answer its own user alone.
package final class PeerUsers: Sendable {
  /// -1 where the kernel does not tell: then everybody is answered.
  private let table: Int32
  private let asking = Mutex(())
  private let own: UInt32

  // `enum` in net/tcp_states.h: established, and in both of its closing states a client that has nothing more to send.
  private static let answered: Set<Int32> = [1, 4, 5]

  package init() {
    own = geteuid()
    let table = chain_socket_table()
    if table >= 0, Self.answers(table) {
      self.table = table
    } else {
      if table >= 0 { close(table) }
      self.table = -1
    }
  }

  deinit {
    if table >= 0 { close(table) }
  }

  /// Whether the kernel tells whose a socket is.
  package var isKnown: Bool { table >= 0 }

  /// Why what comes over a connection must not be answered; nil if it may.
  /// - Parameter descriptor: of the accepted connection.
  /// - Returns: the reason, for whoever is refused.
  package func refusal(of descriptor: Int32) -> String? {
    var (local, remote) = (sockaddr_storage(), sockaddr_storage())
    guard isKnown else { return nil }
    guard chain_ends(descriptor, &local, &remote) != 0 else { return Self.gone(own) }
    return refusal(local: &local, remote: &remote)
  }

  private static func gone(_ own: UInt32) -> String {
    "this port is user \(own)'s, and nobody is at the other end any more"
  }

  /// Why a connection between these ends, each a `sockaddr`, must not be answered; nil if it may: its other end is this
  /// process's user or root.
  package func refusal(local: UnsafeRawPointer, remote: UnsafeRawPointer) -> String? {
    guard isKnown else { return nil }
    var state: Int32 = 0
    let user = asking.withLock { _ in chain_socket_user(table, remote, local, &state) }
    guard user >= 0, Self.answered.contains(state) else {
      return Self.gone(own)
    }
    return user == 0 || user == Int64(own) ? nil : "this port is user \(own)'s; you are user \(user)"
  }

  /// Looks up a socket of its own.
  private static func answers(_ table: Int32) -> Bool {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard listener >= 0 else { return false }
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard bind(listener, address, size) == 0, listen(listener, 1) == 0, getsockname(listener, address, &size) == 0
        else { return false }
        var state: Int32 = 0
        return chain_socket_user(table, address, address, &state) == Int64(geteuid())
      }
    }
  }
}
