import ChainModel
import Supervisor
import Topology

/// A chain of the program's own, for a trial that nobody else is to disturb: on ports that are free now, without a page,
/// and else as `services.yaml` is where it says nothing.
enum OwnChain {
  private static let callees: [ServiceName: [ServiceName]] = [
    .gateway: [.userService, .orderService, .paymentService], .userService: [.orderService],
    .orderService: [.paymentService],
  ]

  /// - Parameters:
  ///   - settings: such as `order-service.threads`, or `all.threads`, which counts where nothing is said of one.
  ///   - source: who says so, for errors.
  /// - Returns: the chain.
  /// - Throws: `TopologyError` for a setting that there is not.
  static func topology(_ settings: [String: String], source: String) throws -> Topology {
    var topology = try topology()
    let sorted = settings.sorted {
      ($0.key.hasPrefix("all.") ? 0 : 1, $0.key) < ($1.key.hasPrefix("all.") ? 0 : 1, $1.key)
    }
    for (path, value) in sorted {
      let key = path.drop { $0 != "." }
      let places = path.hasPrefix("all.") ? ServiceName.allCases.map { $0.rawValue + key } : [path]
      for place in places { try topology.set(place, to: value, source: source) }
    }
    return topology
  }

  static func topology() throws -> Topology {
    let ports = FreePorts.take(2 * ServiceName.allCases.count)
    var lines = ["services:"]
    for (index, name) in ServiceName.allCases.enumerated() {
      let callees = (callees[name] ?? []).map(\.rawValue).joined(separator: ", ")
      lines += [
        "  \(name.rawValue):", "    port: \(ports[2 * index])", "    control_port: \(ports[2 * index + 1])",
        "    callees: [\(callees)]",
        // A caller waits longer than its callee does.
        "    timeout_ms: \(20_000 - 2_000 * index)",
      ]
    }
    lines += ["dashboard:", "  enabled: false"]
    return try Topology.parse(lines.joined(separator: "\n"), file: "a chain of its own")
  }
}
