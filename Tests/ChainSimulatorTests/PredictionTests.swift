import ChainModel
import ChainSimulator
import Testing
import Topology

/// The chain of `services.yaml` in the simulator, and the closed forms beside it.
@Suite struct PredictionTests {
  private static let slow = [
    ("gateway.threads", "16"), ("user-service.threads", "12"), ("order-service.threads", "8"),
    ("payment-service.threads", "4"), ("payment-service.latency", "1s"),
  ]

  private static func predict(_ topology: Topology, _ load: SimulatedLoad) throws -> ChainPrediction {
    try ChainPrediction(topology, SimulationPlan(SimulatedSystem(topology, cores: 2), load), costs: .usual)
  }

  @Test func aSlowPaymentIsPredictedByEachMethodAlike() throws {
    let load = SimulatedLoad(.closed(clients: 12, think: .zero), warmUp: .seconds(10), duration: .seconds(200))
    let prediction = try Self.predict(try Chains.topology(Self.slow), load)
    func value(_ name: String, _ method: ChainPrediction.Method) throws -> Double {
      try #require(prediction.figures.first { $0.name == name && $0.method == method }).value
    }
    #expect(isNear(try value("goodput", .simulation), 4, within: 0.01))
    #expect(isNear(try value("capacity", .bound), 4, within: 0.01))
    #expect(isNear(try value("goodput", .layers), 4, within: 0.02))
    #expect(isNear(try value("response time, mean", .simulation), 3, within: 0.02))
    #expect(isNear(try value("response time, mean", .layers), 3, within: 0.1))
    let full = prediction.services.map(\.onset)
    #expect(full[0] == nil && full[3] != nil, "12 clients do not fill 16 threads")
  }

  @Test func theNarrowestPoolFillsFirst() throws {
    let load = SimulatedLoad(.open(rate: 60, .fixed), duration: .seconds(10))
    let full = try Self.predict(try Chains.topology(Self.slow), load).services.compactMap(\.onset)
    #expect(full.count == 4 && full == full.sorted(by: >), "\(full)")
  }

  @Test(arguments: IOModel.allCases) func everyModelServesEveryRoute(_ model: IOModel) throws {
    var topology = try Chains.topology()
    for service in topology.services {
      try topology.set(Setting("\(service.name.rawValue).io_model", model.rawValue), source: "")
    }
    let system = SimulatedSystem(topology, cores: 2)
    let entries = [Chains.nested, Chains.orchestrated, Chains.fanOut, Chains.ping].map {
      SimulatedLoad.Entry(route: $0)
    }
    let load = SimulatedLoad(.open(rate: 120, .poisson), entries: entries, duration: .seconds(20))
    let result = try SimulationPlan(system, load).run()
    for route in result.routes {
      #expect(route.outcomes.count == 1 && route.outcomes["ok"] ?? 0 > 400, "\(route.name): \(route.outcomes)")
    }
    let order = try #require(result["order-service"])
    #expect(order.offered == result.services[3].offered)
    #expect(model == .blocking ? order.held > 0 && order.store == 0 : order.held == 0)
    #expect((model == .async) == (order.hired > 0))
  }

  @Test(arguments: [
    ("gateway.threads", "0", "1…4096"), ("gateway.threds", "1", "threads"), ("nobody.threads", "1", "no such service"),
    ("threads", "1", "SERVICE.key"), ("gateway.callees", "[]", "an unknown key"),
    ("gateway.io_model", "waiting", "nonblocking"),
  ])
  func aWrongSettingIsRefusedInOneSentence(_ key: String, _ value: String, _ mentions: String) throws {
    let error = try #require(throws: TopologyError.self) { try Chains.topology([(key, value)]) }
    #expect(error.description.contains(mentions) && error.description.hasPrefix("--set"), "\(error)")
  }
}
