package import ChainModel

/// A system of services that call one another, as a file describes it: every value checked, every default filled in.
/// `services.yaml` describes the lab's own chain, any other file any other system.
///
/// ```yaml
/// cores: 8                       # processors that all services share in a simulation; without it, as many as are asked for
/// hop: 200us                     # time on the network, each way, in a simulation
/// hosts:                         # machines; without them, this one alone
///   blue: {address: 10.77.0.12}
/// defaults: {threads: 32, timeout_ms: 2000}
/// services:
///   shop:
///     io_model: nonblocking
///     routes:
///       GET /checkout:           # its steps, in order
///         - cpu: 400us
///         - store: 2ms orders by user
///         - all:                 # at the same time
///             - call: cart/GET /items
///             - call: bank/POST /pay
///   cart:
///     host: blue
///     threads: 8
///     routes:
///       GET /items:
///         - cpu: exponential:300us
///         - file: 40us ledger
///         - remote: lognormal:50ms,0.5
///   bank:
///     url: http://127.0.0.1:9000 # is not started, only called
///     routes: {POST /pay: []}
/// entries:                       # what clients ask for, with weights
///   shop/GET /checkout: 3
/// ```
///
/// A value that is not known stands as `unknown`: it must be given before anything is started or simulated.
package struct Topology: Hashable, Sendable {
  /// In the order of the file.
  package var services: [ServiceConfiguration]
  /// What clients ask for; at least one.
  package var entries: [Entry]
  /// What services without processors of their own share. For simulations, as `hop` is; nil: as many as are asked for.
  package var cores: Int?
  package var hop: Duration
  /// Those that the file names, in its order.
  package var hosts: [HostConfiguration]
  /// Nil: services of all hosts are started. Not of the file.
  package internal(set) var startedHost: String?
  package var traceLog: TraceLogConfiguration
  package var seed: SeedConfiguration
  package var dashboard: DashboardConfiguration

  package init(
    services: [ServiceConfiguration], entries: [Entry], cores: Int? = nil, hop: Duration = .zero,
    hosts: [HostConfiguration] = [],
    traceLog: TraceLogConfiguration = .standard, seed: SeedConfiguration = .standard,
    dashboard: DashboardConfiguration = .standard
  ) {
    self.services = services
    self.entries = entries
    self.cores = cores
    self.hop = hop
    self.hosts = hosts
    self.traceLog = traceLog
    self.seed = seed
    self.dashboard = dashboard
  }

  /// One kind of request that clients make.
  package struct Entry: Hashable, Sendable {
    package var service: Int
    package var route: Int
    /// Its share among the entries' sum.
    package var weight: Double

    package init(service: Int, route: Int = 0, weight: Double = 1) {
      self.service = service
      self.route = route
      self.weight = weight
    }
  }

  /// What every service of the lab answers, whether its routes say so or not.
  package static let ping = Schema.ping

  package var names: [ServiceName] { services.map(\.name) }

  package func index(of name: ServiceName) -> Int? { services.firstIndex { $0.name == name } }

  package subscript(name: ServiceName) -> ServiceConfiguration {
    get { services[place(name)] }
    set { services[place(name)] = newValue }
  }

  /// What most clients ask it for, as far as the file's order says.
  package var entryRoute: ServiceRoute { front.routes[entries[0].route] }

  func place(_ name: ServiceName) -> Int {
    guard let place = index(of: name) else { preconditionFailure("\(name.rawValue) is not in the topology") }
    return place
  }

  /// Gives each service that has no port yet the one of its place.
  package mutating func setPorts() {
    for index in services.indices where services[index].url == nil {
      if services[index].port == 0 { services[index].port = Schema.firstPort + index }
      if services[index].controlPort == 0 { services[index].controlPort = firstControlPort + index }
    }
  }

  /// The control ports follow on the others where there are too many of those.
  var firstControlPort: Int { max(Schema.firstControlPort, Schema.firstPort + services.count) }

  /// The service that clients ask first.
  package var front: ServiceConfiguration { services[entries[0].service] }
}

/// One kind of request at one service.
package struct ServiceRoute: Hashable, Sendable {
  /// `METHOD /path`, or any other name that an operation has in somebody's traces.
  package var name: String
  package var steps: [Step]

  package init(_ name: String, _ steps: [Step]) {
    self.name = name
    self.steps = steps
  }

  /// All calls among its steps, also those that are made at the same time.
  package var calls: [(service: Int, route: Int)] {
    steps.flatMap(\.parts).compactMap { step in
      guard case .call(let service, let route) = step else { return nil }
      return (service, route)
    }
  }
}

/// One step of a request; it ends before the next one begins.
package enum Step: Hashable, Sendable {
  /// Work of a processor; nil: how much is not known.
  case cpu(StepTime?)
  /// A remote system is waited for.
  case remote(StepTime)
  /// Store work, which needs a thread and a processor; nil: what the service's own code takes.
  case store(StepTime?, label: String, isFile: Bool)
  /// Another service is called and waited for, by index and by the index of its route.
  case call(service: Int, route: Int)
  /// Steps that are begun at once; it ends with the last of them.
  case all([Step])

  /// The step itself, or those that it is made of.
  package var parts: [Step] {
    if case .all(let steps) = self { steps } else { [self] }
  }
}

/// How long a step takes.
package enum StepTime: Hashable, Sendable {
  case latency(Latency)
  /// Memoryless.
  case exponential(mean: Duration)

  package static let forms = "\(Latency.forms) or exponential:5ms"
  private static let exponentialPrefix = "exponential:"

  package var text: String {
    switch self {
    case .latency(.zero): "0ms"
    case .latency(let latency): latency.text
    case .exponential(let mean): Self.exponentialPrefix + DurationText.format(mean)
    }
  }

  /// Reads one of the `forms`; nil for anything else.
  package static func parse(_ text: some StringProtocol) -> StepTime? {
    guard text.hasPrefix(exponentialPrefix) else { return Latency.parse(text).map(StepTime.latency) }
    return DurationText.parse(text.dropFirst(exponentialPrefix.count)).map(StepTime.exponential)
  }
}

/// One service as configured; without a name, as where a file says nothing.
package struct ServiceConfiguration: Configurable, Hashable {
  package var name: ServiceName
  /// The name of its host.
  package var host = HostConfiguration.here
  /// The host's, as are those that it listens on: see `HostConfiguration`.
  package var address = Endpoint.loopback
  package var listen = Endpoint.loopback
  /// 0 until the service's place gives it one, as for the control port.
  package var port = 0
  package var controlPort = 0
  package var model = IOModel.blocking
  /// Worker threads of the `blocking` model, hired threads of the `async` one.
  package var threads = 16
  /// Address space of each of those threads' stacks, in KiB.
  package var stackKiB = 1024
  package var storeThreads = 1
  /// Who does store work in the models that must not wait.
  package var store = StorePlace.pool
  package var queueLimit = 64
  package var overflow = Overflow.reject
  /// Length of the kernel's queue of connections that are not accepted yet.
  package var backlog = 128
  package var loops = 2
  /// Processors that each replica has to itself in a simulation; nil: it shares the topology's.
  package var cores: Int?
  package var inFlightLimit = InFlightLimit.adaptive
  package var connectionLimit = 10_000
  /// How long a call to a callee may take.
  package var timeout = Duration.seconds(20)
  /// How long a client may take to send a request.
  package var requestTimeout = Duration.seconds(10)
  /// How long a connection may stay without a request.
  package var idleTimeout = Duration.seconds(60)
  /// Simulated latency of the remote system behind the service.
  package var latency = Latency.zero
  /// What it does about callees that are slow or fail; the same for all of them.
  package var callPolicy = CallPolicy.plain
  /// A request whose deadline leaves less than this when it would be started is refused.
  package var minRemaining = Duration.zero
  /// What becomes of a request when its caller goes away.
  package var onLeave = LeaveRule.cancel
  /// How many processes serve it at the start. The first of them has `port` and `controlPort`.
  package var replicas = 1
  /// Which executable it is; `played` is that of any service without code of its own.
  package var program = ServiceConfiguration.played
  /// Of a service that is not started, only called.
  package var url: Endpoint?
  package var routes: [ServiceRoute] = []
  /// Keys whose values are not known.
  package var unknown: Set<String> = []

  /// Plays the steps of its routes.
  package static let played = "service"

  package var isPlayed: Bool { program == Self.played }

  /// Where it is called.
  package var endpoint: Endpoint { url ?? Endpoint(address, port: port) }

  package init(name: ServiceName) { self.name = name }

  package init() { self.init(name: "") }
}

/// Who does store work in the two non-blocking models: SQLite and files have no interface that does not block.
package enum StorePlace: String, CaseIterable, Sendable {
  /// A thread of the store pool, while the loop goes on.
  case pool
  /// The loop itself, which nobody else has meanwhile.
  case loop
}

/// What a service does with a request for which it has neither a thread nor a place in the queue.
package enum Overflow: String, CaseIterable, Sendable {
  /// 503 with Retry-After.
  case reject
  /// Stop accepting connections, so that the kernel's listen backlog fills.
  case backlog
}

/// Where the shared log lives and how large it is.
package struct TraceLogConfiguration: Configurable, Hashable {
  package var directory = "/dev/shm"
  package var sizeMiB = 256
  package var enabled = true

  package init() {}

  package init(directory: String, sizeMiB: Int, enabled: Bool) {
    self.directory = directory
    self.sizeMiB = sizeMiB
    self.enabled = enabled
  }
}

/// What the stores are filled with.
package struct SeedConfiguration: Configurable, Hashable {
  /// Two chains with the same seed have the same users, orders and payments.
  package var value = 1
  package var users = 1000

  package init() {}

  package init(value: Int, users: Int) {
    self.value = value
    self.users = users
  }
}

/// The page on which the chain is seen.
package struct DashboardConfiguration: Configurable, Hashable {
  package var port = 8079
  /// Whoever reaches it can break the chain: only loopback, unless something in front lets nobody else through.
  package var listen = Endpoint.loopback
  package var enabled = true

  /// Where it listens.
  package var endpoint: Endpoint { Endpoint(listen, port: port) }

  package init() {}

  package init(port: Int, enabled: Bool) {
    self.port = port
    self.enabled = enabled
  }
}
