import ChainModel
import ChainSimulator
import Testing
import Topology

/// The lab's own chain, as its description says it, does what its simulation did when its routes were written in code.
@Suite struct StandardChainTests {
  private static func run(_ model: IOModel, _ route: Int) throws -> SimulationResult {
    var topology = Topology.standard
    try topology.set(Setting("payment-service.latency", "200ms"), source: "test")
    try topology.set(Setting("*.io_model", model.rawValue), source: "test")
    let load = SimulatedLoad(
      .open(rate: 60, .poisson), entries: [SimulatedLoad.Entry(route: route)], warmUp: .zero, duration: .seconds(20))
    return try SimulationPlan(SimulatedSystem(topology, cores: 2, costs: .usual), load).run()
  }

  @Test(
    arguments: [
      (.blocking, Chains.nested, ["ok": 396, "queue_full": 737], 3.462751891835859),
      (.blocking, Chains.orchestrated, ["ok": 396, "queue_full": 737], 3.462700808931818),
      (.async, Chains.nested, ["ok": 792, "overload": 347], 1.7986885226426768),
      (.async, Chains.orchestrated, ["ok": 1207], 0.2113276564233637),
      (.nonblocking, Chains.nested, ["ok": 1207], 0.20276734028914664),
      (.nonblockingAsync, Chains.orchestrated, ["ok": 1207], 0.20276212875310687),
    ] as [(IOModel, Int, [String: Int], Double)])
  func itsFiguresAreAsEver(_ model: IOModel, _ route: Int, _ outcomes: [String: Int], _ mean: Double) throws {
    let result = try Self.run(model, route)
    #expect(result.routes[0].outcomes == outcomes)
    #expect(isNear(result.routes[0].times.mean, mean, within: 1e-9), "\(result.routes[0].times.mean)")
  }

  @Test func eachServiceIsAsFullAsEver() throws {
    let found = try Self.run(.blocking, Chains.nested).services.map(\.inFlight)
    for (found, expected) in zip(found, [76.53047703695, 15.8875046395, 11.9212606493, 7.95536802345]) {
      #expect(isNear(found, expected, within: 1e-9), "\(found)")
    }
  }

  /// Of a service's own code nobody wrote down what it costs; of a played one everything.
  @Test func onlyWhatRunsCostsWhatTheLabCosts() throws {
    let topology = try Topology.parse(
      """
      services:
        a: {routes: {GET /: [cpu: 1ms, all: [call: b/GET /, call: c/GET /]]}}
        b: {program: b, routes: {GET /: [store: rows]}}
        c: {url: "http://127.0.0.1:1", routes: {GET /: [remote: 5ms]}}
      entries: {a/GET /: 1}

      """, file: "f")
    let costs = StepCosts(
      request: .microseconds(10), call: .microseconds(20), query: .microseconds(30), file: .microseconds(40))
    let table = StepCostTable(
      Dictionary(uniqueKeysWithValues: IOModel.allCases.map { ($0, costs) }), origin: .assumed)
    func steps(_ costs: StepCostTable?) -> [[SimulatedStep]] {
      SimulatedSystem(topology, costs: costs).services.map { $0.routes[0].steps }
    }
    let all = SimulatedStep.all([.call(1, route: 0), .call(2, route: 0)])
    let remote = SimulatedStep.remote(.fixed(.milliseconds(5)))
    #expect(
      steps(table) == [
        [.cpu(.fixed(.microseconds(10))), .cpu(.fixed(.milliseconds(1))), .cpu(.fixed(.microseconds(40))), all],
        [.cpu(.fixed(.microseconds(10))), .store(.fixed(.microseconds(30)), label: "rows", isFile: false)], [remote],
      ])
    #expect(steps(nil)[0] == [.cpu(.fixed(.milliseconds(1))), all] && steps(nil)[2] == [remote])
    #expect(SimulatedSystem(topology).services.allSatisfy { $0.routes.last?.name == "GET /ping" })
  }
}
