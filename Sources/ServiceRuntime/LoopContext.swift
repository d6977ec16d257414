import CPlatform
import ChainModel
import EventLoop
import TraceLog
import Topology

/// What belongs to one event loop of the service port: its pen, its ids, its clients, its connections to callees.
final class LoopContext: @unchecked Sendable {  // its variables are touched on its event loop only
  let eventLoop: EventLoop
  let scribe: Scribe
  private(set) var ids = IDGenerator()
  let client: EventLoopClient
  let load: LoopLoad
  private var server: HTTPServer?
  private(set) var isEnding = false
  private var knownHost: [UInt8] = []
  let store: StoreHolder
  /// Store work of this turn, handed over at its end.
  private var storeJobs: [WorkerPool.Job] = []

  /// Call it on the thread.
  init(_ thread: LoopThread, environment: ServiceEnvironment, mostInFlight: Int) {
    eventLoop = thread.loop
    let number = chain_thread_id()
    scribe = environment.log?.scribeOfLoop(thread: number) ?? .silent(thread: number)
    store = StoreHolder(environment)
    client = EventLoopClient(eventLoop)
    load = LoopLoad(most: mostInFlight)
    environment.announceThread(name: thread.name, role: .loop, scribe: scribe)
  }

  func nextSpan() -> SpanID { ids.nextSpan() }

  func nextTrace() -> TraceID { ids.nextTrace() }

  /// Before the first connection: how its clients are served.
  func serve(_ core: ServiceCore, gate: AcceptGate?) {
    let front = LoopFront(core: core, loop: self, gate: gate)
    let limits = HTTPServer.Limits(request: core.configuration.requestTimeout, idle: core.configuration.idleTimeout)
    eventLoop.atEndOfTurn = { [unowned self] in handOver(to: core.storePool) }
    server = HTTPServer(eventLoop, limits) { ServiceConnection($0, front: front) }
  }

  /// Has the store pool do this, with all that this turn brings: to wake its thread costs more than what it does then.
  func collect(_ job: @escaping WorkerPool.Job) { storeJobs.append(job) }

  private func handOver(to pool: WorkerPool) {
    guard !storeJobs.isEmpty else { return }
    pool.submit(all: storeJobs)
    storeJobs.removeAll(keepingCapacity: true)
  }

  func adopt(_ descriptor: Int32) { server?.adopt(descriptor) }

  /// Ends all connections; what is in flight is given up, whatever is the rule for callers that leave.
  func closeAll() {
    isEnding = true
    server?.closeAll()
    client.closeAll()
  }

  /// Whether the host is this one, under one of its names or the service's. Nearly all requests name the same.
  func knowsHost(_ host: Piece, of core: ServiceCore) -> Bool {
    if !knownHost.isEmpty, host.isEqual(to: knownHost) { return true }
    let service = core.configuration
    let names = [service.name.rawValue, service.address, service.listen]
    // On all addresses it does not know its own: a page that was led here by a name gives that name.
    let isAddress =
      Endpoint.isEverywhere(service.listen) && Endpoint.authority(host.text).map { Endpoint.isAddress($0.host) } == true
    guard isAddress || LoopbackCheck.isOwn(host.text, hosts: names) else { return false }
    knownHost = Array(host.bytes)
    return true
  }
}
