import Atomics
import CPlatform
import ChainModel
import Glibc
import NIOCore
import NIOPosix
import Topology
import TraceLog

/// The running service: its loops and pools at work, and its main thread as the control port's event loop.
final class ServiceProcess {
  private let core: ServiceCore
  private let topology: Topology

  /// How often the control loop sees to the log and looks for a signal.
  private static let tick = TimeAmount.milliseconds(5)
  /// How long requests in flight may take to end when the service is told to stop.
  private static let drainLimit: UInt64 = 2_000_000_000

  init(core: ServiceCore, topology: Topology) {
    self.core = core
    self.topology = topology
  }

  /// Blocks until the service is told to stop and has drained.
  func run() throws {
    let front = try ServiceFront(core: core)
    let name = "\(core.configuration.name.shortName)-ctl"
    chain_set_thread_name(name)
    let environment = core.environment
    environment.announceThread(
      name: name, role: .control, scribe: environment.scribe(thread: environment.controlThread))
    core.recordPool()
    core.switchMode(to: core.configuration.model)
    let port = core.configuration.port
    do { _ = try front.listen() } catch { throw portFailure(error, port: port) }
    let failure = Handover(FailureBox())
    let core = core
    MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
      let state = Handover((process: self, front: front))
      let routes = ControlRoutes(core: core, loops: front.loops, controlLoop: loop)
      let handover = Handover(routes)
      ControlPort.listen(
        on: loop, host: core.configuration.host, port: core.configuration.controlPort, routes: routes,
        service: core.configuration.name
      ).whenComplete { result in
        switch result {
        case .success: state.value.process.serve(handover.value, state.value.front, on: loop)
        case .failure(let error):
          failure.value.error = error
          loop.shutdownGracefully { _ in }
        }
      }
    }
    if let failure = failure.value.error { throw portFailure(failure, port: core.configuration.controlPort) }
  }

  private func serve(_ routes: ControlRoutes, _ front: ServiceFront, on loop: any EventLoop) {
    routes.isReady = true
    let log = core.environment.log
    let stopping = Handover(Stopping())
    let state = Handover((process: self, front: front))
    loop.scheduleRepeatedTask(initialDelay: Self.tick, delay: Self.tick) { task in
      log?.help()
      guard stopping.value.isAsked else { return }
      task.cancel()
      state.value.front.stopListening()
      state.value.process.drain(until: Monotonic.now() &+ Self.drainLimit, on: loop)
    }
    for context in front.loops {
      let probe = LoopProbe(context, controlLoop: loop)
      loop.scheduleRepeatedTask(initialDelay: LoopProbe.period, delay: LoopProbe.period) { _ in probe.probe() }
    }
  }

  private func drain(until end: UInt64, on loop: any EventLoop) {
    guard core.inFlight.load(ordering: .relaxed) > 0, Monotonic.now() < end else {
      loop.shutdownGracefully { _ in }
      return
    }
    let state = Handover(self)
    loop.scheduleTask(in: Self.tick) { state.value.drain(until: end, on: loop) }
  }

  private func portFailure(_ error: any Error, port: Int) -> PortError {
    PortError(port: port, reason: (error as? IOError)?.errnoCode == EADDRINUSE ? "it is in use" : "\(error)")
  }
}

/// Carries an error out of the event loop's closures.
private final class FailureBox {
  var error: (any Error)?
}

struct PortError: Error, CustomStringConvertible {
  var port: Int
  var reason: String

  var description: String {
    "cannot listen on port \(port): \(reason); stop whoever uses it, or choose another port in services.yaml"
  }
}

/// SIGTERM and SIGINT, which are blocked and asked for, so that no thread is ever interrupted by them.
struct Stopping {
  private static func signals() -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGTERM)
    sigaddset(&set, SIGINT)
    return set
  }

  static func blockSignals() {
    var set = signals()
    pthread_sigmask(SIG_BLOCK, &set, nil)
    signal(SIGPIPE, SIG_IGN)
  }

  /// Whether one of them has come.
  var isAsked: Bool {
    var set = Self.signals()
    var now = timespec()
    return sigtimedwait(&set, nil, &now) > 0
  }
}
