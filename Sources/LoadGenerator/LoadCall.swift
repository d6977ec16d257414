import EventLoop
import Glibc

/// A request that is under way on a connection of its own.
final class LoadCall: ClientCall {
  let request: LoadRequest
  /// When it was sent, by its loop's own time (see `OwnTime`).
  let begunAt: UInt64
  private unowned let owner: LoadLoop
  private var connection: ClientConnection?

  init(_ request: LoadRequest, begunAt: UInt64, owner: LoadLoop) {
    self.request = request
    self.begunAt = begunAt
    self.owner = owner
  }

  /// - Parameter connection: nil when none could be had, which the call knows already.
  func goes(over connection: ClientConnection?) { self.connection = connection }

  func answered(status: Int, body: [UInt8]) { end(.answered(status: status)) }

  func failed(_ failure: ClientFailure) { end(.failed(LoadFailure(failure))) }

  /// Its time is over.
  func giveUp() {
    abandon()
    end(.failed(.timeout))
  }

  /// It stays without an outcome.
  func abandon() {
    connection?.giveUp()
    connection = nil
  }

  private func end(_ outcome: LoadOutcome) {
    connection = nil
    owner.end(self, outcome)
  }
}

extension LoadFailure {
  init(_ failure: ClientFailure) {
    switch failure {
    case .notConnected(ECONNREFUSED): self = .connectionRefused
    case .notConnected(EMFILE), .notConnected(ENFILE): self = .noDescriptor
    case .notConnected(ETIMEDOUT): self = .timeout
    case .notConnected: self = .connectFailed
    // A connection that its server closed as the request came is a failure here: nothing is sent twice.
    case .reset, .stale: self = .connectionReset
    case .malformed: self = .malformedAnswer
    }
  }
}
