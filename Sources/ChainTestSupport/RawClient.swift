import ChainModel
import Glibc

/// A plain POSIX socket to a port of this host: sends what bytes a test wants, also such as no HTTP library would, and
/// reads with a deadline. Blocking; used by one thread.
package final class RawClient {
  private let descriptor: Int32
  /// Received and not yet given out.
  private var pending: ArraySlice<UInt8> = []
  private var isOpen = true

  /// How the other side ended the connection.
  package enum End: Hashable, Sendable {
    /// With a FIN.
    case closed
    /// With a RST.
    case reset
    /// Not within the time.
    case open
  }

  package struct Failure: Error, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
  }

  /// - Parameters:
  ///   - port: where to.
  ///   - waiting: whether to wait until the connection is established; without, the kernel goes on in the background.
  ///   - receiveBuffer: bytes that the kernel takes for it; nil: as many as it likes.
  /// - Throws: when the connection is refused.
  package init(port: Int, waiting: Bool = true, receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard descriptor >= 0 else { throw Failure("socket: \(Self.reason)") }
    if !waiting { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
    if var receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if !waiting, result != 0, errno == EINPROGRESS { return }
    guard result == 0 else {
      Glibc.close(descriptor)
      isOpen = false
      throw Failure("cannot connect to port \(port): \(Self.reason)")
    }
  }

  deinit { close() }

  /// Whether the connection is established, as far as this side knows.
  package func isConnected(within timeout: Duration) -> Bool {
    guard wait(for: POLLOUT, until: Deadline(after: timeout, from: Monotonic.now())) else { return false }
    var error: Int32 = 0
    var length = socklen_t(MemoryLayout.size(ofValue: error))
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0
  }

  package func close() {
    guard isOpen else { return }
    isOpen = false
    Glibc.close(descriptor)
  }

  /// Says that nothing more will be sent; answers are still read.
  package func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Whether this host has ::1.
  package static var hasIPv6: Bool {
    let probe = socket(AF_INET6, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard probe >= 0 else { return false }
    defer { Glibc.close(probe) }
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_addr = in6addr_loopback
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(probe, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
      }
    }
  }

  /// Ends the connection with a RST.
  package func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout.size(ofValue: option)))
    close()
  }

  // MARK: Sending

  package func send(_ text: String) throws { try send(Array(text.utf8)) }

  package func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Failure("send: \(Self.reason)") }
      sent += count
    }
  }

  /// Sends a GET request that keeps the connection.
  package func get(_ path: String, _ headers: [String] = []) throws {
    try send((["GET \(path) HTTP/1.1", "Host: 127.0.0.1"] + headers + ["", ""]).joined(separator: "\r\n"))
  }

  // MARK: Reading

  /// Reads one HTTP answer with its body.
  /// - Parameters:
  ///   - timeout: for all of it.
  ///   - bodiless: whether the request was a HEAD, whose answer ends with its head.
  /// - Returns: the answer.
  /// - Throws: when none is complete in time, or the bytes are no answer.
  package func answer(within timeout: Duration = .seconds(10), bodiless: Bool = false) throws -> RawAnswer {
    let deadline = Deadline(after: timeout, from: Monotonic.now())
    while true {
      if let (answer, length) = RawAnswer.parse(pending, bodiless: bodiless) {
        pending.removeFirst(length)
        return answer
      }
      switch try receive(until: deadline) {
      case .some: continue
      case .none: throw Failure("no answer within \(timeout); received: \(text)")
      case .end(let end): throw Failure("no answer, the connection was \(end); received: \(text)")
      }
    }
  }

  /// A GET request and its answer.
  package func request(
    _ path: String, _ headers: [String] = [], within timeout: Duration = .seconds(10)
  ) throws -> RawAnswer {
    try get(path, headers)
    return try answer(within: timeout)
  }

  /// Reads until a text has come, of an answer that may have no end.
  /// - Returns: all that came; nil if the text does not come in time.
  package func read(until text: String, within timeout: Duration = .seconds(30)) throws -> String? {
    let deadline = Deadline(after: timeout, from: Monotonic.now())
    while true {
      let all = String(decoding: pending, as: UTF8.self)
      if all.contains(text) { return all }
      guard case .some = try receive(until: deadline) else { return nil }
    }
  }

  /// Waits for the other side to end the connection; what it sends before is dropped.
  package func end(within timeout: Duration = .seconds(10)) throws -> End {
    let deadline = Deadline(after: timeout, from: Monotonic.now())
    while true {
      switch try receive(until: deadline) {
      case .some: pending = []
      case .none: return .open
      case .end(let end): return end
      }
    }
  }

  /// Whether anything can be read, now or within the time.
  package func hasInput(within timeout: Duration = .zero) -> Bool {
    !pending.isEmpty || wait(for: POLLIN, until: Deadline(after: timeout, from: Monotonic.now()))
  }

  private var text: String { pending.isEmpty ? "nothing" : String(decoding: pending, as: UTF8.self) }

  private enum Received {
    case some
    case none
    case end(End)
  }

  private func receive(until deadline: Deadline) throws -> Received {
    guard wait(for: POLLIN, until: deadline) else { return .none }
    var bytes = [UInt8](repeating: 0, count: 64 * 1024)
    let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    if count > 0 {
      pending += bytes[..<count]
      return .some
    }
    if count == 0 { return .end(.closed) }
    switch errno {
    case ECONNRESET, EPIPE: return .end(.reset)
    case EAGAIN, EINTR: return .some
    default: throw Failure("recv: \(Self.reason)")
    }
  }

  private func wait(for event: Int32, until deadline: Deadline) -> Bool {
    while true {
      let remaining = deadline.remaining(at: Monotonic.now()).milliseconds
      var request = pollfd(fd: descriptor, events: Int16(event), revents: 0)
      let result = poll(&request, 1, Int32(clamping: remaining))
      if result > 0 { return true }
      if result == 0 && deadline.hasPassed(at: Monotonic.now()) { return false }
    }
  }

  private static var reason: String { String(cString: strerror(errno)) }
}
