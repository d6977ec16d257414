import CPlatform
import ChainModel
import Glibc

/// One connection to a server, with one request at a time.
package final class ClientConnection: Connection {
  private unowned let pool: ClientPool
  private var call: (any ClientCall)?
  private var reader: ResponseReader
  private var isConnecting: Bool
  /// Whether it may be used again after this request.
  private var isKept = true
  private var hasServed = false
  /// When it was used last.
  private(set) var restedAt: UInt64 = 0
  /// Whether its pool has it among those that may be used.
  var isAtRest = false

  /// Begins to connect.
  init(to pool: ClientPool) throws(ClientFailure) {
    self.pool = pool
    reader = ResponseReader(bodyLimit: pool.bodyLimit)
    let address = pool.address
    let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
    guard descriptor >= 0 else { throw .notConnected(errno) }
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    let result = address.use { connect(descriptor, $0, $1) }
    let code = errno
    guard result == 0 || code == EINPROGRESS else {
      Glibc.close(descriptor)
      throw .notConnected(code)
    }
    isConnecting = result != 0
    super.init(descriptor, on: pool.loop)
  }

  func send(for call: any ClientCall, isKept: Bool, _ build: (Output) -> Void) {
    self.call = call
    self.isKept = isKept
    reader = ResponseReader(bodyLimit: pool.bodyLimit)
    loop.output.clear()
    build(loop.output)
    if isConnecting {
      keepForLater(loop.output.bytes)
      watch(for: Readiness.output)
    } else if !super.send(loop.output.bytes) {
      // Told later: whoever calls is about to keep this connection, and not ready for its end.
      loop.execute { [self] in end(.reset) }
    }
    if !isConnecting { watch(for: Readiness.input | Readiness.halfClosed) }
  }

  /// Nobody waits for the answer any more. Closed, it tells the server.
  package func giveUp() {
    call = nil
    close()
  }

  override func wasClosed() { pool.forget(self) }

  override func ready(_ events: UInt32) {
    if isConnecting {
      guard finishConnecting() else { return }
    } else if events & Readiness.output != 0, !flush() {
      return end(.reset)
    }
    guard events & ~Readiness.output != 0 else { return }
    // At rest, whatever comes is no answer to anything: the server has closed it, or made a mistake.
    guard call != nil else { return close() }
    read()
  }

  private func finishConnecting() -> Bool {
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout.size(ofValue: code))
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
    guard code == 0 else {
      end(.notConnected(code))
      return false
    }
    isConnecting = false
    guard flush() else {
      end(.reset)
      return false
    }
    watch(for: Readiness.input | Readiness.halfClosed)
    return true
  }

  private func read() {
    guard let count = receive() else { return }
    // Broken: not even an answer that ends with its connection is at its end.
    guard count >= 0 else { return end(.reset) }
    do throws(ResponseReader.Failure) {
      guard count > 0 else {
        try reader.end()
        return complete(isClean: false)
      }
      let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(loop.input)[..<count])
      let used = try reader.read(bytes, pool.parser)
      if reader.isDone { complete(isClean: used == count) }
    } catch {
      switch error {
      case .malformed: end(.malformed)
      case .cutShort: end(.reset)
      case .nothing: end(.reset)
      }
    }
  }

  /// - Parameter isClean: nothing came behind the answer.
  private func complete(isClean: Bool) {
    guard let call, let head = reader.head else { return close() }
    self.call = nil
    hasServed = true
    let body = reader.body
    reader = ResponseReader(bodyLimit: pool.bodyLimit)
    if isClean, isKept, head.keepsConnection, !hasUnsent {
      restedAt = Monotonic.now()
      pool.rest(self)
    } else {
      close()
    }
    call.answered(status: head.status, body: body)
  }

  private func end(_ failure: ClientFailure) {
    let call = call
    self.call = nil
    close()
    call?.failed(failure == .reset && hasServed && !reader.hasBegun ? .stale : failure)
  }
}
