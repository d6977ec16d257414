import ChainModel
import EventLoop
import Glibc

/// Non-blocking HTTP client of one event loop: keeps connections to callees and sends one request at a time on each.
final class EventLoopClient {
  private let eventLoop: EventLoop
  private let parser = HeadParser()
  /// There are so few that looking through them costs less than a hash.
  private var pools: [(target: CalleeTarget, pool: ClientPool)] = []
  private let timeouts: CallTimeouts

  init(_ eventLoop: EventLoop) {
    self.eventLoop = eventLoop
    timeouts = CallTimeouts(eventLoop)
  }

  /// Sends the request and lets `call` complete within the timeout, whatever happens.
  func send(_ call: PendingCall, _ attempt: CallAttempt, timeout: Duration) {
    guard !call.isDone else { return }
    timeouts.add(call, after: timeout)
    let target = attempt.called
    guard target.hasFixedAddress, let pool = pool(target) else {
      return find(target, for: call, attempt, timeout: timeout)
    }
    send(call, attempt, over: pool, timeout: timeout)
  }

  private func send(_ call: PendingCall, _ attempt: CallAttempt, over pool: ClientPool, timeout: Duration) {
    call.connection = pool.send(
      for: call, isFresh: attempt.needsNewConnection, isKept: attempt.keepsConnection
    ) { attempt.write(to: $0, timeout: timeout) }
  }

  /// A name is never looked up by the loop itself, which goes on until it is told.
  private func find(_ target: CalleeTarget, for call: PendingCall, _ attempt: CallAttempt, timeout: Duration) {
    if let address = target.lookup.known {
      return send(call, attempt, over: pool(target, at: address), timeout: timeout)
    }
    let deadline = Deadline(after: timeout, from: Monotonic.now())
    let handover = Handover((client: self, call: call, attempt: attempt))
    target.lookup.find { [eventLoop] found in
      eventLoop.execute {
        let (client, call, attempt) = handover.value
        // Its time may be up, or its caller gone.
        guard !call.isDone else { return }
        switch found {
        case .success(let address):
          let left = deadline.remaining(at: Monotonic.now())
          client.send(call, attempt, over: client.pool(target, at: address), timeout: left)
        case .failure: call.give(up: .nameNotFound(call.callee))
        }
      }
    }
  }

  private func pool(_ target: CalleeTarget) -> ClientPool? {
    for entry in pools where entry.target === target { return entry.pool }
    return nil
  }

  /// With this address for its next connection.
  private func pool(_ target: CalleeTarget, at address: SocketAddress) -> ClientPool {
    if let pool = pool(target) {
      pool.address = address
      return pool
    }
    let pool = ClientPool(
      eventLoop, to: address, parser: parser, keptFor: target.keptFor, bodyLimit: CalleeTarget.bodyLimit)
    pools.append((target, pool))
    return pool
  }

  func closeAll() {
    for (_, pool) in pools { pool.closeAll() }
  }
}
