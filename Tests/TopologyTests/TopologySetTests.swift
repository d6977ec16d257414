import ChainModel
import Testing

import Topology

/// `set`, `--set` and what is still unknown.
@Suite struct TopologySetTests {
  private static let mesh = """
    services:
      front-1: {routes: {GET /: [all: [call: middle/GET /a, call: leaf-1/GET /]]}}
      front-2: {routes: {GET /: [call: leaf-2/GET /, call: leaf-2/GET /]}}
      middle: {routes: {GET /a: [call: leaf-2/GET /], GET /b: []}}
      leaf-1: {routes: {GET /: [cpu: 1ms]}}
      leaf-2: {routes: {GET /: []}}
      idle: {routes: {GET /: []}}
    entries: {front-1/GET /: 1, front-2/GET /: 3}

    """

  @Test func aValueIsAsIfTheFileHadSaidIt() throws {
    var topology = try Topology.parse(smallest, file: "f")
    try topology.set(Setting("user-service.threads", "7"), source: "here")
    try topology.set(Setting("gateway.call_policy", "retries=2"), source: "here")
    try topology.set(Setting("trace_log.enabled", "false"), source: "here")
    #expect(topology[.userService].threads == 7 && topology[.gateway].threads == 16)
    #expect(topology[.gateway].callPolicy.retries == 2)
    #expect(!topology.traceLog.enabled)
  }

  @Test(arguments: [
    ("front-*", [0, 1]), ("*", [0, 1, 2, 3, 4, 5]), ("leaf-?", [3, 4]), ("middle", [2]), ("*-2", [1, 4]),
    ("m*d*e", [2]),
    ("@leaves", [3, 4, 5]), ("@depth:1", [0, 1]), ("@depth:2", [2, 3]), ("@depth:3", [4]), ("@depth:4", []),
    ("@most-called:1", [4]), ("@most-called:2", [1, 4]), ("@most-called:99", [0, 1, 2, 3, 4]), ("@most-called:0", []),
    ("@best", []), ("nobody", []), ("front", []), ("all", [0, 1, 2, 3, 4, 5]),
  ])
  func servicesAreChosenByNameOrPlace(_ selector: String, _ expected: [Int]) throws {
    var topology = try Topology.parse(Self.mesh, file: "f")
    #expect(topology.select(selector) == expected)
    guard !expected.isEmpty else {
      let error = try #require(throws: TopologyError.self) {
        try topology.set(Setting("\(selector).threads", "7"), source: "--set")
      }
      #expect(error.description.contains("no such service") && error.description.contains("@depth:N"), "\(error)")
      return
    }
    try topology.set(Setting("\(selector).threads", "7"), source: "--set")
    #expect(topology.services.indices.filter { topology.services[$0].threads == 7 } == expected)
  }

  @Test(arguments: [
    ("threads", "7", "SERVICE.key"), ("user.threads", "1", "no such service"),
    ("midle.threads", "7", "did you mean middle?"), ("*.thread", "7", "did you mean threads?"),
    ("*.threads", "x", "1…4096"), ("middle.threads", "0", "found 0"), ("*.cpu", "soon", "a time"),
    ("trace_log.size", "1", "an unknown key"), ("trace_log.enabled", "perhaps", "found perhaps"),
    ("*.routes", "GET /", "an unknown key"), ("*.threads", "", "found nothing"), ("*.cpus", "1ms", "did you mean cpu?"),
    ("\u{1B}[31m.threads", "7", "--set: \\u{1B}[31m.threads: found no such service"),
    ("*.call_policy", "retries=11", "--set: *.call_policy.retries: found 11, expected a whole number (0…10)"),
  ])
  func whatCannotBeSetIsSaid(_ path: String, _ value: String, _ mentions: String) throws {
    var topology = try Topology.parse(Self.mesh, file: "f")
    let before = topology
    let error = try #require(throws: TopologyError.self) { try topology.set(Setting(path, value), source: "--set") }
    #expect(error.description.hasPrefix("--set:") && error.description.contains(mentions), "\(error)")
    #expect(topology == before)
  }

  /// What a file may not say, no setting may.
  @Test(arguments: [
    ("front-1.replicas", "2", "found 2, expected 1"), ("leaf-1.port", "8081", "found 8081, expected another port"),
  ])
  func aSettingIsCheckedAsTheFileIs(_ path: String, _ value: String, _ mentions: String) {
    let lines = refusal(of: Self.mesh, settings: [Setting(path, value)])
    #expect(lines.count == 1 && lines[0].contains(mentions), "\(lines)")
  }

  // MARK: What is not known

  @Test func whatIsUnknownIsAskedForWithItsLine() throws {
    let text = try shop(replacing: "    threads: 64", with: "    threads: unknown")
      .replacing("- cpu: 400us", with: "- cpu: unknown")
    #expect(
      refusal(of: text) == [
        "f:6:14: services.shop.threads: found unknown, expected a whole number (1…4096): fill it in, "
          + "or say --set 'shop.threads=VALUE', '*.threads=VALUE' for all",
        "f:10:16: services.shop.routes.GET /checkout[0].cpu: found unknown, expected a time (\(StepTime.forms)): "
          + "fill it in, or say --set 'shop.cpu=VALUE', '*.cpu=VALUE' for all",
      ])
    #expect(refusal(of: text, settings: [Setting("shop.threads", "8")]).count == 1)
    let settings = [Setting("sh?p.threads", "8"), Setting("*.cpu", "2ms")]
    let topology = try Topology.parse(text, file: "f", settings: settings)
    #expect(topology["shop"].threads == 8)
    #expect(topology["shop"].routes[0].steps[0] == .cpu(.latency(.fixed(.milliseconds(2)))))
    let open = try Topology.parse(text, file: "f", allowsUnknown: true)
    #expect(open["shop"].unknown == ["threads"] && open["shop"].routes[0].steps[0] == .cpu(nil))
  }

  @Test func whatIsUnknownOfAllIsAskedForOfThoseThatDoNotSayIt() throws {
    let text = try shop(replacing: "queue_limit: 1000", with: "threads: unknown")
    let lines = refusal(of: text)
    #expect(lines.count == 3 && lines.allSatisfy { $0.contains("found unknown") }, "\(lines)")
    for name in ["cart", "stock", "bank"] { #expect(lines.contains { $0.contains("services.\(name).threads") }) }
  }
}
