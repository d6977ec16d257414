package import ChainModel
package import Topology

/// Services that call one another on one host: what is simulated. Services are indices with names, in any graph.
package struct SimulatedSystem: Hashable, Sendable {
  package var services: [SimulatedService]
  /// Processors that all services without their own share; nil: as many as are asked for.
  package var cores: Int?
  /// Time on the network, each way.
  package var hop: Duration
  /// Whether a callee is told that its caller has left, and stops.
  package var cancels: Bool
  package var connectionRetries: ConnectionRetries

  package init(
    services: [SimulatedService], cores: Int? = nil, hop: Duration = .zero, cancels: Bool = true,
    connectionRetries: ConnectionRetries = .linux
  ) {
    self.services = services
    self.cores = cores
    self.hop = hop
    self.cancels = cancels
    self.connectionRetries = connectionRetries
  }

  /// The index of the service with this name.
  package func index(of name: String) -> Int? { services.firstIndex { $0.name == name } }
}

/// When a connection that finds the listen backlog full is tried again.
package enum ConnectionRetries: Hashable, Sendable {
  /// Since Linux 6.5: `tcp_syn_linear_timeouts` 4, `tcp_syn_retries` 6.
  case linux
  /// Before: each wait twice as long as the one before.
  case olderLinux

  /// Seconds after the first attempt; after the last one, the connection has failed.
  var instants: [UInt64] {
    switch self {
    case .linux: [1, 2, 3, 4, 5, 7, 11, 19, 35, 67]
    case .olderLinux: [1, 3, 7, 15, 31, 63]
    }
  }
}

/// How a simulated service waits: one of the IO models, or the classic mistake.
package struct ServingModel: Hashable, CaseIterable, Sendable {
  /// What the log calls it.
  package var ioModel: IOModel
  /// Blocking calls are made on the event loops: each holds its loop until it is answered.
  package var blocksLoops: Bool

  package init(_ model: IOModel, blocksLoops: Bool = false) {
    ioModel = model
    self.blocksLoops = blocksLoops
  }

  package static let blockingOnLoop = ServingModel(.nonblocking, blocksLoops: true)
  package static let allCases = IOModel.allCases.map { ServingModel($0) } + [blockingOnLoop]

  /// A request holds one thread from its start to its answer.
  var holdsThread: Bool { blocksLoops || ioModel.holdsThread }
  var hiresThreads: Bool { !blocksLoops && ioModel.hiresThreads }
  var waitsOnLoop: Bool { !blocksLoops && ioModel.waitsOnLoop }
  var usesStorePool: Bool { !blocksLoops && ioModel.usesStorePool }

  /// How many threads run whole requests: workers, or the loops that are blocked.
  func threads(_ threads: Int, loops: Int) -> Int { blocksLoops ? loops : threads }
}

/// One service of a simulated system. The defaults are those of `services.yaml`.
package struct SimulatedService: Hashable, Sendable {
  package var name: String
  package var model: ServingModel
  package var threads: Int
  package var queueLimit: Int
  package var overflow: Overflow
  /// Connections that the kernel holds, with `overflow: backlog`, beside the queue; it admits one more.
  package var backlog: Int
  package var loops: Int
  /// Processors that each instance has to itself; nil: it shares the system's.
  package var cores: Int?
  package var storeThreads: Int
  /// Who does store work in the models of event loops.
  package var store: StorePlace
  package var inFlightLimit: InFlightLimit
  /// Instances, each with its own threads; callers take them in turn.
  package var replicas: Int
  /// For a call to a callee; nil: forever.
  package var timeout: Duration?
  /// Of the remote system behind the service: waited before the steps, by no thread in the models of event loops.
  package var latency: StepTime
  /// Calls by the indices of services and their routes.
  package var routes: [ServiceRoute]
  /// By the callee's index.
  package var rules: [Int: CallPolicy]
  /// At how many things a request is at most at the same time: so many times `threads` are hired.
  package var width: Int

  package init(
    _ name: String, model: ServingModel = ServingModel(.blocking), threads: Int = 16, queueLimit: Int = 64,
    overflow: Overflow = .reject, backlog: Int = 128, loops: Int = 2, cores: Int? = nil, storeThreads: Int = 1,
    store: StorePlace = .pool,
    inFlightLimit: InFlightLimit = .adaptive, replicas: Int = 1, timeout: Duration? = nil, latency: StepTime = .zero,
    routes: [ServiceRoute], rules: [Int: CallPolicy] = [:], width: Int? = nil
  ) {
    self.name = name
    self.model = model
    self.threads = threads
    self.queueLimit = queueLimit
    self.overflow = overflow
    self.backlog = backlog
    self.loops = loops
    self.cores = cores
    self.storeThreads = storeThreads
    self.store = store
    self.inFlightLimit = inFlightLimit
    self.replicas = replicas
    self.timeout = timeout
    self.latency = latency
    self.routes = routes
    self.rules = rules
    self.width = width ?? routes.flatMap(\.steps).map(\.parts.count).max() ?? 1
  }
}

extension SimulatedService {
  /// Whether threads are hired: for whatever blocks, or for what a request that blocks does at the same time.
  func hires(_ model: ServingModel) -> Bool { model.hiresThreads || model.holdsThread && width > 1 }
}
