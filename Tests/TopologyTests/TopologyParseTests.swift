import ChainModel
import Testing

import Topology

@Suite struct TopologyParseTests {
  @Test func theSmallestFileGetsEveryDefault() throws {
    let topology = try Topology.parse(smallest, file: "f")
    #expect(topology.services.map(\.name) == Topology.standard.names)
    #expect(
      topology[.userService]
        == ServiceConfiguration(
          name: .userService, host: "127.0.0.1", port: 8081, controlPort: 9081, model: .blocking, threads: 16,
          stackKiB: 1024, storeThreads: 1, queueLimit: 64, overflow: .reject, backlog: 128, loops: 2,
          inFlightLimit: .adaptive, connectionLimit: 10000, timeout: .seconds(20), requestTimeout: .seconds(10),
          idleTimeout: .seconds(60), callees: [.orderService], latency: .zero))
    #expect(topology.traceLog == TraceLogConfiguration(directory: "/dev/shm", sizeMiB: 256, enabled: true))
    #expect(topology.seed == SeedConfiguration(value: 1, users: 1000))
  }

  @Test func everyKeyIsRead() throws {
    let text = """
      services:
        gateway: {port: 1, control_port: 2, callees: [payment-service], io_model: nonblocking-async, threads: 3,
          stack_kib: 64, store_threads: 4, queue_limit: 0, overflow: backlog, backlog: 5, loops: 6, in_flight_limit: 7,
          connection_limit: 8, timeout_ms: 9, request_timeout_ms: 10, idle_timeout_ms: 11,
          latency: "p50:10ms,p90:50ms,p99:1s", call_policy: retries=3 keep_alive=off,
          min_remaining_ms: 12, on_leave: finish, store: loop}
        user-service: {port: 11, control_port: 12, callees: []}
        order-service: {port: 13, control_port: 14, callees: []}
        payment-service: {port: 15, control_port: 16, callees: []}
      trace_log: {directory: "/tmp/a *b & #c", size_mib: 16, enabled: false}
      seed: {value: 0, users: 1}
      """
    let topology = try Topology.parse(text, file: "f")
    var policy = CallPolicy.plain
    policy.retries = 3
    policy.keepAlive = false
    #expect(
      topology[.gateway]
        == ServiceConfiguration(
          name: .gateway, host: "127.0.0.1", port: 1, controlPort: 2, model: .nonblockingAsync, threads: 3,
          stackKiB: 64,
          storeThreads: 4, queueLimit: 0, overflow: .backlog, backlog: 5, loops: 6, inFlightLimit: 7,
          connectionLimit: 8, timeout: .milliseconds(9), requestTimeout: .milliseconds(10),
          idleTimeout: .milliseconds(11), callees: [.paymentService],
          latency: .percentiles(p50: .milliseconds(10), p90: .milliseconds(50), p99: .seconds(1)), callPolicy: policy,
          minRemaining: .milliseconds(12), onLeave: .finish, store: .loop))
    #expect(topology.traceLog == TraceLogConfiguration(directory: "/tmp/a *b & #c", sizeMiB: 16, enabled: false))
    #expect(topology.seed == SeedConfiguration(value: 0, users: 1))
  }

  @Test func aServiceOverridesTheDefaultsSection() throws {
    let own = try smallest(replacing: "port: 8082", with: "port: 8082\n    threads: 3")
    let topology = try Topology.parse(own + "defaults:\n  threads: 7\n  latency: 1ms..2ms\n", file: "f")
    #expect(topology.services.map(\.threads) == [7, 7, 3, 7])
    #expect(topology.services.allSatisfy { $0.latency == .uniform(.milliseconds(1), .milliseconds(2)) })
  }

  @Test func theOrderOfTheServicesInTheFileDoesNotMatter() throws {
    let services = smallest.split(separator: "\n").dropFirst()
    let turned = [services.suffix(4), services.dropLast(4)].flatMap(\.self).joined(separator: "\n")
    #expect(try Topology.parse("services:\n" + turned, file: "f") == Topology.parse(smallest, file: "f"))
  }

  @Test func aByteOrderMarkAndCarriageReturnsAreRead() throws {
    let text = "\u{FEFF}" + smallest.split(separator: "\n").joined(separator: "\r\n") + "\r\n"
    #expect(try Topology.parse(text, file: "f") == Topology.parse(smallest, file: "f"))
  }

  @Test(arguments: IOModel.allCases)
  func everyModelHasItsNameInTheFile(model: IOModel) throws {
    let topology = try Topology.parse(smallest + "defaults: {io_model: \(model.rawValue)}", file: "f")
    #expect(topology.services.allSatisfy { $0.model == model })
  }

  @Test func replicasForAllAreForThoseThatCanHaveThem() throws {
    let topology = try Topology.parse(smallest + "defaults: {replicas: 3}\n", file: "f")
    #expect(topology.services.map(\.replicas) == [1, 3, 3, 3])
  }
}
