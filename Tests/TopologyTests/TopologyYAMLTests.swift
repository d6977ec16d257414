import ChainModel
import Testing

import Topology

@Suite struct TopologyYAMLTests {
  @Test func theSmallestChainSurvivesARoundTrip() throws {
    let topology = try Topology.parse(smallest, file: "f")
    #expect(try Topology.parse(topology.yaml(), file: "f") == topology)
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

  @Test func randomTopologiesSurviveARoundTrip() throws {
    var generator = SplitMix(state: 1)
    for _ in 0..<300 {
      let topology = try randomTopology(using: &generator)
      #expect(try Topology.parse(topology.yaml(), file: "f") == topology)
    }
  }

  private func randomTopology(using generator: inout SplitMix) throws -> Topology {
    var topology = try Topology.parse(smallest, file: "f")
    for index in topology.services.indices {
      let paths: [WritableKeyPath<ServiceConfiguration, Int>] = [\.threads, \.storeThreads, \.backlog, \.loops]
      for path in paths { topology.services[index][keyPath: path] = .random(in: 1...64, using: &generator) }
      topology.services[index].port = 20_000 + index
      topology.services[index].model = IOModel.allCases.randomElement(using: &generator) ?? .async
      topology.services[index].overflow = Overflow.allCases.randomElement(using: &generator) ?? .backlog
      topology.services[index].timeout = .milliseconds(Int.random(in: 1...3_600_000, using: &generator))
      topology.services[index].callees.shuffle(using: &generator)
    }
    topology.traceLog.enabled = .random(using: &generator)
    topology.dashboard.enabled = .random(using: &generator)
    topology.seed.value = .random(in: 0...4_294_967_295, using: &generator)
    return topology
  }

}
