import ChainModel
import Foundation
import Lessons
import Supervisor
import Topology

/// The chain of a cell, as the text of a `services.yaml`: what the lesson says, on ports that are free.
struct LessonTopology {
  let yaml: String
  let topology: Topology

  private static let callees: [ServiceName: String] = [
    .gateway: "[user-service, order-service, payment-service]", .userService: "[order-service]",
    .orderService: "[payment-service]", .paymentService: "[]",
  ]

  init(_ cell: Lesson.Cell) throws {
    let ports = FreePorts.take(2 * ServiceName.allCases.count)
    var lines = ["services:"]
    for (index, name) in ServiceName.allCases.enumerated() {
      lines.append("  \(name.rawValue):")
      // A caller waits longer than its callee does.
      var keys = [
        "port": "\(ports[2 * index])", "control_port": "\(ports[2 * index + 1])",
        "callees": Self.callees[name] ?? "[]", "timeout_ms": "\(20_000 - 2_000 * index)", "threads": "16",
        "queue_limit": "64",
      ]
      for prefix in ["all.", "\(name.rawValue)."] {
        for (key, value) in cell.settings where key.hasPrefix(prefix) {
          keys[String(key.dropFirst(prefix.count))] = value
        }
      }
      lines += keys.sorted { $0.key < $1.key }.map { "    \($0.key): \($0.value)" }
    }
    lines += ["trace_log:", "  size_mib: 256"]
    for (key, value) in cell.settings where key.hasPrefix("trace_log.") {
      lines.append("  \(key.dropFirst(10)): \(value)")
    }
    lines += ["dashboard:", "  enabled: false"]
    yaml = lines.joined(separator: "\n") + "\n"
    topology = try Topology.parse(yaml, file: "the chain of \(cell.name)")
  }

  /// What the smallest pool whose threads are held while payment waits can serve, or the load where that is less.
  private func ceiling(_ figures: [String: Double]) -> Double? {
    guard let rate = figures["load.rate"], let wait = figures["payment-service.latency_ms"], wait > 0 else {
      return nil
    }
    let pools = topology.services.filter { service in
      // A hired thread makes calls, and payment-service makes none.
      service.model == .blocking || service.model == .async && !service.callees.isEmpty
    }
    return pools.reduce(rate) { min($0, ClosedForms.ceiling(threads: Double($1.threads), holding: wait)) }
  }

  /// Settings that are numbers, by the names that lessons use; latencies and timeouts in milliseconds.
  func figures(_ cell: Lesson.Cell) -> [String: Double] {
    var figures: [String: Double] = [:]
    for (section, name, value) in topology.settings {
      if let number = Double(value) {
        figures["\(section).\(name)"] = number
      } else if let duration = DurationText.parse(value) {
        figures["\(section).\(name)_ms"] = duration.seconds * 1000
      }
    }
    if let rate = cell.load.rate { figures["load.rate"] = rate }
    figures["chain_ceiling"] = ceiling(figures)
    if let clients = cell.load.clients { figures["load.clients"] = Double(clients) }
    figures["load.duration_ms"] = cell.load.duration.seconds * 1000
    return figures
  }
}
