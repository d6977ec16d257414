package import ChainModel

/// What load to put on which target, and for how long.
///
/// The same plan gives the same arrival times and the same sequence of paths: both follow from `seed`.
package struct LoadPlan: Hashable, Sendable {
  package enum Arrival: Hashable, Sendable {
    /// Each client sends its next request when it has the answer to its last one.
    case closed(clients: Int)
    /// Requests start when they are due, whether or not earlier ones are answered. `rate` is per second.
    case open(rate: Double, spacing: Spacing)
  }

  package enum Spacing: String, CaseIterable, Codable, Sendable {
    /// Every 1/rate.
    case fixed
    /// Independent, exponentially distributed gaps with mean 1/rate.
    case poisson
  }

  package struct Header: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// One kind of request.
  package struct Kind: Codable, Hashable, Sendable {
    package var method: String
    package var path: String
    /// Its share among the sum of all.
    package var weight: Double
    /// Nil: the plan's, as for the host.
    package var port: Int?
    package var host: String?

    package init(method: String = "GET", path: String, weight: Double = 1, at endpoint: Endpoint? = nil) {
      self.method = method
      self.path = path
      self.weight = weight
      (host, port) = (endpoint?.host, endpoint?.port)
    }

    package var name: String { "\(method) \(path)" }

    /// Whom it is for, in a plan for this target.
    package func endpoint(in target: Endpoint) -> Endpoint { Endpoint(host ?? target.host, port: port ?? target.port) }
  }

  /// Stands in a path for one of `usernames`.
  package static let placeholder = "{username}"

  package var target: Endpoint
  /// Each request is of one of them, by a seeded choice. Method and path as written here are the names of the spans in the
  /// log.
  package var kinds: [Kind]
  /// Each request whose path has the placeholder takes one of them, by a seeded choice.
  package var usernames: [String]
  package var arrival: Arrival
  /// Requests due in this time are sent, but reported apart from the others.
  package var warmUp: Duration
  /// The time that is measured; it follows the warm-up.
  package var duration: Duration
  /// How long a request may take from the moment it is sent, making a connection included.
  package var timeout: Duration
  package var seed: UInt64
  /// One connection per request instead of connections that are kept.
  package var newConnections: Bool
  /// Open loop: requests that fall due while so many are unanswered are not sent, and are counted.
  package var maxInFlight: Int
  /// Event loops, each a thread. Clients, arrivals and limits are dealt out evenly among them.
  package var loops: Int
  /// Sent with each request, besides those in `ownHeaders`.
  package var headers: [Header]

  package init(
    to target: Endpoint, paths: [String], usernames: [String] = [], arrival: Arrival,
    warmUp: Duration = .zero, duration: Duration, timeout: Duration = .seconds(5), seed: UInt64 = 1,
    newConnections: Bool = false, maxInFlight: Int = 10_000, loops: Int = 1, headers: [Header] = []
  ) {
    self.target = target
    kinds = paths.map { Kind(path: $0) }
    self.usernames = usernames
    self.arrival = arrival
    self.warmUp = warmUp
    self.duration = duration
    self.timeout = timeout
    self.seed = seed
    self.newConnections = newConnections
    self.maxInFlight = maxInFlight
    self.loops = loops
    self.headers = headers
  }

  package var paths: [String] {
    get { kinds.map(\.path) }
    set { kinds = newValue.map { Kind(path: $0) } }
  }

  /// Whom each kind of request is for.
  var targets: [Endpoint] { kinds.map { $0.endpoint(in: target) } }
}
