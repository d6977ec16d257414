package import ChainModel
package import Topology

/// Settings of a chain that are to be changed together: what an advisor proposes.
///
/// Keys: `settings` (each with `path`, `from`, `to`), `added_threads`, `text`.
package struct Change: Hashable, Encodable, Sendable {
  /// One value of one service.
  package struct Setting: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
      case threads(Int)
      case queueLimit(Int)
      /// In milliseconds.
      case timeout(Int)
      case replicas(Int)
      case model(IOModel)
    }

    package var service: ServiceName
    package var value: Value

    package init(_ service: ServiceName, _ value: Value) {
      self.service = service
      self.value = value
    }

    /// As in `services.yaml`.
    package var key: String {
      switch value {
      case .threads: "threads"
      case .queueLimit: "queue_limit"
      case .timeout: "timeout_ms"
      case .replicas: "replicas"
      case .model: "io_model"
      }
    }

    package var path: String { "\(service.rawValue).\(key)" }

    package var valueText: String {
      switch value {
      case .threads(let count), .queueLimit(let count), .timeout(let count), .replicas(let count): "\(count)"
      case .model(let model): model.rawValue
      }
    }

    /// The value that a chain has in this place.
    package func present(in topology: Topology) -> Setting {
      let configured = topology[service]
      return switch value {
      case .threads: Setting(service, .threads(configured.threads))
      case .queueLimit: Setting(service, .queueLimit(configured.queueLimit))
      case .timeout: Setting(service, .timeout(Int(configured.timeout.milliseconds)))
      case .replicas: Setting(service, .replicas(configured.replicas))
      case .model: Setting(service, .model(configured.model))
      }
    }

    func apply(to configuration: inout ServiceConfiguration) {
      switch value {
      case .threads(let count): configuration.threads = count
      case .queueLimit(let count): configuration.queueLimit = count
      case .timeout(let milliseconds): configuration.timeout = .milliseconds(milliseconds)
      case .replicas(let count): configuration.replicas = count
      case .model(let model): configuration.model = model
      }
    }

    /// What it takes to do it: a value in a file, processes, or code of another kind.
    fileprivate var effort: Int {
      switch value {
      case .threads, .queueLimit, .timeout: 0
      case .replicas: 1
      case .model: 2
      }
    }
  }

  /// From the back of the chain to its front: the order in which it is done.
  package let settings: [Setting]
  private let from: [Setting]
  /// Over all processes.
  package let addedThreads: Int

  /// - Parameters:
  ///   - settings: those that change nothing are left out.
  ///   - topology: the chain as it is.
  package init(_ settings: [Setting], of topology: Topology) {
    let order = topology.services.map(\.name)
    func place(_ setting: Setting) -> Int { order.firstIndex(of: setting.service) ?? 0 }
    self.settings = settings.filter { $0.present(in: topology) != $0 }
      .sorted { (place($1), $0.key) < (place($0), $1.key) }
    from = self.settings.map { $0.present(in: topology) }
    let changed = Self.apply(self.settings, to: topology)
    addedThreads = Self.threads(changed) - Self.threads(topology)
  }

  /// Threads that are held by one request each, or would be.
  private static func threads(_ topology: Topology) -> Int {
    topology.services.filter { !$0.model.waitsOnLoop }.reduce(0) { $0 + $1.threads * $1.replicas }
  }

  private static func apply(_ settings: [Setting], to topology: Topology) -> Topology {
    var changed = topology
    for setting in settings {
      guard let index = changed.services.firstIndex(where: { $0.name == setting.service }) else { continue }
      setting.apply(to: &changed.services[index])
    }
    return changed
  }

  /// The chain with the change made.
  package func applied(to topology: Topology) -> Topology { Self.apply(settings, to: topology) }

  package var isNothing: Bool { settings.isEmpty }

  /// `payment-service.threads 4 → 10, order-service.threads 8 → 10`.
  package var text: String {
    guard !isNothing else { return "as configured" }
    return zip(from, settings).map { "\($1.path) \($0.valueText) → \($1.valueText)" }.joined(separator: ", ")
  }

  // MARK: Order

  /// Fewer settings before more; values before processes before code; fewer threads before more; and the value that is
  /// nearer to what it was.
  package func isSmaller(than other: Change) -> Bool { cost < other.cost }

  private var cost: Cost {
    Cost(
      settings: settings.count, effort: settings.map(\.effort).max() ?? 0, threads: max(0, addedThreads),
      distance: zip(from, settings).reduce(0) { $0 + Self.distance($1.0, $1.1) }, text: text)
  }

  private struct Cost: Comparable {
    var settings: Int
    var effort: Int
    var threads: Int
    var distance: Double
    var text: String

    static func < (left: Cost, right: Cost) -> Bool {
      guard (left.settings, left.effort, left.threads) == (right.settings, right.effort, right.threads) else {
        return (left.settings, left.effort, left.threads) < (right.settings, right.effort, right.threads)
      }
      return (left.distance, left.text) < (right.distance, right.text)
    }
  }

  /// How many times larger or smaller a number gets, less one.
  private static func distance(_ from: Setting, _ to: Setting) -> Double {
    guard let old = Double(from.valueText), let new = Double(to.valueText) else { return 1 }
    return (max(old, new) + 1) / (min(old, new) + 1) - 1
  }

  // MARK: JSON

  private enum CodingKeys: String, CodingKey {
    case settings, text
    case addedThreads = "added_threads"
  }

  private struct Row: Encodable {
    var path: String
    var from: String
    var to: String
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(
      zip(from, settings).map { Row(path: $1.path, from: $0.valueText, to: $1.valueText) }, forKey: .settings)
    try keys.encode(addedThreads, forKey: .addedThreads)
    try keys.encode(text, forKey: .text)
  }
}
