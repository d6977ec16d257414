import CascadeAnalysis
import ChainModel
import ChainSimulator
import Testing
import Topology
import TraceLog

/// Faults as the services carry them out, in each model.
@Suite struct SimulatedFaultTests {
  /// A route that suffers nothing but what its service does, beside one that calls.
  private static func run(
    _ model: ServingModel, _ fault: Fault, timeout: Duration = .seconds(3), lift: Duration = .seconds(6)
  ) throws -> (result: SimulationResult, log: LogSnapshot) {
    var system = Systems.chain(
      [8, 4], own: [.zero, .fixed(.milliseconds(5))], queues: [20, 20], model: model, cpu: .microseconds(100), cores: 2,
      timeout: timeout, names: ["gateway", "payment-service"])
    system.services[0].inFlightLimit = 100
    system.services[1].inFlightLimit = 100
    let changes = [
      ScriptedChange(at: .seconds(2), service: 1, .fault(fault)),
      ScriptedChange(at: lift, service: 1, .liftFaults),
    ]
    let load = SimulatedLoad(.open(rate: 20, .fixed), duration: .seconds(15))
    return try SimulationPlan(system, load, changes: changes).record(runID: "faults")
  }

  private static let faults: [FaultKind] = [
    .latency(.uniform(.milliseconds(100), .milliseconds(500))), .error(status: 503), .hang, .reset,
    .stall(.milliseconds(1500)), .blockLoop(.milliseconds(200)),
  ]

  @Test(arguments: ServingModel.allCases, faults)
  func theLogHoldsAndTheChainRecovers(_ model: ServingModel, _ kind: FaultKind) throws {
    let (result, log) = try Self.run(model, Fault(kind, share: 0.7, for: .seconds(5)))
    let audit = LogAudit(log)
    #expect(audit.isClean, "\(audit.text)")
    #expect(log.records.contains { $0.kind == .fault && $0.detail == 1 })
    #expect(log.records.contains { $0.kind == .fault && $0.detail == 0 })
    let outcomes = result.routes[0].outcomes
    #expect(outcomes["ok"] ?? 0 > 150, "\(outcomes)")
    switch kind {
    case .error: #expect(outcomes["fault_injected"] ?? 0 > 40, "\(outcomes)")
    case .reset: #expect(outcomes["fault_reset"] ?? 0 > 40, "\(outcomes)")
    default: #expect(result.routes[0].times.longest > 200_000_000)
    }
    // All is well once the fault is lifted and what it left has been worked off.
    #expect(try #require(result["payment-service"]).inFlightAtEnd <= 1)
  }

  @Test func whoHangsWaitsUntilTheFaultIsLifted() throws {
    let (result, _) = try Self.run(.nonblocking, Fault(.hang), timeout: .seconds(60), lift: .seconds(6))
    #expect(result.routes[0].outcomes == ["ok": result.done])
    let longest = Double(result.routes[0].times.longest) / 1e9
    #expect(longest > 3.9 && longest < 4.1, "from 2 s to 6 s: \(longest)")
  }

  @Test func whoHangsGivesUpAtItsDeadline() throws {
    let (result, _) = try Self.run(.nonblocking, Fault(.hang), timeout: .seconds(1))
    #expect(result.routes[0].outcomes["timeout"] ?? result.routes[0].outcomes["deadline_exceeded"] ?? 0 > 50)
    #expect(Double(result.routes[0].times.longest) < 1e9)
  }

  /// A blocking call on an event loop stops every request of that loop; as a fault of one in ten, it is felt by most.
  @Test func aBlockedLoopStopsThoseWhoDoNotBlock() throws {
    let fault = Fault(.blockLoop(.milliseconds(300)), share: 0.1)
    let (onLoop, log) = try Self.run(.nonblocking, fault)
    let (onThread, _) = try Self.run(.blocking, fault)
    func slow(_ result: SimulationResult) -> Double { result.routes[0].times.mean }
    #expect(slow(onLoop) > 1.3 * slow(onThread), "\(slow(onLoop)) and \(slow(onThread))")
    #expect(log.records.contains { $0.kind == .stall && $0.other == 300_000_000 })
  }

  /// One query in ten takes 50 ms. On the only loop, the others wait for it as the formula says; with threads of its own for
  /// the store, they do not.
  @Test func aSlowQueryOnTheLoopIsWaitedForByAll() throws {
    func run(_ store: StorePlace) throws -> (mean: Double, log: LogSnapshot) {
      let query = Step.store(.fixed(.microseconds(2)), label: "payments", isFile: false)
      let service = SimulatedService(
        "payment-service", model: .nonblocking, loops: 1, storeThreads: 50, store: store, inFlightLimit: 10_000,
        routes: [ServiceRoute("GET /payments", [query])])
      let load = SimulatedLoad(.open(rate: 100, .poisson), duration: .seconds(300))
      let fault = ScriptedChange(
        at: .zero, service: 0, .fault(Fault(.slowQuery(.milliseconds(50)), share: 0.1)))
      let (result, log) = try SimulationPlan(SimulatedSystem(services: [service], cores: 2), load, changes: [fault])
        .record(runID: "query")
      return (result.routes[0].times.mean * 1000, log)
    }
    let (onLoop, log) = try run(.loop)
    let (byThreads, _) = try run(.pool)
    #expect(abs(byThreads - 5) < 0.5, "\(byThreads) ms")
    // Pollaczek and Khinchine: 0.5 · 50 ms / 2(1 − 0.5).
    #expect(abs(onLoop - byThreads - 25) < 4, "\(onLoop) ms")
    let audit = LogAudit(log)
    #expect(audit.isClean, "\(audit.text)")
  }
}
