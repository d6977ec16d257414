import ChainModel
import Testing

import Topology

@Suite struct TopologyYAMLTests {
  @Test(arguments: [smallest, shop]) func aFileSurvivesARoundTrip(text: String) throws {
    let topology = try Topology.parse(text, file: "f")
    #expect(try Topology.parse(topology.yaml(), file: "f") == topology)
  }

  @Test func theChainSurvivesARoundTrip() throws {
    #expect(try Topology.parse(Topology.standard.yaml(), file: "f") == Topology.standard)
  }

  @Test(arguments: [
    Latency.zero, .fixed(.nanoseconds(1)), .fixed(.milliseconds(1500)), .uniform(.microseconds(1), .seconds(2)),
    .lognormal(median: .milliseconds(50), sigma: 0.1 + 0.2),
    .percentiles(p50: .milliseconds(10), p90: .microseconds(50_500), p99: .seconds(1)),
  ])
  func everyLatencySurvivesARoundTrip(latency: Latency) throws {
    var topology = try Topology.parse(smallest, file: "f")
    topology.services[3].latency = latency
    #expect(try Topology.parse(topology.yaml(), file: "f") == topology)
  }

  @Test(arguments: ["/", "/a b", "/\"\\", "/*a", "/: #", "/ä\u{301}\u{1F600}", "/\n\t\u{7F}\u{E001}\u{2028}"])
  func everyPathSurvivesARoundTrip(path: String) throws {
    var topology = try Topology.parse(smallest, file: "f")
    topology.traceLog.directory = path
    #expect(try Topology.parse(topology.yaml(), file: "f") == topology)
  }

  @Test func commentsStandAboveWhatTheySpeakOf() throws {
    var notes = TopologyNotes()
    notes.head = ["of the file"]
    notes.services = [1: ["of user-service"]]
    notes.routes = [[2, 0]: ["of a route", "in two\nlines"]]
    notes.entries = [0: ["of an entry"]]
    let topology = try Topology.parse(smallest, file: "f")
    let text = topology.yaml(notes)
    #expect(text.hasPrefix("# of the file\nservices:\n"))
    #expect(text.contains("  # of user-service\n  user-service:\n"))
    #expect(text.contains("      # of a route\n      # in two\\nlines\n      GET /:\n"))
    #expect(text.contains("  # of an entry\n  gateway/GET /: 1\n"))
    #expect(try Topology.parse(text, file: "f") == topology)
  }

  @Test func randomTopologiesSurviveARoundTrip() throws {
    var generator = SplitMix(state: 3)
    for _ in 0..<300 {
      let topology = RandomTopology.make(using: &generator)
      let text = topology.yaml()
      #expect(try Topology.parse(text, file: "f", allowsUnknown: true) == topology, "\(text)")
    }
  }
}

/// Whatever a file can say, drawn.
private enum RandomTopology {
  private static let words = [
    "cart", "a b", "x.y", "ünï", "true", "no", "12", "- x", "a: b", "a #b", "\"q\"", "{u}", "*", "unknown", "null", "~",
    "GET /a",
  ]

  static func make(using generator: inout SplitMix) -> Topology {
    let count = Int.random(in: 1...9, using: &generator)
    var topology = Topology(
      services: (0..<count).map { service($0, using: &generator) },
      entries: [.init(service: 0, weight: Double.random(in: 0.001...1e6, using: &generator))],
      cores: Bool.random(using: &generator) ? 3 : nil,
      hop: .microseconds(Int64.random(in: 0...3, using: &generator)))
    for index in 0..<count {
      for route in topology.services[index].routes.indices {
        topology.services[index].routes[route].steps = steps(of: index, in: topology, using: &generator)
      }
    }
    topology.traceLog.enabled = .random(using: &generator)
    topology.dashboard.enabled = .random(using: &generator)
    topology.seed.value = .random(in: 0...4_294_967_295, using: &generator)
    topology.setPorts()
    place(&topology, using: &generator)
    return topology
  }

  /// Some of the services on hosts, as they are when they have been read.
  private static func place(_ topology: inout Topology, using generator: inout SplitMix) {
    guard Bool.random(using: &generator) else { return }
    topology.hosts = [
      HostConfiguration("blue", at: "10.77.0.12", listen: "0.0.0.0"), HostConfiguration("no", at: "fd00::12"),
      HostConfiguration("here", at: "here.lan", listen: "::", agentPort: 7071),
    ]
    for index in topology.services.indices where topology.services[index].url == nil {
      guard let host = topology.hosts.randomElement(using: &generator) else { continue }
      topology.services[index].host = host.name
      (topology.services[index].address, topology.services[index].listen) = (host.address, host.listen)
    }
    for index in topology.services.indices where topology.services[index].url != nil {
      (topology.services[index].address, topology.services[index].listen) = ("here.lan", "::")
    }
  }

  private static func word(using generator: inout SplitMix) -> String {
    words.randomElement(using: &generator) ?? ""
  }

  private static func service(_ index: Int, using generator: inout SplitMix) -> ServiceConfiguration {
    var service = ServiceConfiguration.standard
    let forbidden: Set<Character> = ["/", "*", "-"]
    service.name = ServiceName("s\(word(using: &generator).filter { !forbidden.contains($0) })\(index)")
    let paths: [WritableKeyPath<ServiceConfiguration, Int>] = [\.storeThreads, \.backlog, \.loops]
    for path in paths { service[keyPath: path] = .random(in: 1...64, using: &generator) }
    service.model = IOModel.allCases.randomElement(using: &generator) ?? .async
    service.overflow = Overflow.allCases.randomElement(using: &generator) ?? .reject
    service.onLeave = Bool.random(using: &generator) ? .cancel : .finish
    service.timeout = .milliseconds(Int.random(in: 1...3_600_000, using: &generator))
    if index > 0 { service.replicas = .random(in: 1...8, using: &generator) }
    if Bool.random(using: &generator) { service.port = 20_000 + index }
    switch Int.random(in: 0..<4, using: &generator) {
    // What is not known has its default beneath.
    case 0: service.unknown = ["threads"]
    case 1: service.program = "other-\(index)"
    case 2 where index > 0: service.url = Endpoint("a.example", port: index + 1)
    default: service.threads = .random(in: 1...4096, using: &generator)
    }
    if service.url != nil { service.port = 0 }
    for number in 0...Int.random(in: 0...2, using: &generator) {
      service.routes.append(ServiceRoute("\(word(using: &generator)) \(number)", []))
    }
    return service
  }

  private static func steps(of index: Int, in topology: Topology, using generator: inout SplitMix) -> [Step] {
    (0..<Int.random(in: 0...4, using: &generator)).map { _ in
      if Int.random(in: 0..<4, using: &generator) == 0 {
        let count = Int.random(in: 2...4, using: &generator)
        return .all((0..<count).map { _ in wait(of: index, in: topology, using: &generator) })
      }
      guard Bool.random(using: &generator) else { return wait(of: index, in: topology, using: &generator) }
      return .cpu(Bool.random(using: &generator) ? time(using: &generator) : nil)
    }
  }

  private static func wait(of index: Int, in topology: Topology, using generator: inout SplitMix) -> Step {
    let callee = Int.random(in: index..<topology.services.count, using: &generator)
    let isUntimed = !topology.services[index].isPlayed && Bool.random(using: &generator)
    let steps: [Step] = [
      .remote(time(using: &generator)),
      .store(
        isUntimed ? nil : time(using: &generator), label: "of \(word(using: &generator))",
        isFile: .random(using: &generator)),
      .call(service: callee, route: topology.services[callee].routes.count - 1),
    ]
    // Calls lead to the back.
    return steps[Int.random(in: 0..<(callee > index ? 3 : 2), using: &generator)]
  }

  private static func time(using generator: inout SplitMix) -> StepTime {
    let times: [StepTime] = [
      .latency(.fixed(.nanoseconds(Int64.random(in: 0...3_000_000_000, using: &generator)))),
      .latency(.uniform(.microseconds(5), .microseconds(Int64.random(in: 5...9_999, using: &generator)))),
      .latency(.lognormal(median: .milliseconds(3), sigma: Double.random(in: 0...3, using: &generator))),
      .latency(.percentiles(p50: .milliseconds(1), p90: .milliseconds(7), p99: .seconds(1))),
      .exponential(mean: .nanoseconds(Int64.random(in: 1...9_999_999, using: &generator))),
    ]
    return times[Int.random(in: 0..<times.count, using: &generator)]
  }
}
