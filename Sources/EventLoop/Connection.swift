import CPlatform
import Glibc

/// A TCP connection on an event loop: reads into the loop's buffer, sends from it, and keeps only what did not go out.
package class Connection: Watched {
  package let loop: EventLoop
  private var interest: UInt32 = 0
  /// What the other side has yet to take.
  private var unsent: [UInt8] = []
  private var unsentFrom = 0

  /// The descriptor is that of a socket that does not block.
  init(_ descriptor: Int32, on loop: EventLoop) {
    self.loop = loop
    super.init(descriptor: descriptor)
  }

  deinit { _ = closeDescriptor() }

  var hasUnsent: Bool { unsentFrom < unsent.count }

  /// Is told of these events from now on, besides `output` while something has yet to be taken.
  func watch(for events: UInt32) {
    let wanted = hasUnsent ? events | Readiness.output : events
    guard isOpen, wanted != interest || !isRegistered else { return }
    interest = wanted
    loop.watch(self, for: wanted)
  }

  /// Reads what has come, at most the loop's buffer full.
  /// - Returns: how many bytes; 0 when no more will come; nil when there is nothing now; −1 when it is broken.
  func receive() -> Int? {
    let count = recv(descriptor, loop.input.baseAddress, loop.input.count, 0)
    if count >= 0 { return count }
    return errno == EAGAIN || errno == EINTR ? nil : -1
  }

  /// Sends the bytes, and keeps those that do not go out for `flush`.
  /// - Returns: false when the connection is broken.
  func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard !hasUnsent else {
      unsent.append(contentsOf: bytes)
      return true
    }
    let sent = sendNow(bytes)
    guard sent >= 0 else { return false }
    if sent < bytes.count {
      unsent = Array(bytes[sent...])
      unsentFrom = 0
      watch(for: interest)
    }
    return true
  }

  /// The same, for bytes that need no copy to be kept.
  func send(_ bytes: [UInt8]) -> Bool {
    guard !hasUnsent else {
      unsent += bytes
      return true
    }
    (unsent, unsentFrom) = (bytes, 0)
    return flush()
  }

  /// The other side takes more.
  /// - Returns: false when the connection is broken.
  func flush() -> Bool {
    guard hasUnsent else { return true }
    let sent = unsent.withUnsafeBytes { sendNow(UnsafeRawBufferPointer(rebasing: $0[unsentFrom...])) }
    guard sent >= 0 else { return false }
    unsentFrom += sent
    if !hasUnsent {
      unsent = []
      unsentFrom = 0
    }
    watch(for: interest & ~Readiness.output)
    return true
  }

  /// Puts bytes before the connection is made: they go out with the first `flush`.
  func keepForLater(_ bytes: UnsafeRawBufferPointer) { unsent.append(contentsOf: bytes) }

  /// So much is sent at a time, also to one who takes it all; then it is somebody else's turn.
  private static let fairShare = 256 * 1024

  /// Sends what goes out at once, from any thread that may.
  /// - Returns: how many bytes; −1 when the connection is broken.
  func sendNow(_ bytes: UnsafeRawBufferPointer) -> Int {
    var sent = 0
    let most = min(bytes.count, Self.fairShare)
    while sent < most {
      let count = Glibc.send(descriptor, bytes.baseAddress.map { $0 + sent }, most - sent, Int32(MSG_NOSIGNAL))
      if count < 0, errno == EINTR { continue }
      if count < 0 { return errno == EAGAIN ? sent : -1 }
      sent += count
    }
    return sent
  }

  /// Nothing more is sent; the other side may still do so.
  func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Ends the connection with a RST in place of a FIN.
  func resetAtClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout.size(ofValue: option)))
  }

  /// Closes it, once.
  package func close() {
    guard shut() else { return }
    unsent = []
    unsentFrom = 0
    loop.bury(self)
    wasClosed()
  }

  /// Closes the descriptor, for those who share it with another thread.
  func shut() -> Bool { closeDescriptor() }

  /// For those who have to forget it.
  func wasClosed() {}
}
