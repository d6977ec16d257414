import CPlatform
import Glibc

/// Where a socket of TCP is.
package struct SocketAddress: Sendable {
  private var storage = sockaddr_storage()
  private let length: socklen_t

  var family: Int32 { Int32(storage.ss_family) }

  /// - Throws: EINVAL for what is no address.
  package static func parse(_ host: String, _ port: Int) throws(Listener.Failure) -> SocketAddress {
    var four = sockaddr_in()
    var six = sockaddr_in6()
    let number = in_port_t(truncatingIfNeeded: port).bigEndian
    if inet_pton(AF_INET, host, &four.sin_addr) == 1 {
      four.sin_family = sa_family_t(AF_INET)
      four.sin_port = number
      return SocketAddress(four)
    }
    guard inet_pton(AF_INET6, host, &six.sin6_addr) == 1 else { throw Listener.Failure(code: EINVAL) }
    six.sin6_family = sa_family_t(AF_INET6)
    six.sin6_port = number
    return SocketAddress(six)
  }

  private init<Address>(_ address: Address) {
    length = socklen_t(MemoryLayout<Address>.size)
    withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: Address.self) }
  }

  func use<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
    withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }

  static func port(of descriptor: Int32) -> Int? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard result == 0 else { return nil }
    // Both families have the port in the same place.
    return withUnsafeBytes(of: storage) { Int(UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self))) }
  }

  /// Why a name has no address, as the resolver says it.
  package struct Unresolved: Error {
    package let reason: String
  }

  /// The first address of a host, given as an address or by a name, which is looked up. That can take long.
  package static func resolve(_ host: String, _ port: Int) throws(Unresolved) -> SocketAddress {
    if let address = try? parse(host, port) { return address }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &found)
    defer { if let found { freeaddrinfo(found) } }
    guard code == 0, let first = found?.pointee, let address = first.ai_addr else {
      throw Unresolved(reason: String(cString: gai_strerror(code)))
    }
    let number = in_port_t(truncatingIfNeeded: port).bigEndian
    if first.ai_family == AF_INET6 {
      var six = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self)
      six.sin6_port = number
      return SocketAddress(six)
    }
    var four = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self)
    four.sin_port = number
    return SocketAddress(four)
  }
}
