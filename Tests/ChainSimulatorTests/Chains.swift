import Topology

/// The chain as `services.yaml` has it.
enum Chains {
  static func topology(_ changes: [(String, String)] = []) throws -> Topology {
    let services = [
      ("gateway", "[user-service, order-service, payment-service]"), ("user-service", "[order-service]"),
      ("order-service", "[payment-service]"), ("payment-service", "[]"),
    ]
    let text = services.enumerated().map { index, service in
      "  \(service.0):\n    port: \(8080 + index)\n    control_port: \(9080 + index)\n    callees: \(service.1)\n"
    }.joined()
    var topology = try Topology.parse("services:\n\(text)", file: "services.yaml")
    for (key, value) in changes { try topology.set(key, to: value, source: "--set") }
    return topology
  }
}
