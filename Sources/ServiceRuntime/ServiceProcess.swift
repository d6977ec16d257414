import Atomics
import CPlatform
package import ChainModel
package import EventLoop
import Glibc
package import Logging
import Synchronization
package import Topology
package import TraceLog

/// The running service: its loops and pools at work, and the thread that runs it as the control port's event loop.
package final class ServiceProcess: @unchecked Sendable {  // `state` locks; everything else is constant
  private struct State: Sendable {
    var port: Int?
    var controlPort: Int?
    var isStopped = false
  }

  private let core: ServiceCore
  private let keepFiles: @Sendable () -> Void
  private let state = Mutex(State())

  /// How often the control loop sees to the log, asks the loops whether they turn, and looks whether it shall stop. All
  /// that is one task: to wake a thread costs more than what it does then.
  private static let tick = Duration.milliseconds(20)
  /// How long requests in flight may take to end when the service is told to stop.
  private static let drainLimit: UInt64 = 2_000_000_000

  /// - Parameters:
  ///   - name: which service, and which of its replicas; that one listens where the topology has the service.
  ///   - topology: the chain it is part of.
  ///   - routes: what it serves besides `/ping`.
  ///   - log: the shared log, without a thread of its own.
  ///   - databasePath: of its store.
  ///   - logger: for its messages.
  ///   - resolve: finds the addresses of callees that have names.
  ///   - keepFiles: looks after its files; called each second, and at the end.
  package init(
    _ name: ReplicaName, topology: Topology, routes: [Route], log: LogWriter?, databasePath: String, logger: Logger,
    resolve: @escaping Lookup.Resolve = Lookup.system, keepFiles: @escaping @Sendable () -> Void = {}
  ) {
    self.keepFiles = keepFiles
    let environment = ServiceEnvironment(
      replica: name, log: log, databasePath: databasePath, logger: logger, resolve: resolve)
    core = ServiceCore(
      topology: topology, environment: environment,
      routes: [Route("GET", "/ping", PingHandler(), isFaulty: false)] + routes)
  }

  /// The ports it listens on, once it is ready; the kernel's choice where the configuration says 0.
  package var ports: (service: Int, control: Int)? {
    state.withLock { state in
      guard let port = state.port, let controlPort = state.controlPort else { return nil }
      return (port, controlPort)
    }
  }

  /// From any thread: `run` returns when what is in flight has ended, or after two seconds.
  package func stop() {
    state.withLock { $0.isStopped = true }
  }

  /// Blocks until the service is stopped, by `stop` or a signal, and has drained.
  /// - Throws: when a port cannot be had.
  package func run() throws {
    core.environment.controlThread.store(chain_thread_id(), ordering: .relaxed)
    let front = ServiceFront(core: core)
    let name = "\(core.environment.replica.shortName)-ctl"
    // The thread itself keeps the program's name: it is the process's, in `ps` and `top`.
    let environment = core.environment
    environment.announceThread(name: name, role: .control, scribe: environment.scribe(thread: chain_thread_id()))
    core.announceSettings()
    core.switchMode(to: core.configuration.model)
    let loop = EventLoop()
    let routes = ControlRoutes(core: core, loops: front.loops, controlLoop: loop)
    let control: LocalPort
    do {
      control = try open(front, routes)
    } catch {
      core.releaseThreads()
      front.shutDown()
      throw error
    }
    loop.execute { [self] in
      control.start()
      serve(routes, front, on: loop)
    }
    loop.run()
    control.close()
    core.releaseThreads()
    front.shutDown()
    keepFiles()
  }

  /// Takes both ports.
  private func open(_ front: ServiceFront, _ routes: ControlRoutes) throws(PortError) -> LocalPort {
    let configuration = core.configuration
    do throws(Listener.Failure) {
      let port = try front.listen()
      state.withLock { $0.port = port }
    } catch {
      throw PortError(Endpoint(configuration.listen, port: configuration.port), error)
    }
    do throws(Listener.Failure) {
      let control = try routes.open(
        port: configuration.controlPort, logger: core.environment.logger)
      state.withLock { $0.controlPort = control.port }
      return control
    } catch {
      throw PortError(Endpoint(port: configuration.controlPort), error)
    }
  }

  private func serve(_ routes: ControlRoutes, _ front: ServiceFront, on loop: EventLoop) {
    routes.isReady = true
    let probes = front.loops.map { LoopProbe($0) }
    keepFilesEachSecond(on: loop)
    tick(probes, front, on: loop)
  }

  private func keepFilesEachSecond(on loop: EventLoop) {
    loop.schedule(after: .seconds(1)) { [self] in
      keepFiles()
      keepFilesEachSecond(on: loop)
    }
  }

  private func tick(_ probes: [LoopProbe], _ front: ServiceFront, on loop: EventLoop) {
    core.environment.log?.help()
    for probe in probes { probe.probe() }
    guard state.withLock({ $0.isStopped }) || Stopping.isAsked else {
      loop.schedule(after: Self.tick) { [self] in tick(probes, front, on: loop) }
      return
    }
    front.stopListening()
    drain(until: Monotonic.now() &+ Self.drainLimit, on: loop)
  }

  private func drain(until end: UInt64, on loop: EventLoop) {
    guard core.inFlight.load(ordering: .relaxed) > 0, Monotonic.now() < end else { return loop.stop() }
    loop.schedule(after: Self.tick) { [self] in drain(until: end, on: loop) }
  }
}

struct PortError: Error, CustomStringConvertible {
  private let endpoint: Endpoint
  private let code: Int32

  init(_ endpoint: Endpoint, _ failure: Listener.Failure) { (self.endpoint, code) = (endpoint, failure.code) }

  var description: String {
    switch code {
    case EADDRINUSE:
      "cannot listen on \(endpoint.text): it is in use; stop whoever uses it, or choose another port in services.yaml"
    case EADDRNOTAVAIL:
      "cannot listen on \(endpoint.text): this machine has no such address; correct its host in services.yaml"
    default: "cannot listen on \(endpoint.text): \(String(cString: strerror(code)))"
    }
  }
}

/// SIGTERM and SIGINT, which are blocked and asked for, so that no thread is ever interrupted by them.
enum Stopping {
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
    // A closed connection, or a file that has become too long, is an error of whoever writes, and ends nobody.
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
  }

  /// Whether one of them has come.
  static var isAsked: Bool {
    var set = signals()
    var now = timespec()
    return sigtimedwait(&set, nil, &now) > 0
  }
}
