import CPlatform
import ChainModel
import Glibc
import Synchronization

/// An HTTP/1.1 server with one thread that reads and writes plain bytes through system calls, so that it knows nothing of
/// the code that it tests. It misbehaves as it is told.
package final class TinyServer: Sendable {
  package enum Behaviour: Sendable {
    case answer(status: Int)
    case answerAfter(Duration)
    /// Takes so long for each request, one after another.
    case oneAtATime(Duration)
    /// Answers, but says that it closes the connection, and does.
    case answerAndClose
    case closeWithoutAnswer
    /// Closes in the middle of the body.
    case closeHalfway
    /// Breaks the connection in the middle of a body that would end with it.
    case resetHalfway
    case neverAnswer
    case garbage
    /// Answers at once, but the loop stands still for a while when request number `at` comes, as a stopped process does.
    case standStill(at: Int, milliseconds: UInt32)
  }

  package struct Seen: Sendable {
    package var connections = 0
    package var requests = 0
    /// The heads of the last requests, without the blank line.
    package var heads: [String] = []
  }

  package let port: Int
  private let loop: TinyServerLoop
  private let thread: pthread_t

  /// - Throws: `errno`'s text, when there is no port.
  package init(_ behaviour: Behaviour) throws {
    let loop = try TinyServerLoop(behaviour)
    self.loop = loop
    port = loop.port
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<TinyServerLoop>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(loop).toOpaque())
    precondition(result == 0, "pthread_create: \(result)")
    self.thread = thread
  }

  package var counts: Seen { loop.seen.withLock { $0 } }

  package func stop() {
    loop.stop()
    pthread_join(thread, nil)
  }

  /// Runs a body against a server and stops the server on every way out.
  package static func with<Result>(
    _ behaviour: Behaviour, _ body: (TinyServer) async throws -> Result
  ) async throws -> Result {
    let server = try TinyServer(behaviour)
    defer { server.stop() }
    return try await body(server)
  }
}

private final class TinyServerLoop: @unchecked Sendable {  // besides `seen` and the bell, only its thread touches it
  let seen = Mutex(TinyServer.Seen())
  let port: Int
  private let behaviour: TinyServer.Behaviour
  private let listener: Int32
  private let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
  private let bell = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
  private var isStopped = false
  private var connections: [Int32: TinyConnection] = [:]
  /// Answers that wait for their time, the first one first.
  private var later: [(at: UInt64, connection: TinyConnection)] = []

  struct Failure: Error {
    let reason: String
  }

  init(_ behaviour: TinyServer.Behaviour) throws {
    self.behaviour = behaviour
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { [listener] pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 4096) == 0 ? getsockname(listener, $0, &size) : -1
      }
    }
    guard result == 0 else { throw Failure(reason: String(cString: strerror(errno))) }
    port = Int(UInt16(bigEndian: address.sin_port))
    watch(listener)
    watch(bell)
  }

  func stop() {
    var one: UInt64 = 1
    _ = write(bell, &one, 8)
  }

  /// A descriptor stands for itself in an event.
  private func watch(_ descriptor: Int32) {
    _ = chain_epoll_control(
      epoll, EPOLL_CTL_ADD, descriptor, EPOLLIN.rawValue, UnsafeMutableRawPointer(bitPattern: Int(descriptor)))
  }

  func run() {
    let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: 64)
    defer { events.deallocate() }
    while !isStopped {
      for index in 0..<max(0, Int(epoll_wait(epoll, events, 64, patience))) {
        let descriptor = Int32(Int(bitPattern: chain_event_object(events + index)))
        switch descriptor {
        case bell: isStopped = true
        case listener: accept()
        default: if let connection = connections[descriptor] { read(connection) }
        }
      }
      while let first = later.first, first.at <= Monotonic.now() {
        later.removeFirst()
        send(Self.answer(200), on: first.connection)
      }
    }
    for descriptor in connections.keys { close(descriptor) }
    for descriptor in [listener, bell, epoll] { close(descriptor) }
  }

  private var patience: Int32 {
    guard let next = later.first?.at else { return -1 }
    let now = Monotonic.now()
    return next > now ? Int32((next - now + 999_999) / 1_000_000) : 0
  }

  private func accept() {
    while true {
      let descriptor = chain_accept(listener)
      guard descriptor >= 0 else { return }
      connections[descriptor] = TinyConnection(descriptor)
      seen.withLock { $0.connections += 1 }
      watch(descriptor)
    }
  }

  private func read(_ connection: TinyConnection) {
    var buffer = [UInt8](repeating: 0, count: 16 * 1024)
    let count = recv(connection.descriptor, &buffer, buffer.count, 0)
    if count < 0, errno == EAGAIN { return }
    guard count > 0 else { return end(connection) }
    connection.received += String(decoding: buffer[..<count], as: UTF8.self)
    while connection.isOpen, let end = connection.received.firstRange(of: "\r\n\r\n") {
      let head = String(connection.received[..<end.lowerBound])
      connection.received = String(connection.received[end.upperBound...])
      let number = seen.withLock { seen in
        seen.requests += 1
        seen.heads = seen.heads.suffix(99) + [head]
        return seen.requests
      }
      answer(connection, number: number)
    }
  }

  private func answer(_ connection: TinyConnection, number: Int) {
    switch behaviour {
    case .answer(let status): send(Self.answer(status), on: connection)
    case .answerAfter(let delay): later.append((Monotonic.now() + delay.nanoseconds, connection))
    case .oneAtATime(let delay):
      later.append((max(Monotonic.now(), later.last?.at ?? 0) + delay.nanoseconds, connection))
    case .answerAndClose:
      send(Self.answer(200, "connection: close\r\n"), on: connection)
      end(connection)
    case .closeWithoutAnswer: end(connection)
    case .closeHalfway:
      send("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", on: connection)
      end(connection)
    case .resetHalfway:
      send("HTTP/1.1 200 OK\r\n\r\nhalf", on: connection)
      var option = linger(l_onoff: 1, l_linger: 0)
      setsockopt(
        connection.descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout.size(ofValue: option)))
      end(connection)
    case .neverAnswer: break
    case .garbage: send("this is no answer\r\n\r\n", on: connection)
    case .standStill(let at, let milliseconds):
      if number == at { usleep(milliseconds * 1000) }
      send(Self.answer(200), on: connection)
    }
  }

  private func send(_ text: String, on connection: TinyConnection) {
    guard connection.isOpen else { return }
    let bytes = Array(text.utf8)
    _ = Glibc.send(connection.descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  private func end(_ connection: TinyConnection) {
    connection.isOpen = false
    connections[connection.descriptor] = nil
    close(connection.descriptor)
  }

  private static func answer(_ status: Int, _ headers: String = "") -> String {
    "HTTP/1.1 \(status) Status\r\n\(headers)content-length: 2\r\n\r\nok"
  }
}

private final class TinyConnection {
  let descriptor: Int32
  var received = ""
  var isOpen = true

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }
}
