import CCurl
import ChainModel
import EventLoop
import Glibc

/// A blocking HTTP client for one thread, over libcurl's connections: it really waits in the kernel.
///
/// libcurl makes the connection and moves the bytes; what they mean is read as the event loop's client reads it, so that
/// a callee that misbehaves is the same failure in every IO model. `curl_easy_perform` as a whole repeats a request on a
/// connection that was closed, without a word, and takes for an answer what came before the request was sent.
final class CurlClient {
  private let interrupt: Interrupt
  private let parser = HeadParser()
  private let output = Output(capacity: 512)
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
  /// Connections at rest; the one used last is last.
  private var kept: [CurlConnection] = []

  private static let keptLimit = 2 * ReplicaName.numbers.upperBound

  /// Once per process, before any thread uses libcurl.
  static let isReady: Bool = chain_curl_global_init() == CURLE_OK

  init(interrupt: Interrupt) {
    guard Self.isReady else { preconditionFailure("libcurl cannot be initialised") }
    self.interrupt = interrupt
  }

  deinit { input.deallocate() }

  /// Makes one GET request and blocks until its answer is complete.
  /// - Parameters:
  ///   - attempt: which has begun.
  ///   - timeout: for all of it.
  /// - Returns: the answer, if its status is a success.
  func get(_ attempt: CallAttempt, timeout: Duration) -> Result<CalleeAnswer, CallError> {
    let deadline = Deadline(after: timeout, from: Monotonic.now())
    do throws(CallError) {
      return .success(try exchange(attempt, timeout: timeout, deadline))
    } catch {
      return .failure(interrupt.isInterrupted ? .cancelled : error)
    }
  }

  private func exchange(
    _ attempt: CallAttempt, timeout: Duration, _ deadline: Deadline
  ) throws(CallError) -> CalleeAnswer {
    guard !interrupt.isInterrupted else { throw .cancelled }
    let connection = attempt.needsNewConnection ? nil : takeKept(attempt.called)
    let isUsed = connection != nil
    let line: CurlConnection
    if let connection { line = connection } else { line = try connect(attempt, until: deadline) }
    output.clear()
    attempt.write(to: output, timeout: timeout)
    var reader = ResponseReader(bodyLimit: CalleeTarget.bodyLimit)
    let isClean: Bool
    do throws(LineEnd) {
      try line.send(output.bytes, until: deadline)
      isClean = try receive(&reader, from: line, until: deadline)
    } catch {
      throw error.callError(attempt.callee, isStale: isUsed && !reader.hasBegun)
    }
    guard let head = reader.head else { throw .malformedAnswer(attempt.callee) }
    if isClean, head.keepsConnection, attempt.keepsConnection { keep(line) }
    guard (200..<300).contains(head.status) else { throw .answered(attempt.callee, status: head.status) }
    return CalleeAnswer(body: reader.body)
  }

  /// - Returns: whether nothing came behind the answer.
  private func receive(
    _ reader: inout ResponseReader, from line: CurlConnection, until deadline: Deadline
  ) throws(LineEnd) -> Bool {
    while !reader.isDone {
      let count = try line.receive(input, until: deadline)
      do throws(ResponseReader.Failure) {
        guard count > 0 else {
          try reader.end()
          return false
        }
        let used = try reader.read(UnsafeRawBufferPointer(rebasing: input[..<count]), parser)
        if reader.isDone { return used == count }
      } catch {
        throw error == .malformed ? .malformed : .closed
      }
    }
    return true
  }

  // MARK: Connections

  private func connect(_ attempt: CallAttempt, until deadline: Deadline) throws(CallError) -> CurlConnection {
    let target = attempt.called
    // libcurl is given an address, so that a name is looked up in every IO model alike.
    let address =
      try target.hasFixedAddress ? target.authority : find(target, for: attempt, until: deadline).text
    do throws(LineEnd) {
      return try CurlConnection(
        to: target, at: address, interrupt: interrupt, timeout: deadline.remaining(at: Monotonic.now()))
    } catch {
      throw error.callError(attempt.callee, isStale: false)
    }
  }

  /// Of a name: this thread waits until it has been looked up, its time is up, or its caller leaves.
  private func find(
    _ target: CalleeTarget, for attempt: CallAttempt, until deadline: Deadline
  ) throws(CallError) -> Endpoint {
    if let address = target.lookup.known { return address.endpoint }
    let found = Locked<Lookup.Found?>(nil)
    target.lookup.find { [interrupt] result in
      found.withLock { $0 = result }
      interrupt.wake()
    }
    _ = interrupt.sleep(until: deadline.nanoseconds) { found.withLock { $0 == nil } }
    switch found.withLock({ $0 }) {
    case .success(let address)?: return address.endpoint
    case .failure?: throw .nameNotFound(attempt.callee)
    case nil: throw interrupt.isInterrupted ? .cancelled : .timeout(attempt.callee)
    }
  }

  /// One that has rested too long, or on which something has come meanwhile, is closed: an answer that nobody has asked
  /// for is none.
  private func takeKept(_ target: CalleeTarget) -> CurlConnection? {
    let now = Monotonic.now()
    while let place = kept.lastIndex(where: { $0.target === target }) {
      let connection = kept.remove(at: place)
      if now &- connection.restedAt <= target.keptFor.nanoseconds, connection.isQuiet { return connection }
    }
    return nil
  }

  private func keep(_ connection: CurlConnection) {
    connection.restedAt = Monotonic.now()
    kept.append(connection)
    if kept.count > Self.keptLimit { kept.removeFirst() }
  }
}

/// How a connection ended, or was never made.
enum LineEnd: Error {
  case refused
  case descriptors
  case timeout
  case closed
  case malformed

  func callError(_ callee: ServiceName, isStale: Bool) -> CallError {
    switch self {
    case .refused: .connectionRefused(callee)
    case .descriptors: .shed(.descriptors)
    case .timeout: .timeout(callee)
    case .closed: isStale ? .staleConnection(callee) : .connectionReset(callee)
    case .malformed: .malformedAnswer(callee)
    }
  }
}

/// One connection that libcurl has made. Closed when it is gone.
private final class CurlConnection {
  let target: CalleeTarget
  var restedAt: UInt64 = 0
  private let handle: UnsafeMutableRawPointer
  private let interrupt: Interrupt
  private var socket: Int32 = -1
  private var socketError: Int32 = 0

  /// Connects to the target's address, given as it stands in a URL.
  init(to target: CalleeTarget, at address: String, interrupt: Interrupt, timeout: Duration) throws(LineEnd) {
    guard let handle = curl_easy_init() else { throw .descriptors }
    self.target = target
    self.handle = handle
    self.interrupt = interrupt
    prepare(address, timeout)
    let code = curl_easy_perform(handle)
    if code == CURLE_OPERATION_TIMEDOUT { throw .timeout }
    guard code == CURLE_OK, socket >= 0 else {
      throw socketError == EMFILE || socketError == ENFILE ? .descriptors : .refused
    }
  }

  deinit { curl_easy_cleanup(handle) }

  private func prepare(_ address: String, _ timeout: Duration) {
    let context = Unmanaged.passUnretained(self).toOpaque()
    _ = chain_curl_long(handle, CURLOPT_NOSIGNAL, 1)
    _ = chain_curl_string(handle, CURLOPT_PROXY, "")
    _ = chain_curl_long(handle, CURLOPT_TCP_NODELAY, 1)
    _ = chain_curl_long(handle, CURLOPT_CONNECT_ONLY, 1)
    // Nothing is read into it, and every blocked thread has one.
    _ = chain_curl_long(handle, CURLOPT_BUFFERSIZE, 1024)
    _ = chain_curl_string(handle, CURLOPT_URL, "http://\(address)/")
    _ = chain_curl_long(handle, CURLOPT_TIMEOUT_MS, max(1, Int(clamping: timeout.millisecondsRoundedUp)))
    _ = chain_curl_pointer(handle, CURLOPT_OPENSOCKETDATA, context)
    _ = chain_curl_on_open(handle) { context, _, address in
      guard let context, let address else { return -1 }
      return Unmanaged<CurlConnection>.fromOpaque(context).takeUnretainedValue().openSocket(address)
    }
    _ = chain_curl_pointer(handle, CURLOPT_CLOSESOCKETDATA, Unmanaged.passUnretained(interrupt).toOpaque())
    _ = chain_curl_on_close(handle) { context, descriptor in
      guard let context else { return close(descriptor) }
      return Unmanaged<Interrupt>.fromOpaque(context).takeUnretainedValue().closed(descriptor)
    }
  }

  private func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> Int32 {
    let descriptor = Glibc.socket(
      address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
    guard descriptor >= 0 else {
      socketError = errno
      return -1
    }
    guard interrupt.opened(descriptor) else {
      close(descriptor)
      return -1
    }
    socket = descriptor
    return descriptor
  }

  /// Whether nothing has come, and it is not closed.
  var isQuiet: Bool {
    var byte: UInt8 = 0
    return recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) < 0 && errno == EAGAIN
  }

  func send(_ bytes: UnsafeRawBufferPointer, until deadline: Deadline) throws(LineEnd) {
    var sent = 0
    while sent < bytes.count {
      var count = 0
      switch curl_easy_send(handle, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, &count) {
      case CURLE_OK: sent += count
      case CURLE_AGAIN: try wait(for: POLLOUT, until: deadline)
      default: throw .closed
      }
    }
  }

  /// Waits for bytes; 0 when no more will come.
  func receive(_ buffer: UnsafeMutableRawBufferPointer, until deadline: Deadline) throws(LineEnd) -> Int {
    while true {
      // The answer is never there before the question has been read.
      try wait(for: POLLIN, until: deadline)
      var count = 0
      switch curl_easy_recv(handle, buffer.baseAddress, buffer.count, &count) {
      case CURLE_OK: return count
      case CURLE_AGAIN: continue
      default: throw .closed
      }
    }
  }

  /// Where a thread stands that waits for its callee.
  private func wait(for event: Int32, until deadline: Deadline) throws(LineEnd) {
    while true {
      let left = deadline.remaining(at: Monotonic.now()).millisecondsRoundedUp
      var request = pollfd(fd: socket, events: Int16(event), revents: 0)
      let ready = poll(&request, 1, Int32(clamping: left))
      if ready > 0 { return }
      if ready == 0, deadline.hasPassed(at: Monotonic.now()) { throw .timeout }
    }
  }
}
