import ChainModel

/// The connections of one loop to one server: those at rest are used again, the one used last first.
package final class ClientPool {
  /// Of the server, for the next connection.
  package var address: SocketAddress
  let loop: EventLoop
  let parser: HeadParser
  let bodyLimit: Int?
  private let keptFor: UInt64
  private var idle: [ClientConnection] = []
  /// Connections that are there: being made, in use or at rest.
  package private(set) var openCount = 0
  /// Connections that were begun, from the first one on.
  package private(set) var begunCount = 0

  /// Whether a request could go out without a new connection.
  package var hasRested: Bool { !idle.isEmpty }

  /// - Parameters:
  ///   - loop: whose thread it is used on.
  ///   - address: of the server.
  ///   - parser: the loop's.
  ///   - keptFor: how long a connection may rest: less than the server lets it, or it would be used as it is closed.
  ///   - bodyLimit: a longer answer is refused; nil: bodies are read past and not kept.
  package init(_ loop: EventLoop, to address: SocketAddress, parser: HeadParser, keptFor: Duration, bodyLimit: Int?) {
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
    begunCount += 1
    do throws(ClientFailure) {
      let connection = try ClientConnection(to: self)
      openCount += 1
      return connection
    } catch {
      call.failed(error)
      return nil
    }
  }

  private func rested() -> ClientConnection? {
    let now = Monotonic.now()
    while let oldest = idle.first, now &- oldest.restedAt > keptFor { oldest.close() }
    let last = idle.popLast()
    last?.isAtRest = false
    return last
  }

  func rest(_ connection: ClientConnection) {
    connection.isAtRest = true
    idle.append(connection)
  }

  /// It was closed; one in use is not among those at rest.
  func forget(_ connection: ClientConnection) {
    openCount -= 1
    guard connection.isAtRest, let place = idle.lastIndex(where: { $0 === connection }) else { return }
    idle.remove(at: place)
  }

  /// Closes those at rest.
  package func closeAll() {
    let resting = idle
    idle = []
    for connection in resting {
      connection.isAtRest = false
      connection.close()
    }
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
