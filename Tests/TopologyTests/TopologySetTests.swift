import ChainModel
import Testing
import Topology

struct TopologySetTests {
  private func topology() throws -> Topology {
    try Topology.parse(
      """
      services:
        gateway: {port: 1, control_port: 2, callees: [user-service]}
        user-service: {port: 3, control_port: 4, callees: []}
        order-service: {port: 5, control_port: 6, callees: []}
        payment-service: {port: 7, control_port: 8, callees: []}
      """, file: "x.yaml")
  }

  @Test func aValueIsAsIfTheFileHadSaidIt() throws {
    var topology = try topology()
    try topology.set("user-service.threads", to: "7", source: "here")
    try topology.set("gateway.call_policy", to: "retries=2", source: "here")
    try topology.set("trace_log.enabled", to: "false", source: "here")
    #expect(topology[.userService].threads == 7 && topology[.gateway].threads == 16)
    #expect(topology[.gateway].callPolicy.retries == 2)
    #expect(!topology.traceLog.enabled)
  }

  @Test(arguments: [
    ("threads", "1", "no such setting"), ("user.threads", "1", "no such service"),
    ("user-service.thread", "1", "did you mean threads?"), ("user-service.threads", "0", "found 0"),
    ("trace_log.size", "1", "an unknown key"), ("trace_log.enabled", "perhaps", "found perhaps"),
  ]) func whatCannotBeSetIsSaid(_ path: String, _ text: String, _ message: String) throws {
    var topology = try topology()
    let before = topology
    let error = #expect(throws: TopologyError.self) { try topology.set(path, to: text, source: "here") }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    #expect(error?.description.hasPrefix("here:") == true)
    #expect(topology == before)
  }
}
