import ChainModel
import Testing

import Topology

/// Every class of error, word for word and with its position.
@Suite struct TopologyErrorTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var old: String
    var new: String
    var expected: [String]
    var testDescription: String { new }

    init(_ old: String, _ new: String, _ expected: String...) {
      (self.old, self.new, self.expected) = (old, new, expected)
    }
  }

  static let port = "a whole number (1…65535)"
  static let gatewayPort = "f:3:11: services.gateway.port: found"
  static let serviceNames = "gateway, user-service, order-service, payment-service"

  @Test(arguments: [
    Case("8080", "65536", "\(gatewayPort) 65536, expected \(port)"),
    Case("8080", "-1", "\(gatewayPort) -1, expected \(port)"),
    Case("8080", "80.5", "\(gatewayPort) 80.5, expected \(port)"),
    Case("8080", "0x50", "\(gatewayPort) 0x50, expected \(port)"),
    Case("8080", "010", "\(gatewayPort) 010, expected \(port)"),
    Case("8080", "99999999999999999999", "\(gatewayPort) 99999999999999999999, expected \(port)"),
    Case("8080", "\"8080\"", "\(gatewayPort) the text \"8080\", expected \(port)"),
    Case("8080", "[8080]", "\(gatewayPort) a list, expected \(port)"),
    Case("8080", "{a: 1}", "\(gatewayPort) a mapping, expected \(port)"),
    Case(" 8080", "", "f:3:10: services.gateway.port: found nothing, expected \(port)"),
    Case(
      "8080", String(repeating: "x", count: 99),
      "\(gatewayPort) \(String(repeating: "x", count: 40))…, expected \(port)"),
    Case("8080", "\"\\e[31m\"", "\(gatewayPort) the text \"\\u{1B}[31m\", expected \(port)"),
  ])
  func aWrongNumberIsRefused(wrong: Case) throws {
    #expect(refusal(of: try smallest(replacing: wrong.old, with: wrong.new)) == wrong.expected)
  }

  @Test(arguments: [
    Case(
      "port: 8081", "io_model: nonbloking",
      "f:6:3: services.user-service.port: found nothing, expected \(port)",
      "f:7:15: services.user-service.io_model: found nonbloking, expected a choice "
        + "(blocking, async, nonblocking, nonblocking-async); did you mean nonblocking?"),
    Case(
      "port: 8080", "port: 8080\n    overflow: 5",
      "f:4:15: services.gateway.overflow: found 5, expected a choice (reject, backlog)"),
    Case(
      "port: 8080", "port: 8080\n    timeout_ms: 0",
      "f:4:17: services.gateway.timeout_ms: found 0, expected a whole number of ms (1…3600000)"),
    Case(
      "port: 8080", "port: 8080\n    replicas: 2",
      "f:4:15: services.gateway.replicas: found 2, expected 1: nothing in front of the gateway balances requests over several"
    ),
    Case(
      "port: 8080", "port: 8080\n    stack_kib: 1 MiB",
      "f:4:16: services.gateway.stack_kib: found 1 MiB, expected a whole number of KiB (64…65536)"),
    Case(
      "port: 8080", "port: 8080\n    latency: 5",
      "f:4:14: services.gateway.latency: found 5, expected a latency "
        + "(1s, 100ms..300ms, lognormal:50ms,0.5 or p50:10ms,p90:50ms,p99:1s)"),
    Case(
      "services:", "trace_log: {directory: logs, enabled: yes}\nservices:",
      "f:1:24: trace_log.directory: found logs, expected a path (absolute)",
      "f:1:39: trace_log.enabled: found yes, expected a flag (true, false)"),
    Case(
      "services:", "defaults: 5\nservices:",
      "f:1:11: defaults: found 5, expected a mapping with io_model, replicas, threads, stack_kib, store_threads, store, "
        + "queue_limit, overflow, backlog, loops, in_flight_limit, connection_limit, timeout_ms, request_timeout_ms, "
        + "idle_timeout_ms, latency, min_remaining_ms, on_leave, call_policy"),
    Case(
      "callees: []", "callees: []\n    call_policy: retries=11",
      "f:18:18: services.payment-service.call_policy: found retries=11 (retries: found '11', expected 0 to 10), "
        + "expected a call policy (none, or any of \(CallPolicy.forms))"),
  ])
  func aWrongValueIsRefused(wrong: Case) throws {
    #expect(refusal(of: try smallest(replacing: wrong.old, with: wrong.new)) == wrong.expected)
  }

  @Test(arguments: [
    Case(
      "[]", "none",
      "f:17:14: services.payment-service.callees: found none, expected a list of services (\(serviceNames))"),
    Case(
      "[]", "[gatway]",
      "f:17:15: services.payment-service.callees: found gatway, expected a list of services (\(serviceNames)); "
        + "did you mean gateway?"),
    Case(
      "order-service]", "user-service]",
      "f:5:29: services.gateway.callees: found user-service again, expected a list of services (\(serviceNames))"),
    Case(
      "[]", "[payment-service]",
      "f:17:15: services.payment-service.callees: found payment-service → payment-service, "
        + "expected callees that do not lead back to their caller"),
    Case(
      "[]", "[user-service]",
      "f:17:15: services.payment-service.callees: found user-service → order-service → payment-service → user-service, "
        + "expected callees that do not lead back to their caller"),
    Case(
      "8083", "9081",
      "f:15:11: services.payment-service.port: found 9081, "
        + "expected a port of its own: services.user-service.control_port has this one"),
    Case(
      "8083", "8079",
      "f:15:11: services.payment-service.port: found 8079, expected a port of its own: dashboard.port has this one"),
  ])
  func servicesThatDoNotFitTogetherAreRefused(wrong: Case) throws {
    #expect(refusal(of: try smallest(replacing: wrong.old, with: wrong.new)) == wrong.expected)
  }

  @Test(arguments: [
    Case(
      "services:", "seed: {usres: 5}\nservices:",
      "f:1:8: seed.usres: found an unknown key, expected one of value, users; did you mean users?"),
    Case(
      "services:", "logging: on\nservices:",
      "f:1:1: logging: found an unknown key, expected one of services, defaults, trace_log, seed, dashboard"),
    Case(
      "services:", "seed: {value: 1, value: 2}\nservices:",
      "f:1:8: value: found the key again further down in the same mapping, expected it once"),
    Case(
      "services:", "seed: {value: 1, !mine value: 2}\nservices:",
      "f:1:18: seed.value: found the key again, expected it once"),
    Case(
      "services:", "seed: {? [a] : 1}\nservices:", "f:1:10: seed: found a list or mapping as key, expected a name"),
    Case(
      "payment-service:", "payments:",
      "f:1:1: services.payment-service: found nothing, expected a mapping: the chain needs all its services",
      "f:14:3: services.payments: found an unknown key, expected one of \(serviceNames)"),
    Case(
      "services:", "service:",
      "f:1:1: service: found an unknown key, expected one of services, defaults, trace_log, seed, dashboard; did you mean services?",
      "f:1:1: services: found nothing, expected a mapping with \(serviceNames)"),
  ])
  func aWrongKeyIsRefused(wrong: Case) throws {
    #expect(refusal(of: try smallest(replacing: wrong.old, with: wrong.new)) == wrong.expected)
  }

  @Test func aKeyOfOneServiceIsRefusedUnderDefaults() {
    let lines = refusal(of: smallest + "defaults:\n  port: 1\n")
    #expect(lines.count == 1)
    #expect(lines.first?.hasPrefix("f:19:3: defaults.port: found an unknown key, expected one of io_model, ") == true)
  }

  @Test func allProblemsAreReportedInTheOrderOfTheFile() throws {
    let lines = refusal(
      of: "seed: {users: 0}\n" + (try smallest(replacing: "8081", with: "x")) + "trace_log: {size: 1}\n")
    #expect(lines.map { $0.prefix { $0 != " " } } == ["f:1:15:", "f:8:11:", "f:19:13:"])
  }

  @Test func aFileOfGarbageIsNotReportedInFull() {
    let keys = (1...1000).map { "key\($0): 1\n" }.joined()
    let lines = refusal(of: keys + smallest)
    #expect(lines.count == 21)
    #expect(lines.last == "f: and 980 more problems")
  }
}
