import ChainModel
import EventLoop
import Glibc
import Logging
import Topology

/// What the connections of one loop of the service port share.
final class LoopFront {
  let core: ServiceCore
  let admission: Admission
  let gate: AcceptGate?

  init(core: ServiceCore, loop: LoopContext, gate: AcceptGate?) {
    self.core = core
    self.gate = gate
    admission = Admission(core: core, loop: loop)
  }
}

/// The service port: its event loops and its listeners.
final class ServiceFront: @unchecked Sendable {  // `turn` and the listeners are touched on the first loop only
  let loops: [LoopContext]
  private let threads: [LoopThread]
  private let core: ServiceCore
  private let gate: AcceptGate?
  private var listeners: [Listener] = []
  /// Whose turn it is to get a connection.
  private var turn = 0

  /// Starts the loops, and returns when they turn.
  init(core: ServiceCore) {
    self.core = core
    let prefix = core.environment.replica.shortName
    let share = (core.limits.inFlight + core.configuration.loops - 1) / core.configuration.loops
    threads = (1...core.configuration.loops).map { LoopThread("\(prefix)-l\($0)") }
    loops = threads.map { thread in
      thread.sync { LoopContext(thread, environment: core.environment, mostInFlight: share) }
    }
    let gate = core.configuration.overflow == .backlog ? AcceptGate(core: core, loop: loops[0].eventLoop) : nil
    self.gate = gate
    for loop in loops { loop.eventLoop.execute { loop.serve(core, gate: gate) } }
  }

  /// Binds the port.
  /// - Returns: the port, which the kernel chose if 0 was asked for.
  /// - Throws: when it cannot be had.
  func listen() throws(Listener.Failure) -> Int {
    let taken = try takePort()
    listeners = taken.listeners
    let port = listeners[0].port
    if taken.isTwinTaken { core.environment.logger.warnOfTwin(port) }
    loops[0].eventLoop.execute { [self] in
      gate?.stands(before: listeners)
      for listener in listeners { listener.start() }
    }
    return port
  }

  /// On the host's address; where that is a name, on the first of its addresses that this machine has.
  private func takePort() throws(Listener.Failure) -> (listeners: [Listener], isTwinTaken: Bool) {
    let endpoint = Endpoint(core.configuration.listen, port: core.configuration.port)
    var failure = Listener.Failure(code: EADDRNOTAVAIL)
    for address in (try? SocketAddress.all(endpoint)) ?? [] {
      do throws(Listener.Failure) {
        return try Listener.pair(address.endpoint) { endpoint throws(Listener.Failure) in try listener(endpoint) }
      } catch {
        failure = error
        guard error.code == EADDRNOTAVAIL else { throw error }
      }
    }
    throw failure
  }

  private func listener(_ endpoint: Endpoint) throws(Listener.Failure) -> Listener {
    let shortage = ShortageNote(core.environment.logger.warnOfShortage)
    let gate = gate
    return try Listener(
      on: loops[0].eventLoop, at: endpoint, backlog: core.configuration.backlog,
      hasRoom: gate.map { gate in { gate.hasRoom } }, onShortage: shortage.tell
    ) { [self] descriptor in
      gate?.accepted()
      hand(descriptor)
    }
  }

  /// One loop needs no balancing; several take turns.
  private func hand(_ descriptor: Int32) {
    let loop = loops[turn]
    turn = (turn + 1) % loops.count
    if loop.eventLoop.isCurrent {
      loop.adopt(descriptor)
    } else {
      loop.eventLoop.execute { loop.adopt(descriptor) }
    }
  }

  /// Accepts no more connections.
  func stopListening() {
    loops[0].eventLoop.execute { [self] in
      for listener in listeners { listener.close() }
    }
  }

  /// Ends the loops, and with them every connection. Blocks; not to be called on one of them.
  func shutDown() {
    stopListening()
    for loop in loops { loop.eventLoop.execute { loop.closeAll() } }
    for thread in threads { thread.stop() }
  }
}

extension Logger {
  /// The other address of `localhost` is somebody else's.
  func warnOfTwin(_ port: Int) {
    warning(
      "the port is taken on ::1: programs that ask localhost may reach somebody else",
      metadata: ["address": "[::1]:\(port)"])
  }

  func warnOfShortage(_ reason: String) {
    warning("no connection can be accepted: they wait", metadata: ["reason": "\(reason)"])
  }
}
