import Atomics
import ChainModel
import EventLoop
import Glibc
import TraceLog
import Topology

/// One service: everything that its front, its hosts and its control port share.
final class ServiceCore: @unchecked Sendable {  // constants, and objects that lock for themselves
  let configuration: ServiceConfiguration
  let environment: ServiceEnvironment
  let router: Router
  let names: Names
  let faults: FaultBoard
  let metrics = Metrics()
  let modes: ModeSwitch
  let limits: Limits
  let admission: AdmissionRules
  /// Runs whole requests in `blocking`.
  let workers: WorkerPool
  /// Makes the blocking calls of `async`, and in `blocking` those that a request makes at the same time.
  let hired: WorkerPool
  /// At how many things a request is at most at the same time: so many times the threads are hired. Of a request that the
  /// description's entries do not lead to, some may have to wait for one.
  private let width: Int
  /// Does the store work of the two non-blocking models.
  let storePool: WorkerPool
  let inFlight = ManagedAtomic<Int>(0)
  let connections = ManagedAtomic<Int>(0)
  let startedAt = Monotonic.now()
  /// One for each callee.
  let edges: [CallEdge]

  init(topology: Topology, environment: ServiceEnvironment, routes: [Route]) {
    let configuration = topology[environment.replica.service]
    self.configuration = configuration
    self.environment = environment
    router = Router(routes)
    names = Names(log: environment.log, routes: router.routes)
    faults = FaultBoard(
      base: configuration.latency, seed: UInt64(bitPattern: Int64(topology.seed.value)), names: names,
      environment: environment)
    modes = ModeSwitch(configuration.model)
    limits = Limits(configuration)
    admission = AdmissionRules(configuration, limits: limits, names: names, log: environment.log)
    let short = environment.replica.shortName
    func pool(_ role: ThreadRole, _ letter: String, _ threads: Int, _ queueLimit: Int) -> WorkerPool {
      WorkerPool(
        .init(
          role: role, namePrefix: "\(short)-\(letter)", threads: threads, queueLimit: queueLimit,
          stackKiB: configuration.stackKiB), environment: environment)
    }
    workers = pool(.worker, "w", configuration.threads, configuration.queueLimit)
    width = topology.index(of: configuration.name).map { topology.widths[$0] } ?? 1
    hired = pool(.hired, "h", configuration.threads * width, limits.inFlight)
    storePool = pool(.store, "s", configuration.storeThreads, limits.inFlight)
    let names = names
    edges = topology.callees(of: configuration.name).map { callee in
      CallEdge(from: configuration, to: callee, in: topology, names: names, environment: environment)
    }
  }

  /// There are few: looking through them costs less than a hash.
  func edge(_ callee: ServiceName) -> CallEdge {
    guard let edge = edges.first(where: { $0.callee == callee }) else {
      preconditionFailure("\(configuration.name.rawValue) calls \(callee.rawValue), which is not among its callees")
    }
    return edge
  }

  /// Puts an IO model in force for the next request, and its threads in place.
  /// - Returns: the model until now.
  @discardableResult
  func switchMode(to model: IOModel) -> IOModel {
    setPools(for: model)
    let before = modes.set(model)
    workers.announceRoom()
    environment.log?.state("model", Record(kind: .model, detail: model.code))
    return before
  }

  /// A wait for a remote system that the service itself plays.
  func sleep(_ duration: Duration, _ label: String) -> FaultPlan.Sleep {
    FaultPlan.Sleep(duration: duration, label: names.id(label), flags: [])
  }

  /// Only the threads that the model needs exist; those of the model before go when their work is done.
  private func setPools(for model: IOModel) {
    workers.setActive(model.holdsThread)
    hired.setActive(model.hiresThreads || model.holdsThread && width > 1)
    storePool.setActive(model.usesStorePool)
  }

  /// Whoever hires threads in `blocking` once does so again: from then on they stay, with their connections.
  func keepHired() {
    if modes.model.holdsThread { hired.setActive(true) }
  }

  /// At the end: every pool finishes its queue and lets its threads go.
  func releaseThreads() {
    let pools = [workers, hired, storePool]
    for pool in pools { pool.setActive(false) }
    // Idle threads end at once and say so in the log; one that is still at work is not waited for.
    for _ in 0..<100 where pools.contains(where: { $0.snapshot.running > $0.snapshot.busy }) { usleep(1000) }
  }

  func resizePool(threads: Int?, queueLimit: Int?) {
    workers.resize(threads: threads, queueLimit: queueLimit)
    hired.resize(threads: threads.map { $0 * width }, queueLimit: nil)
    recordPool()
  }

  /// At the start: what is in force by the configuration.
  func announceSettings() {
    recordPool()
    admission.announce()
    for edge in edges { edge.announce() }
  }

  func recordPool() {
    let pool = workers.snapshot
    admission.poolChanged(threads: pool.threads, queueLimit: pool.queueLimit)
    environment.log?.state(
      "pool", Record(kind: .pool, other: UInt64(pool.queueLimit), arg: UInt32(clamping: pool.threads)))
  }
}

/// The limits in force, which are the configured ones or, if fewer, what the file descriptors allow.
struct Limits: Sendable {
  let inFlight: Int
  let connections: Int
  let descriptors: Int
  /// How many requests in flight the descriptors allow.
  let affordable: Int

  /// Kept back for the log, the databases, the control port, and refusing what is too much.
  static let reserve = 96

  init(_ configuration: ServiceConfiguration, descriptors: Int = DescriptorLimit.raised()) {
    self.descriptors = descriptors
    // A request in flight may hold two sockets, the caller's and the callee's; a worker a few files more. Where there are
    // few, there are not as many requests as workers.
    let withAllWorkers = (descriptors - Self.reserve - 4 * configuration.threads) / 2
    let withFew = (descriptors - min(Self.reserve, descriptors / 2)) / 6
    affordable = max(1, withAllWorkers, withFew)
    connections = min(configuration.connectionLimit, affordable)
    inFlight = min(configuration.inFlightLimit.most, affordable)
  }
}
