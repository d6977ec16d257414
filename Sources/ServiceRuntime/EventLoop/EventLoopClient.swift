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
    call.connection = pool(target).send(
      for: call, isFresh: attempt.needsNewConnection, isKept: attempt.keepsConnection
    ) { attempt.write(to: $0, timeout: timeout) }
  }

  private func pool(_ target: CalleeTarget) -> ClientPool {
    for entry in pools where entry.target === target { return entry.pool }
    let pool = ClientPool(
      eventLoop, to: target.address, parser: parser, keptFor: target.keptFor, bodyLimit: CalleeTarget.bodyLimit)
    pools.append((target, pool))
    return pool
  }

  func closeAll() {
    for (_, pool) in pools { pool.closeAll() }
  }
}
