import EventLoop
import Glibc
import Testing

/// Who has connected, by the kernel's table of sockets.
@Suite struct PeerUsersTests {
  /// A listener on loopback, of an address family.
  private final class Listener: Sendable {
    let descriptor: Int32
    let port: UInt16

    init(_ family: Int32) throws {
      let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      let address = Address(family: family, port: 0)
      guard address.use({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 8) == 0 else {
        throw NotPossible(what: "listen")
      }
      self.descriptor = descriptor
      port = Address.own(of: descriptor).port
    }

    deinit { close(descriptor) }
  }

  private struct NotPossible: Error {
    var what: String
  }

  private struct Address {
    var storage = sockaddr_in6()
    var size = socklen_t(MemoryLayout<sockaddr_in6>.size)

    init(family: Int32, port: UInt16) {
      storage.sin6_family = sa_family_t(family)
      storage.sin6_port = port.bigEndian
      if family == AF_INET6 {
        storage.sin6_addr = in6addr_loopback
      } else {
        storage.sin6_flowinfo = UInt32(0x7f00_0001).bigEndian  // there, IPv4 has its address
        size = socklen_t(MemoryLayout<sockaddr_in>.size)
      }
    }

    static func own(of descriptor: Int32) -> Address { filled { getsockname(descriptor, $0, $1) } }
    static func peer(of descriptor: Int32) -> Address { filled { getpeername(descriptor, $0, $1) } }

    private static func filled(
      _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Address {
      var address = Address(family: AF_INET6, port: 0)
      withUnsafeMutablePointer(to: &address.storage) { storage in
        storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = call($0, &address.size) }
      }
      return address
    }

    var port: UInt16 { storage.sin6_port.bigEndian }

    func use<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
      withUnsafePointer(to: storage) { storage in
        storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, size) }
      }
    }
  }

  private static func connected(to port: UInt16, _ family: Int32) -> Int32 {
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    return Address(family: family, port: port).use { connect(descriptor, $0, $1) } == 0 ? descriptor : -1
  }

  private static func refusal(_ users: PeerUsers, _ accepted: Int32) -> String? {
    Address.own(of: accepted).use { local, _ in
      Address.peer(of: accepted).use { remote, _ in users.refusal(local: local, remote: remote) }
    }
  }

  private static let isKnown = PeerUsers().isKnown

  @Test(.enabled(if: isKnown, "this kernel does not tell"), arguments: [AF_INET, AF_INET6])
  func oneOfThisUserIsAnswered(family: Int32) throws {
    let listener = try Listener(family)
    let client = Self.connected(to: listener.port, family)
    defer { close(client) }
    let accepted = accept(listener.descriptor, nil, nil)
    defer { close(accepted) }
    #expect(client >= 0 && accepted >= 0)
    #expect(Self.refusal(PeerUsers(), accepted) == nil)
    // As `nc -N` does, and the kernel has acknowledged it.
    shutdown(client, Int32(SHUT_WR))
    for _ in 0..<20 {
      #expect(Self.refusal(PeerUsers(), accepted) == nil)
      usleep(1000)
    }
  }

  enum Parting: String, CaseIterable, Codable {
    case stays, halfCloses, closes, resets
  }

  /// Connects as somebody else, in a process of its own.
  private static func stranger(_ port: UInt16, _ parting: Parting) async {
    await #expect(processExitsWith: .success) { [port = port as UInt16, parting = parting as Parting] in
      #expect(setgid(65_534) == 0 && setuid(65_534) == 0)
      let client = PeerUsersTests.connected(to: port, AF_INET)
      switch parting {
      case .stays: break
      case .halfCloses: shutdown(client, Int32(SHUT_WR))
      case .closes: close(client)
      case .resets:
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(client, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close(client)
      }
      // Until the other side has looked.
      var byte: UInt8 = 0
      if parting == .stays { _ = read(client, &byte, 1) }
    }
  }

  /// However soon after its request it goes away.
  @Test(
    .enabled(if: isKnown && geteuid() == 0, "only root can be several users"), .timeLimit(.minutes(1)),
    arguments: Parting.allCases)
  func anotherUserIsRefused(parting: Parting) async throws {
    let listener = try Listener(AF_INET)
    await withTaskGroup { group in
      group.addTask { await Self.stranger(listener.port, parting) }
      let accepted = accept(listener.descriptor, nil, nil)
      #expect(accepted >= 0)
      if parting != .stays {
        var end = pollfd(fd: accepted, events: Int16(POLLIN), revents: 0)
        #expect(Glibc.poll(&end, 1, 10_000) == 1)
      }
      let refusal = Self.refusal(PeerUsers(), accepted)
      #expect(refusal != nil)
      if parting == .stays { #expect(refusal == "this port is user 0's; you are user 65534") }
      close(accepted)
    }
  }
}
