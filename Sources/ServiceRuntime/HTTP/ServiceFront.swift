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
  func listen() throws -> Int {
    let configuration = core.configuration
    let main = try listener(configuration.host, configuration.port)
    listeners = [main]
    if let twin = LoopbackTwin.address(of: configuration.host) {
      do {
        listeners.append(try listener(twin, main.port))
      } catch {
        LoopbackTwin.report(error, twin, main.port, to: core.environment.logger)
      }
    }
    loops[0].eventLoop.execute { [self] in
      gate?.stands(before: listeners)
      for listener in listeners { listener.start() }
    }
    return main.port
  }

  private func listener(_ host: String, _ port: Int) throws -> Listener {
    let shortage = ShortageNote(core.environment.logger)
    let gate = gate
    return try Listener(
      on: loops[0].eventLoop, host: host, port: port, backlog: core.configuration.backlog,
      hasRoom: gate.map { gate in { gate.hasRoom } }, onShortage: { shortage.tell($0) }
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

/// `localhost` is ::1 as well as 127.0.0.1: who listens on the one listens on the other.
enum LoopbackTwin {
  static func address(of host: String) -> String? { host == "127.0.0.1" ? "::1" : nil }

  /// A host without IPv6 has no other address; a port that somebody else has there is worth a word.
  static func report(_ error: any Error, _ address: String, _ port: Int, to logger: Logger) {
    guard (error as? Listener.Failure)?.code == EADDRINUSE else { return }
    logger.warning(
      "the port is taken on ::1: programs that ask localhost may reach somebody else",
      metadata: ["address": "[\(address)]:\(port)"])
  }
}

/// Says why connections wait, once in a while and not with each attempt.
final class ShortageNote {
  private let logger: Logger
  private var toldAt: UInt64?

  private static let pause: UInt64 = 10_000_000_000

  init(_ logger: Logger) {
    self.logger = logger
  }

  func tell(_ reason: String) {
    let now = Monotonic.now()
    if let toldAt, now &- toldAt < Self.pause { return }
    toldAt = now
    logger.warning("no connection can be accepted: they wait", metadata: ["reason": "\(reason)"])
  }
}
