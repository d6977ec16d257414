import ChainModel
import EventLoop

/// With `overflow: backlog`, accepts a connection only when there is a thread or a place in the queue for its request,
/// so that the kernel's listen backlog fills as it would before a server with a thread per connection.
final class AcceptGate: @unchecked Sendable {  // its variables are touched on its loop only
  private let core: ServiceCore
  private let loop: EventLoop
  private var listeners: [Listener] = []
  /// Connections that were accepted and have not sent a request yet.
  private var fresh = 0

  /// The loop is that of the listeners.
  init(core: ServiceCore, loop: EventLoop) {
    self.core = core
    self.loop = loop
    core.workers.onRelease { [weak self] in self?.look() }
  }

  /// On its loop.
  func stands(before listeners: [Listener]) { self.listeners = listeners }

  /// On its loop: there is a new connection.
  func accepted() { fresh += 1 }

  /// From any loop: the connection's first request is admitted or refused, or it closed without one.
  func decided() {
    loop.execute { [self] in
      fresh -= 1
      for listener in listeners { listener.look() }
    }
  }

  /// From any thread: look whether there is room now.
  func look() {
    loop.execute { [self] in
      for listener in listeners { listener.look() }
    }
  }

  var hasRoom: Bool {
    guard core.modes.model.holdsThread else { return true }
    let pool = core.workers.snapshot
    return pool.queued + fresh < pool.queueLimit + max(0, pool.threads - pool.busy)
  }
}
