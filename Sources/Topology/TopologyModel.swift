package import ChainModel

/// The chain as `services.yaml` describes it: every value checked, every default filled in.
package struct Topology: Hashable, Sendable {
  /// In call order: gateway, user-service, order-service, payment-service.
  package var services: [ServiceConfiguration]
  package var traceLog: TraceLogConfiguration
  package var seed: SeedConfiguration
  package var dashboard: DashboardConfiguration

  package init(
    services: [ServiceConfiguration], traceLog: TraceLogConfiguration, seed: SeedConfiguration,
    dashboard: DashboardConfiguration = DashboardConfiguration(port: 8079, enabled: false)
  ) {
    self.services = services
    self.traceLog = traceLog
    self.seed = seed
    self.dashboard = dashboard
  }

  package subscript(name: ServiceName) -> ServiceConfiguration {
    // The parser refuses a file in which a service is missing.
    guard let service = services.first(where: { $0.name == name }) else {
      preconditionFailure("\(name.rawValue) is not in the topology")
    }
    return service
  }
}

/// One service as configured.
package struct ServiceConfiguration: Hashable, Sendable {
  package var name: ServiceName
  package var host: String
  package var port: Int
  package var controlPort: Int
  package var model: IOModel
  /// Worker threads of the `blocking` model, hired threads of the `async` one.
  package var threads: Int
  /// Address space of each of those threads' stacks, in KiB.
  package var stackKiB: Int
  package var storeThreads: Int
  /// Who does store work in the models that must not wait.
  package var store: StorePlace
  package var queueLimit: Int
  package var overflow: Overflow
  /// Length of the kernel's queue of connections that are not accepted yet.
  package var backlog: Int
  package var loops: Int
  package var inFlightLimit: InFlightLimit
  package var connectionLimit: Int
  /// How long a call to a callee may take.
  package var timeout: Duration
  /// How long a client may take to send a request.
  package var requestTimeout: Duration
  /// How long a connection may stay without a request.
  package var idleTimeout: Duration
  /// The services this one calls.
  package var callees: [ServiceName]
  /// Simulated latency of the remote system behind the service.
  package var latency: Latency
  /// What it does about callees that are slow or fail; the same for all of them.
  package var callPolicy: CallPolicy
  /// A request whose deadline leaves less than this when it would be started is refused.
  package var minRemaining: Duration
  /// What becomes of a request when its caller goes away.
  package var onLeave: LeaveRule
  /// How many processes serve it at the start. The first of them has `port` and `controlPort`.
  package var replicas: Int

  package init(
    name: ServiceName, host: String, port: Int, controlPort: Int, model: IOModel, threads: Int, stackKiB: Int,
    storeThreads: Int, queueLimit: Int, overflow: Overflow, backlog: Int, loops: Int, inFlightLimit: InFlightLimit,
    connectionLimit: Int, timeout: Duration, requestTimeout: Duration, idleTimeout: Duration,
    callees: [ServiceName], latency: Latency, callPolicy: CallPolicy = .plain,
    minRemaining: Duration = .zero, onLeave: LeaveRule = .cancel,
    replicas: Int = 1, store: StorePlace = .pool
  ) {
    self.name = name
    self.host = host
    self.port = port
    self.controlPort = controlPort
    self.model = model
    self.threads = threads
    self.stackKiB = stackKiB
    self.storeThreads = storeThreads
    self.queueLimit = queueLimit
    self.overflow = overflow
    self.backlog = backlog
    self.loops = loops
    self.inFlightLimit = inFlightLimit
    self.connectionLimit = connectionLimit
    self.timeout = timeout
    self.requestTimeout = requestTimeout
    self.idleTimeout = idleTimeout
    self.callees = callees
    self.latency = latency
    self.callPolicy = callPolicy
    self.minRemaining = minRemaining
    self.onLeave = onLeave
    self.replicas = replicas
    self.store = store
  }
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
package struct TraceLogConfiguration: Hashable, Sendable {
  package var directory: String
  package var sizeMiB: Int
  package var enabled: Bool

  package init(directory: String, sizeMiB: Int, enabled: Bool) {
    self.directory = directory
    self.sizeMiB = sizeMiB
    self.enabled = enabled
  }
}

/// What the stores are filled with.
package struct SeedConfiguration: Hashable, Sendable {
  /// Two chains with the same seed have the same users, orders and payments.
  package var value: Int
  package var users: Int

  package init(value: Int, users: Int) {
    self.value = value
    self.users = users
  }
}

/// The page on which the chain is seen.
package struct DashboardConfiguration: Hashable, Sendable {
  /// On 127.0.0.1.
  package var port: Int
  package var enabled: Bool

  package init(port: Int, enabled: Bool) {
    self.port = port
    self.enabled = enabled
  }
}
