package import ChainModel
import CPlatform
import Glibc

/// Accepts connections on a port.
package final class Listener: Watched {
  /// Why a port cannot be had, as `errno` has it.
  package struct Failure: Error {
    package let code: Int32

    package init(code: Int32) { self.code = code }
  }

  private let loop: EventLoop
  /// Gone when it is closed, with whatever they hold.
  private var accepted: ((Int32) -> Void)?
  /// Whether another connection can be taken now. Without it: always.
  private var hasRoom: (() -> Bool)?
  /// Called with the reason when connections cannot be accepted for want of something.
  private var onShortage: ((String) -> Void)?
  private var isResting = false
  private var isWatching = false

  /// The port, which the kernel chose if 0 was asked for.
  package let port: Int

  /// So many at a time, then it is the turn of those that are connected.
  private static let fairShare = 16
  /// Out of descriptors, a listener rests: the socket stays ready, and the loop would do nothing else. Short enough that
  /// nobody waits long for a descriptor that is free again.
  private static let rest = Duration.milliseconds(100)

  /// Listens.
  /// - Parameters:
  ///   - loop: whose turn it is to accept.
  ///   - endpoint: an address, IPv4 or IPv6, and a port, 0 for any.
  ///   - backlog: how many the kernel keeps that are not accepted.
  ///   - sendBuffer: bytes that the kernel keeps of what a client has yet to take; nil: as many as it likes.
  ///   - hasRoom: whether another one can be taken; whoever says no calls `look` when that changes.
  ///   - onShortage: called with the reason when connections cannot be accepted for want of descriptors or memory.
  ///   - accepted: takes a connection's descriptor, which does not block.
  /// - Throws: when the port cannot be had.
  package init(
    on loop: EventLoop, at endpoint: Endpoint, backlog: Int, sendBuffer: Int32? = nil,
    hasRoom: (() -> Bool)? = nil, onShortage: @escaping (String) -> Void, accepted: @escaping (Int32) -> Void
  ) throws(Failure) {
    self.loop = loop
    self.hasRoom = hasRoom
    self.onShortage = onShortage
    self.accepted = accepted
    let address = try SocketAddress.parse(endpoint)
    let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
    guard descriptor >= 0 else { throw Failure(code: errno) }
    var one: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
    // `::` would take the port of IPv4 too.
    if address.family == AF_INET6 { setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &one, 4) }
    // Connections have it from their listener.
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    if var sendBuffer { setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &sendBuffer, 4) }
    guard address.use({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, Int32(clamping: backlog)) == 0 else {
      let code = errno
      Glibc.close(descriptor)
      throw Failure(code: code)
    }
    self.port = SocketAddress.port(of: descriptor) ?? endpoint.port
    super.init(descriptor: descriptor)
  }

  deinit { _ = closeDescriptor() }

  /// On its loop: accepts from now on.
  package func start() { look() }

  /// Accepts no more.
  package func close() {
    guard closeDescriptor() else { return }
    (accepted, hasRoom, onShortage) = (nil, nil, nil)
    loop.bury(self)
  }

  /// Looks whether there is room now.
  package func look() {
    guard isOpen, !isResting else { return }
    let wanted = hasRoom?() ?? true
    guard wanted != isWatching else { return }
    isWatching = wanted
    loop.watch(self, for: wanted ? Readiness.input : 0)
  }

  override func ready(_ events: UInt32) {
    for _ in 0..<(hasRoom == nil ? Self.fairShare : 1) {
      // Another listener may have taken the last place.
      guard hasRoom?() ?? true else { break }
      let descriptor = chain_accept(self.descriptor)
      if descriptor >= 0 {
        accepted?(descriptor)
        continue
      }
      let code = errno
      if code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM { takeRest(code) }
      break
    }
    look()
  }

  private func takeRest(_ code: Int32) {
    isResting = true
    isWatching = false
    loop.watch(self, for: 0)
    onShortage?(String(cString: strerror(code)))
    loop.schedule(after: Self.rest) { [weak self] in
      self?.isResting = false
      self?.look()
    }
  }
}
