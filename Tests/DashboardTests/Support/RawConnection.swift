import Glibc

/// A connection to the page on which a test sends what no proper client would.
final class RawConnection: Sendable {
  private let descriptor: Int32

  /// Nil if nobody takes the connection.
  /// - Parameters:
  ///   - port: of this host.
  ///   - receiveBuffer: bytes that the kernel takes for it; nil: as many as it likes.
  init?(port: Int, receiveBuffer: Int32? = nil) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard descriptor >= 0 else { return nil }
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    if var receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { return nil }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// - Returns: whether all of it was taken.
  @discardableResult
  func send(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
  }

  /// Whether the other side has ended it; what it has said until then is thrown away.
  var isClosed: Bool {
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &piece, piece.count, Int32(MSG_DONTWAIT))
      if count > 0 { continue }
      return count == 0 || (errno != EAGAIN && errno != EINTR)
    }
  }

  /// Reads until a text has come.
  /// - Returns: all that came; nil if the text does not come.
  func read(until text: String) -> String? {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while !String(decoding: bytes, as: UTF8.self).contains(text) {
      let count = recv(descriptor, &piece, piece.count, 0)
      guard count > 0, bytes.count < 1 << 24 else { return nil }
      bytes += piece[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Asks for a path.
  /// - Returns: the answer's status; nil without one.
  func status(_ path: String, port: Int, headers: [String] = []) -> Int? {
    let lines = ["GET \(path) HTTP/1.1"] + (headers.isEmpty ? ["Host: 127.0.0.1:\(port)"] : headers)
    guard send(lines.joined(separator: "\r\n") + "\r\n\r\n") else { return nil }
    return read(until: "\r\n").flatMap { Int($0.dropFirst("HTTP/1.1 ".count).prefix(3)) }
  }
}
