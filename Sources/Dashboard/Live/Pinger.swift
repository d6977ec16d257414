import ChainModel
import Glibc
import Synchronization

/// Asks the gateway's `/ping` once a second while somebody looks: a request that needs nothing from any other service,
/// and that waits all the same when the gateway's threads are taken.
final class Pinger: Sendable {
  private struct State {
    var port: Int?
    var last: UInt64?
    var askedAt: UInt64?
    var nextAt: UInt64 = 0
  }

  private static let timeout = 30

  private let state = Mutex(State())

  func aim(at port: Int) { state.withLock { $0.port = port } }

  func stop() { state.withLock { $0.port = nil } }

  /// How long the last one took, and for how long the one that is under way has waited; in nanoseconds.
  var times: (last: UInt64?, waiting: UInt64?) {
    state.withLock { state in
      let now = Monotonic.now()
      return (state.last, state.askedAt.map { now &- $0 }.flatMap { $0 > 300_000_000 ? $0 : nil })
    }
  }

  /// Begins the next one if it is due and none is under way.
  func ask() {
    let port = state.withLock { state -> Int? in
      let now = Monotonic.now()
      guard let port = state.port, state.askedAt == nil, now >= state.nextAt else { return nil }
      state.askedAt = now
      state.nextAt = now + 1_000_000_000
      return port
    }
    guard let port else { return }
    var thread = pthread_t()
    let job = Unmanaged.passRetained(Job(pinger: self, port: port))
    let result = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let job = Unmanaged<Job>.fromOpaque(argument).takeRetainedValue()
        job.pinger.done(Pinger.ping(port: job.port))
        return nil
      }, job.toOpaque())
    if result == 0 {
      pthread_detach(thread)
    } else {
      job.release()
      done(nil)
    }
  }

  private final class Job: Sendable {
    let pinger: Pinger
    let port: Int

    init(pinger: Pinger, port: Int) {
      self.pinger = pinger
      self.port = port
    }
  }

  private func done(_ time: UInt64?) {
    state.withLock { state in
      state.askedAt = nil
      state.last = time
    }
  }

  /// - Returns: how long the answer took, in nanoseconds; nil if none came.
  private static func ping(port: Int) -> UInt64? {
    let start = Monotonic.now()
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var patience = timeval(tv_sec: timeout, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
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
    let request = Array("GET /ping HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n".utf8)
    guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { return nil }
    var byte: UInt8 = 0
    guard recv(descriptor, &byte, 1, 0) == 1 else { return nil }
    return Monotonic.now() &- start
  }
}
