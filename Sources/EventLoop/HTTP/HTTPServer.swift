import ChainModel

/// The connections of one port on one loop, and what they are held to.
package final class HTTPServer {
  /// How long a client may take, and how much it may send.
  package struct Limits {
    /// To send a request, from its first byte.
    package var request: Duration
    /// To send another one, or to take an answer.
    package var idle: Duration
    /// Of a request's body.
    package var bodyBytes: Int

    package init(request: Duration, idle: Duration, bodyBytes: Int = 64 * 1024) {
      self.request = request
      self.idle = idle
      self.bodyBytes = bodyBytes
    }
  }

  package let loop: EventLoop
  let limits: Limits
  let parser = HeadParser()
  let date = HTTPDate()
  private var makeHandler: ((ServerConnection) -> any RequestHandler)?
  private var connections: [ServerConnection] = []
  private var isSweeping = false
  /// Time is looked at so often, and counted in this: nobody has a timer of its own.
  private let period: UInt64

  private static let longestPeriod: UInt64 = 250_000_000
  /// A client that was told that its connection ends, and goes on sending, is listened to for so long without a byte, and
  /// for so long in all: closed at once, it would lose the answer (RFC 9112 9.6).
  static let silence = Duration.seconds(2)
  static let drain = Duration.seconds(20)

  package init(_ loop: EventLoop, _ limits: Limits, handler: @escaping (ServerConnection) -> any RequestHandler) {
    self.loop = loop
    self.limits = limits
    makeHandler = handler
    let shortest = min(limits.request.nanoseconds, limits.idle.nanoseconds)
    period = min(Self.longestPeriod, max(1_000_000, shortest / 4))
  }

  package var count: Int { connections.count }

  /// Serves a client.
  /// - Parameter descriptor: of its connection, which does not block.
  package func adopt(_ descriptor: Int32) {
    // Dropped, it closes its descriptor.
    let connection = ServerConnection(descriptor, of: self)
    guard let makeHandler else { return }
    connection.place = connections.count
    connections.append(connection)
    connection.begin(makeHandler(connection))
    startSweeping()
  }

  func forget(_ connection: ServerConnection) {
    let last = connections.removeLast()
    guard last !== connection else { return }
    last.place = connection.place
    connections[connection.place] = last
  }

  /// Closes them, and takes no more: of what made their handlers nothing is held any longer.
  package func closeAll() {
    makeHandler = nil
    for connection in connections { connection.close() }
  }

  /// In periods, rounded up.
  func periods(_ duration: Duration) -> Int { Int(clamping: duration.nanoseconds / period + 1) }

  private func startSweeping() {
    guard !isSweeping, !connections.isEmpty else { return }
    isSweeping = true
    loop.schedule(after: .nanoseconds(Int64(period))) { [weak self] in self?.sweep() }
  }

  private func sweep() {
    isSweeping = false
    // Backwards: whoever is closed is replaced by one that has been looked at.
    for place in stride(from: connections.count - 1, through: 0, by: -1) where place < connections.count {
      connections[place].age()
    }
    startSweeping()
  }
}

/// What is done with the requests of one connection. Everything happens on the loop.
package protocol RequestHandler: AnyObject {
  /// A request's head has come; its pieces are gone after this call. An answer may be given from now on.
  func began(_ head: RequestHead)
  /// Bytes of its body.
  func received(_ bytes: UnsafeRawBufferPointer)
  /// All of it has come, and is to be answered once; not called when it has been answered before.
  func complete()
  /// What came is no request, or too much of one: to be answered at once.
  /// - Parameter reason: not always HTTP's.
  func refused(_ reason: RequestRefusal)
  /// A thread has answered the request in the loop's place.
  func answered()
  /// The connection is closed. A request that has not been answered never will be.
  func closed()
}

extension RequestHandler {
  package func answered() {}
}

/// Why what a client sent is not served.
package enum RequestRefusal: Hashable, Sendable {
  case http(HTTPRefusal)
  case bodyTooLarge(limit: Int)
  /// It took too long.
  case slow
  /// It expects something that is not known here.
  case expectation
}
