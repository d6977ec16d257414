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
}
