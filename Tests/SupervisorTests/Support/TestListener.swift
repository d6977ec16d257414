import Glibc
import Synchronization

/// A port that somebody listens on.
final class TestListener: Sendable {
  let port: Int
  let descriptor: Int32
  private let isStopped = Mutex(false)

  /// Without a port, the kernel chooses one.
  init(address: String = "127.0.0.1", port: Int = 0) throws {
    let descriptor = socket(address.contains(":") ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    self.descriptor = descriptor
    guard let bound = Self.listen(descriptor, address, port) else {
      throw TestSetupError("cannot listen on \(address):\(port): \(String(cString: strerror(errno)))")
    }
    self.port = bound
  }

  deinit { stop() }

  func stop() {
    isStopped.withLock { isStopped in
      if !isStopped { close(descriptor) }
      isStopped = true
    }
  }

  private static func listen(_ descriptor: Int32, _ address: String, _ port: Int) -> Int? {
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout.size(ofValue: one)))
    var storage = sockaddr_storage()
    return withUnsafeMutableBytes(of: &storage) { bytes -> Int? in
      guard let base = bytes.baseAddress else { return nil }
      // In both families the port stands behind the family, in two bytes.
      base.storeBytes(of: sa_family_t(address.contains(":") ? AF_INET6 : AF_INET), as: sa_family_t.self)
      base.storeBytes(of: in_port_t(UInt16(port).bigEndian), toByteOffset: 2, as: in_port_t.self)
      // The address stands behind it, in the newer family after four bytes more.
      if address.contains(":") { inet_pton(AF_INET6, address, base + 8) } else { inet_pton(AF_INET, address, base + 4) }
      var length = socklen_t(
        address.contains(":") ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
      let name = base.assumingMemoryBound(to: sockaddr.self)
      guard bind(descriptor, name, length) == 0, Glibc.listen(descriptor, 16) == 0,
        getsockname(descriptor, name, &length) == 0
      else { return nil }
      return Int(UInt16(bigEndian: base.load(fromByteOffset: 2, as: in_port_t.self)))
    }
  }

  /// Serves one connection from the same process, and closes it before the client does.
  func acceptAndCloseOne() throws {
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    defer { close(client) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(client, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw TestSetupError("cannot connect to \(port)") }
    close(accept(descriptor, nil, nil))
  }
}
