package import ChainModel

/// A system of services that call one another in any graph, as a file describes it for the simulator: every value
/// checked, every default filled in.
///
/// ```yaml
/// cores: 8                       # processors that all services share; without it, as many as are asked for
/// hop: 200us                     # time on the network, each way
/// defaults: {threads: 32, timeout_ms: 2000}
/// services:
///   shop:
///     io_model: nonblocking
///     routes:
///       GET /checkout:           # its steps, in order
///         - cpu: 400us
///         - store: 2ms orders by user
///         - call: cart/GET /items
///   cart:
///     threads: 8
///     routes:
///       GET /items:
///         - cpu: exponential:300us
///         - file: 40us ledger
///         - remote: lognormal:50ms,0.5
/// entries:                       # what clients ask for, with weights
///   shop/GET /checkout: 3
/// ```
///
/// A service's keys are those of `services.yaml`, with their units, ranges and defaults, apart from those that say nothing
/// to a simulation. A value that is not known stands as `unknown`: it must be given before the system is simulated.
package struct ServiceGraph: Hashable, Sendable {
  package var services: [Service]
  package var entries: [Entry]
  /// Nil: as many as are asked for.
  package var cores: Int?
  package var hop: Duration
  /// What becomes of a request when its caller goes away, at every service.
  package var onLeave: LeaveRule

  package init(
    services: [Service], entries: [Entry], cores: Int? = nil, hop: Duration = .zero, onLeave: LeaveRule = .cancel
  ) {
    self.services = services
    self.entries = entries
    self.cores = cores
    self.hop = hop
    self.onLeave = onLeave
  }

  /// One service, and what it does for each kind of request.
  package struct Service: Hashable, Sendable {
    package var name: String
    /// Of it, name, ports and callees mean nothing.
    package var settings: ServiceConfiguration
    /// Keys of `settings` whose values are not known.
    package var unknown: Set<String>
    package var routes: [Route]

    package init(
      _ name: String, settings: ServiceConfiguration = ServiceGraph.defaultSettings, unknown: Set<String> = [],
      routes: [Route]
    ) {
      self.name = name
      self.settings = settings
      self.unknown = unknown
      self.routes = routes
    }
  }

  /// One kind of request at one service.
  package struct Route: Hashable, Sendable {
    package var name: String
    package var steps: [Step]

    package init(_ name: String, _ steps: [Step]) {
      self.name = name
      self.steps = steps
    }
  }

  /// One step of a request; it ends before the next one begins.
  package enum Step: Hashable, Sendable {
    /// Work of a processor; nil: how much is not known.
    case cpu(StepTime?)
    /// A remote system is waited for.
    case remote(StepTime)
    /// Store work, which needs a thread and a processor.
    case store(StepTime, label: String, isFile: Bool)
    /// Another service is called and waited for, by index and by the index of its route.
    case call(service: Int, route: Int)
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

  /// The defaults of `services.yaml`.
  package static var defaultSettings: ServiceConfiguration { Schema.defaultService }
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
