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

  static let sections = "services, entries, defaults, hosts, cores, hop, trace_log, seed, dashboard"
  static let shared =
    "host, io_model, replicas, threads, stack_kib, store_threads, store, queue_limit, overflow, backlog, loops, cores, "
    + "in_flight_limit, connection_limit, timeout_ms, request_timeout_ms, idle_timeout_ms, latency, min_remaining_ms, "
    + "on_leave, call_policy"
  static let port = "a whole number (1…65535)"
  static let gatewayPort = "f:3:11: services.gateway.port: found"

  private func gateway(_ line: String) throws -> String {
    try smallest(replacing: "  gateway:\n", with: "  gateway:\n    \(line)\n")
  }

  // MARK: Values

  @Test(arguments: [
    ("65536", "65536"), ("-1", "-1"), ("80.5", "80.5"), ("0x50", "0x50"), ("010", "010"),
    ("99999999999999999999", "99999999999999999999"), ("\"8080\"", "the text \"8080\""), ("[8080]", "a list"),
    ("{a: 1}", "a mapping"), (String(repeating: "x", count: 99), String(repeating: "x", count: 40) + "…"),
    ("\"\\e[31m\"", "the text \"\\u{1B}[31m\""),
  ])
  func aWrongNumberIsRefused(_ value: String, _ found: String) throws {
    #expect(refusal(of: try gateway("port: \(value)")) == ["\(Self.gatewayPort) \(found), expected \(Self.port)"])
  }

  @Test func aKeyWithoutValueIsRefused() throws {
    #expect(
      refusal(of: try gateway("port:")) == ["f:3:10: services.gateway.port: found nothing, expected \(Self.port)"])
  }

  @Test(arguments: [
    (
      "io_model: nonbloking",
      "f:3:15: services.gateway.io_model: found nonbloking, expected a choice "
        + "(blocking, async, nonblocking, nonblocking-async); did you mean nonblocking?"
    ),
    ("overflow: 5", "f:3:15: services.gateway.overflow: found 5, expected a choice (reject, backlog)"),
    (
      "timeout_ms: 0", "f:3:17: services.gateway.timeout_ms: found 0, expected a whole number of ms (1…3600000)"
    ),
    (
      "replicas: 2",
      "f:3:15: services.gateway.replicas: found 2, expected 1: nothing in front of gateway balances requests over several"
    ),
    (
      "stack_kib: 1 MiB", "f:3:16: services.gateway.stack_kib: found 1 MiB, expected a whole number of KiB (64…65536)"
    ),
    (
      "latency: 5",
      "f:3:14: services.gateway.latency: found 5, expected a latency "
        + "(1s, 100ms..300ms, lognormal:50ms,0.5 or p50:10ms,p90:50ms,p99:1s)"
    ),
    (
      "call_policy: retries=11",
      "f:3:18: services.gateway.call_policy.retries: found 11, expected a whole number (0…10)"
    ),
    (
      "call_policy: [retries=1]",
      "f:3:18: services.gateway.call_policy: found a list, expected a call policy "
        + "(none, or any of \(CallPolicy.table.forms))"
    ),
    (
      "call_policy: retires=1",
      "f:3:18: services.gateway.call_policy.retires: found an unknown key, expected one of "
        + "\(CallPolicy.table.names.joined(separator: ", ")); did you mean retries?"
    ),
    (
      "program: ../gateway",
      "f:3:14: services.gateway.program: found ../gateway, expected a program (a name of letters, digits and -)"
    ),
    (
      "url: https://127.0.0.1:1",
      "f:3:10: services.gateway.url: found https://127.0.0.1:1, expected a URL (http://HOST:PORT)"
    ),
  ])
  func aWrongValueIsRefused(_ line: String, _ expected: String) throws {
    #expect(refusal(of: try gateway(line)) == [expected])
  }

  @Test(arguments: [
    "http://127.0.0.1", "http://:80", "http://a:0", "http://a:080", "http://a:65536", "http://a:80/path", "a:80",
    "http://a b:80", "http://user@a:80", "http://[::1:80", "http://::1:80", "http://[a]:80", "http://1.2.3:80",
  ])
  func anAddressThatIsNoHostAndPortIsNone(text: String) throws {
    #expect(
      refusal(of: try gateway("url: \"\(text)\"")) == [
        "f:3:10: services.gateway.url: found the text \"\(text)\", expected a URL (http://HOST:PORT)"
      ])
  }

  @Test(arguments: [
    Case(
      "services:", "trace_log: {directory: logs, enabled: yes}\nservices:",
      "f:4:24: trace_log.directory: found logs, expected a path (absolute)",
      "f:4:39: trace_log.enabled: found yes, expected a flag (true, false)"),
    Case(
      "defaults: {queue_limit: 1000, timeout_ms: 5000}", "defaults: 5",
      "f:3:11: defaults: found 5, expected a mapping with \(shared)"),
    Case(
      "hop: 200us", "hop: 200", "f:2:6: hop: found 200, expected a duration (such as 200us, at most 50s)"),
    Case("cores: 8", "cores: 0", "f:1:8: cores: found 0, expected a whole number (1…1000000)"),
    Case(
      "GET /ping: 0.5", "GET /ping: 0",
      "f:41:19: entries.shop/GET /ping: found 0, expected a number (more than 0, less than 1000000000)"),
    Case(
      "timeout_ms: 5000", "timeout_ms: 5s",
      "f:3:43: defaults.timeout_ms: found 5s, expected a whole number of ms (1…3600000)"),
    // Clients ask `shop`, which may not have several.
    Case(
      "timeout_ms: 5000", "replicas: 3",
      "f:3:41: services.shop.replicas: found 3, expected 1: nothing in front of shop balances requests over several"),
  ])
  func aWrongValueOutsideOfServicesIsRefused(wrong: Case) throws {
    #expect(refusal(of: try shop(replacing: wrong.old, with: wrong.new)) == wrong.expected)
  }

  // MARK: Services that do not fit together

  @Test(arguments: [
    Case(
      "  payment-service:", "  payment-service:\n    port: 9081",
      "f:12:11: services.payment-service.port: found 9081, "
        + "expected another port: services.user-service.control_port is this one, since the file says no other"),
    Case(
      "  payment-service:", "  payment-service:\n    port: 8079",
      "f:12:11: services.payment-service.port: found 8079, expected a port of its own: dashboard.port has this one"),
    Case(
      "  payment-service:", "  payment-service:\n    port: 7000\n    control_port: 7000",
      "f:13:19: services.payment-service.control_port: found 7000, "
        + "expected a port of its own: services.payment-service.port has this one"),
    Case(
      "services:", "dashboard: {port: 8081}\nservices:",
      "f:1:19: dashboard.port: found 8081, "
        + "expected another port: services.user-service.port is this one, since the file says no other"),
    Case(
      "  payment-service:\n", "  payment-service:\n    url: http://127.0.0.1:1\n    port: 8080\n"),
    Case("services:", "dashboard: {port: 8081, enabled: false}\nservices:"),
  ])
  func twoThatListenOnOnePortAreRefused(wrong: Case) throws {
    #expect(refusal(of: try smallest(replacing: wrong.old, with: wrong.new)) == wrong.expected)
  }

  /// Replica 2 of a service is called by its name and -2, in the log, in folders and at verbs.
  @Test func aServiceThatIsCalledLikeAReplicaOfAnotherIsRefused() throws {
    let text = try smallest(replacing: "  payment-service:\n", with: "  order-service-8:\n").replacing(
      "payment-service/GET", with: "order-service-8/GET")
    #expect(
      refusal(of: text) == [
        "f:11:3: services.order-service-8: found order-service-8, "
          + "expected another name: replica 8 of order-service is called so"
      ])
    for fine in ["order-service-1", "order-service-9", "order-service-02", "order-2"] {
      #expect(refusal(of: text.replacing("order-service-8", with: fine)).isEmpty)
    }
  }

  @Test(arguments: [
    "all", "trace_log", "-x", "\"@x\"", ".x", "a/b", "a*", "a?", "a=b", "\"a \"", "\"a\\u200B\"", "\"\"",
  ])
  func aNameThatOthersWouldMistakeIsRefused(name: String) throws {
    let lines = refusal(of: try smallest(replacing: "entries:", with: "  \(name): {routes: {GET /: []}}\nentries:"))
    #expect(lines.count == 1 && lines[0].contains("f:14:3: services."), "\(lines)")
    #expect(lines.first?.contains("expected a name of at most 200 characters, without / * ? =") == true, "\(lines)")
  }

  @Test func callsThatLeadBackAreRefused() throws {
    #expect(
      refusal(of: try smallest(replacing: "GET /: []", with: "GET /: [call: user-service/GET /]")) == [
        "f:13:21: services.payment-service.routes.GET /[0].call: found user-service/GET / → order-service/GET / → "
          + "payment-service/GET / → user-service/GET /, expected calls that do not lead back to their caller"
      ])
    // Also within all:, and to itself.
    #expect(
      refusal(
        of: try smallest(
          replacing: "GET /: []", with: "GET /: [all: [remote: 1ms, call: payment-service/GET /]]")) == [
          "f:13:40: services.payment-service.routes.GET /[0].all[1].call: found payment-service/GET / → "
            + "payment-service/GET /, expected calls that do not lead back to their caller"
        ])
  }

  @Test func loadForAServiceElsewhereIsRefused() {
    let text = """
      services:
        bank: {url: "http://127.0.0.1:9000", routes: {POST /pay: []}}
        shop: {routes: {GET /: [call: bank/POST /pay]}}
      entries:
        shop/GET /: 3
        bank/POST /pay: 1
      """
    #expect(
      refusal(of: text) == [
        "f:6:3: entries.bank/POST /pay: found a service that runs elsewhere, "
          + "expected one that is started here: load goes to it"
      ])
    #expect(refusal(of: text.replacing("  bank/POST /pay: 1", with: "")).isEmpty)
  }

  /// Calls that double at every layer: no run would end.
  @Test func aRequestOfMillionsOfCallsIsRefused() {
    let count = 30
    let services = (0..<count).map { index in
      let next = "call: s\(index + 1)/GET /"
      return "  s\(index): {routes: {GET /: [\(index + 1 < count ? "all: [\(next), \(next)]" : "")]}}\n"
    }
    #expect(
      refusal(of: "services:\n\(services.joined())entries: {s0/GET /: 1}\n") == [
        "f:32:11: entries.s0/GET /: found 1,073,741,822 calls for one request, expected at most 1000000"
      ])
  }

  // MARK: Keys

  @Test(arguments: [
    Case(
      "services:", "seed: {usres: 5}\nservices:",
      "f:1:8: seed.usres: found an unknown key, expected one of value, users; did you mean users?"),
    Case(
      "services:", "logging: on\nservices:", "f:1:1: logging: found an unknown key, expected one of \(sections)"),
    Case(
      "services:", "seed: {value: 1, value: 2}\nservices:",
      "f:1:8: value: found the key again further down in the same mapping, expected it once"),
    Case(
      "services:", "seed: {value: 1, !mine value: 2}\nservices:",
      "f:1:18: seed.value: found the key again, expected it once"),
    Case(
      "services:", "seed: {? [a] : 1}\nservices:", "f:1:10: seed: found a list or mapping as key, expected a name"),
    Case(
      "  gateway:\n", "  gateway:\n    callees: [user-service]\n",
      "f:3:5: services.gateway.callees: found an unknown key, expected one of port, control_port, program, url, "
        + "\(shared), routes"),
    Case(
      "services:", "defaults: {port: 1}\nservices:",
      "f:1:12: defaults.port: found an unknown key, expected one of \(shared)"),
    Case(
      "services:", "on_leave: finish\nservices:",
      "f:1:1: on_leave: found an unknown key, expected one of \(sections)"),
    Case(
      "services:", "service:",
      "f:1:1: service: found an unknown key, expected one of \(sections); did you mean services?",
      "f:1:1: services: found nothing, expected a mapping of services by name",
      "f:15:3: entries.gateway/GET /: found gateway/GET /, expected SERVICE/ROUTE of a service in this file"),
  ])
  func aWrongKeyIsRefused(wrong: Case) throws {
    #expect(refusal(of: try smallest(replacing: wrong.old, with: wrong.new)) == wrong.expected)
  }

  @Test func allProblemsAreReportedInTheOrderOfTheFile() throws {
    let lines = refusal(of: "seed: {users: 0}\n" + (try gateway("port: x")) + "trace_log: {size: 1}\n")
    #expect(lines.map { $0.prefix { $0 != " " } } == ["f:1:15:", "f:4:11:", "f:18:13:"])
  }

  @Test func aFileOfGarbageIsNotReportedInFull() {
    let keys = (1...1000).map { "key\($0): 1\n" }.joined()
    let lines = refusal(of: keys + smallest)
    #expect(lines.count == 21)
    #expect(lines.last == "f: and 980 more problems")
  }
}
