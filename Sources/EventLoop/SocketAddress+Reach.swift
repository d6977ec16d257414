import CPlatform
import Glibc

extension SocketAddress {
  /// Whether anybody listens there. Nothing is sent.
  /// - Parameter patience: in milliseconds.
  /// - Returns: nil when a connection can be made; else why not.
  package func problem(patience: Int) -> String? {
    use { pointer, length in
      let socket = Glibc.socket(
        Int32(pointer.pointee.sa_family), Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
      guard socket >= 0 else { return String(cString: strerror(errno)) }
      defer { close(socket) }
      if connect(socket, pointer, length) == 0 { return nil }
      guard errno == EINPROGRESS else { return String(cString: strerror(errno)) }
      var wait = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
      guard poll(&wait, 1, Int32(clamping: patience)) == 1 else { return "no answer within \(patience) ms" }
      var code: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size)
      return code == 0 ? nil : String(cString: strerror(code))
    }
  }

  /// Why nobody could listen there, as `errno` has it: EADDRINUSE where somebody does, EADDRNOTAVAIL for an address that
  /// this machine does not have. Nil when one could, also beside connections that have not quite ended yet. A process
  /// without a descriptor cannot say, and says nil.
  package var bindFailure: Int32? {
    use { pointer, length in
      let family = Int32(pointer.pointee.sa_family)
      let socket = Glibc.socket(family, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
      guard socket >= 0 else { return nil }
      defer { close(socket) }
      var one: Int32 = 1
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, 4)
      if family == AF_INET6 { setsockopt(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, 4) }
      return bind(socket, pointer, length) == 0 ? nil : errno
    }
  }
}
