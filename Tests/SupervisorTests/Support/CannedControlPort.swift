import Glibc
import Synchronization

/// A control port that gives every request the same answer, and remembers what was asked. Its thread keeps it until the
/// tests end.
final class CannedControlPort: Sendable {
  private let listener: TestListener
  private let received = Mutex<[(head: String, body: String)]>([])

  var port: Int { listener.port }

  /// `METHOD path body`, in order.
  var requests: [String] {
    received.withLock { $0.map { "\($0.head.split(separator: " ").prefix(2).joined(separator: " ")) \($0.body)" } }
  }

  var heads: [String] { received.withLock { $0.map(\.head) } }

  convenience init(_ status: String, _ body: String) throws {
    try self.init { _ in
      Array("HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)".utf8)
    }
  }

  /// Answers with the bytes that `answer` gives for a request's head.
  init(_ answer: @escaping @Sendable (String) -> [UInt8]) throws {
    listener = try TestListener()
    try Self.startThread { [self] in
      while true {
        let connection = accept(listener.descriptor, nil, nil)
        guard connection >= 0 else { return }
        serve(connection, answer)
        close(connection)
      }
    }
  }

  private func serve(_ connection: Int32, _ answer: (String) -> [UInt8]) {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let end = text.firstRange(of: "\r\n\r\n") {
        let head = String(text[..<end.lowerBound]) + "\r\n"
        let length = head.firstMatch(of: /Content-Length: (\d+)/).flatMap { Int($0.1) } ?? 0
        let body = text[end.upperBound...]
        if body.utf8.count >= length {
          received.withLock { $0.append((head, String(body))) }
          let answer = answer(head)
          _ = write(connection, answer, answer.count)
          return
        }
      }
      let count = read(connection, &chunk, chunk.count)
      guard count > 0 else { return }
      bytes += chunk[..<count]
    }
  }

  static func startThread(_ work: @escaping @Sendable () -> Void) throws {
    final class Box {
      let work: @Sendable () -> Void
      init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Box>.fromOpaque(context).takeRetainedValue().work()
        return nil
      }, Unmanaged.passRetained(Box(work)).toOpaque())
    guard result == 0 else { throw TestSetupError("no thread") }
    pthread_detach(thread)
  }
}
