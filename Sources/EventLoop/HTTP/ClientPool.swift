import ChainModel

/// The connections of one loop to one server: those at rest are used again, the one used last first.
package final class ClientPool {
  package let address: SocketAddress
  let loop: EventLoop
  let parser: HeadParser
  let bodyLimit: Int
  private let keptFor: UInt64
  private var idle: [ClientConnection] = []

  /// - Parameters:
  ///   - loop: whose thread it is used on.
  ///   - address: of the server.
  ///   - parser: the loop's.
  ///   - keptFor: how long a connection may rest: less than the server lets it, or it would be used as it is closed.
  ///   - bodyLimit: a longer answer is refused.
  package init(_ loop: EventLoop, to address: SocketAddress, parser: HeadParser, keptFor: Duration, bodyLimit: Int) {
    self.loop = loop
    self.address = address
    self.parser = parser
    self.keptFor = keptFor.nanoseconds
    self.bodyLimit = bodyLimit
  }

  /// Sends a request.
  /// - Parameters:
  ///   - call: is told how it ends.
  ///   - isFresh: whether it must go over a new connection.
  ///   - isKept: whether the connection may be used again.
  ///   - build: writes the request.
  /// - Returns: the connection, to give up; nil when none could be made, which the call has been told.
  package func send(
    for call: any ClientCall, isFresh: Bool, isKept: Bool, _ build: (Output) -> Void
  ) -> ClientConnection? {
    let connection = isFresh ? nil : rested()
    guard let connection = connection ?? connect(for: call) else { return nil }
    connection.send(for: call, isKept: isKept, build)
    return connection
  }

  private func connect(for call: any ClientCall) -> ClientConnection? {
    do throws(ClientFailure) {
      return try ClientConnection(to: self)
    } catch {
      call.failed(error)
      return nil
    }
  }

  private func rested() -> ClientConnection? {
    let now = Monotonic.now()
    while let oldest = idle.first, now &- oldest.restedAt > keptFor { oldest.close() }
    return idle.popLast()
  }

  func rest(_ connection: ClientConnection) { idle.append(connection) }

  func forget(_ connection: ClientConnection) { idle.removeAll { $0 === connection } }

  package func closeAll() {
    for connection in idle { connection.close() }
  }
}

/// Who has sent a request. Called on the loop, once.
package protocol ClientCall: AnyObject {
  func answered(status: Int, body: [UInt8])
  func failed(_ failure: ClientFailure)
}

/// Why there is no answer.
package enum ClientFailure: Error, Hashable, Sendable {
  /// Nobody listens there, or the connection could not be made; `errno` says why.
  case notConnected(Int32)
  /// The connection ended before the answer was complete.
  case reset
  /// The same, of a connection used before, on which nothing of an answer had come: its server has closed it meanwhile.
  case stale
  /// What came is no answer.
  case malformed
}
