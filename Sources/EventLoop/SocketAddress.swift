import CPlatform
package import ChainModel
import Glibc

/// Where a socket of TCP is.
package struct SocketAddress: Sendable {
  private var storage = sockaddr_storage()
  private let length: socklen_t

  var family: Int32 { Int32(storage.ss_family) }

  /// - Throws: EINVAL for a name, which would have to be looked up.
  package static func parse(_ endpoint: Endpoint) throws(Listener.Failure) -> SocketAddress {
    var four = sockaddr_in()
    var six = sockaddr_in6()
    let number = in_port_t(truncatingIfNeeded: endpoint.port).bigEndian
    if inet_pton(AF_INET, endpoint.host, &four.sin_addr) == 1 {
      four.sin_family = sa_family_t(AF_INET)
      four.sin_port = number
      return SocketAddress(four)
    }
    guard inet_pton(AF_INET6, endpoint.host, &six.sin6_addr) == 1 else { throw Listener.Failure(code: EINVAL) }
    six.sin6_family = sa_family_t(AF_INET6)
    six.sin6_port = number
    return SocketAddress(six)
  }

  private init<Address>(_ address: Address) {
    length = socklen_t(MemoryLayout<Address>.size)
    withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: Address.self) }
  }

  /// A `sockaddr` that the system has made, with another port; nil for a family that is not known.
  package init?(copying address: UnsafeRawPointer, port: Int = 0) {
    let number = in_port_t(truncatingIfNeeded: port).bigEndian
    switch Int32(address.loadUnaligned(as: sa_family_t.self)) {
    case AF_INET:
      var four = address.loadUnaligned(as: sockaddr_in.self)
      four.sin_port = number
      self.init(four)
    case AF_INET6:
      var six = address.loadUnaligned(as: sockaddr_in6.self)
      six.sin6_port = number
      self.init(six)
    default: return nil
    }
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
    return result == 0 ? port(in: storage) : nil
  }

  /// Both families have it in the same place.
  private static func port(in storage: sockaddr_storage) -> Int {
    withUnsafeBytes(of: storage) { Int(UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self))) }
  }

  /// The same as an address and a port.
  package var endpoint: Endpoint {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    withUnsafeBytes(of: storage) { bytes in
      // The address stands behind the port, in the newer family after four bytes more.
      let address = bytes.baseAddress.map { $0 + (family == AF_INET6 ? 8 : 4) }
      inet_ntop(family, address, &text, socklen_t(text.count))
    }
    return Endpoint(
      String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
      port: Self.port(in: storage))
  }
}

extension SocketAddress {
  /// Why a name has no address, as the resolver says it.
  package struct Unresolved: Error {
    package let reason: String

    package init(reason: String) { self.reason = reason }
  }

  /// How long one of several addresses may take to answer before the next is tried, in milliseconds.
  private static let patience = 500

  /// Where to connect to. A name is looked up, which can take long; of several addresses it is the first on which somebody
  /// listens, or the first if nobody does.
  package static func resolve(_ endpoint: Endpoint) throws(Unresolved) -> SocketAddress {
    let addresses = try all(endpoint)
    guard addresses.count > 1 else { return addresses[0] }
    return addresses.first { $0.problem(patience: patience) == nil } ?? addresses[0]
  }

  /// All addresses of an endpoint, in the resolver's order; at least one. A name is looked up, which can take long.
  package static func all(_ endpoint: Endpoint) throws(Unresolved) -> [SocketAddress] {
    if let address = try? parse(endpoint) { return [address] }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(endpoint.host, nil, &hints, &found)
    defer { if let found { freeaddrinfo(found) } }
    var addresses: [SocketAddress] = []
    var next = code == 0 ? found : nil
    while let entry = next?.pointee {
      let address = entry.ai_addr.flatMap { SocketAddress(copying: $0, port: endpoint.port) }
      if let address { addresses.append(address) }
      next = entry.ai_next
    }
    guard !addresses.isEmpty else {
      throw Unresolved(reason: code == 0 ? "it has no address" : String(cString: gai_strerror(code)))
    }
    return addresses
  }
}
