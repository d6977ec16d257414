import CascadeAnalysis
import ChainModel
import ChainSimulator
import Testing
import Topology
import TraceExport
import TraceLog

/// What a request does at the same time (`all`), in every model.
@Suite struct SimulatedPartsTests {
  /// A front whose one route does the parts and then nothing, and a leaf of 40 ms that it may call.
  private static func system(
    _ parts: [Step], _ model: ServingModel, threads: Int = 50, timeout: Duration? = nil, loops: Int = 50
  ) -> SimulatedSystem {
    let leaf = ServiceRoute("GET /leaf", [.remote(.fixed(.milliseconds(40)))])
    return SimulatedSystem(services: [
      SimulatedService(
        "front", model: model, threads: threads, queueLimit: 10_000, loops: loops, storeThreads: 20,
        inFlightLimit: 10_000, timeout: timeout, routes: [ServiceRoute("GET /", [.all(parts)])]),
      SimulatedService("leaf", model: model, threads: 500, loops: 500, inFlightLimit: 10_000, routes: [leaf]),
    ])
  }

  private static func remotes(_ times: Int...) -> [Step] {
    times.map { .remote(.fixed(.milliseconds(Int64($0)))) }
  }

  private static func few(_ count: Int = 10, rate: Double = 2) -> SimulatedLoad {
    Systems.open(rate, .fixed, warmUp: .zero, for: .milliseconds(Int64(Double(count) * 1000 / rate)))
  }

  @Test(arguments: ServingModel.allCases) func theyTakeAsLongAsTheLongest(_ model: ServingModel) throws {
    let parts =
      Self.remotes(70, 100) + [
        .call(service: 1, route: 0), .store(.fixed(.milliseconds(90)), label: "query", isFile: false),
        .store(.fixed(.milliseconds(5)), label: "ledger", isFile: true),
      ]
    let result = try SimulationPlan(Self.system(parts, model), Self.few()).run()
    #expect(result.routes[0].outcomes == ["ok": result.done] && result.done >= 9)
    #expect(isNear(result.times.mean, 0.1, within: 1e-6) && result.times.longest == 100_000_000, "\(result.times.mean)")
    #expect(result.services[1].done == result.done)
  }

  /// Seven of 100 ms: one thread waits for seven others where requests hold threads, seven are hired where calls do, and
  /// nobody waits in the other models.
  @Test(arguments: ServingModel.allCases) func theyHoldTheThreadsOfTheirModel(_ model: ServingModel) throws {
    let system = Self.system(Self.remotes(100, 100, 100, 100, 100, 100, 100), model)
    let load = SimulatedLoad(.open(rate: 5, .fixed), warmUp: .seconds(2), duration: .seconds(20))
    let front = try SimulationPlan(system, load).run().services[0]
    let holds = model.blocksLoops || model.ioModel.holdsThread
    #expect(isNear(front.held, holds ? 0.5 : 0, within: 1e-6), "\(front.held)")
    #expect(isNear(front.hired, holds || model.ioModel.hiresThreads ? 3.5 : 0, within: 1e-6), "\(front.hired)")
    #expect(isNear(front.inFlight, 0.5, within: 1e-6))
  }

  /// The mean of the longest of n memoryless times is the sum of 1/k, k to n, of one.
  @Test(arguments: ServingModel.allCases) func theLongestOfRandomTimesIsThatOfTheClosedForm(_ model: ServingModel)
    throws
  {
    let time = Step.remote(.exponential(mean: .milliseconds(60)))
    let plan = SimulationPlan(Self.system([time, time, time], model), Systems.open(20, for: .seconds(1000)))
    let mean = try plan.run().times.mean
    #expect(isNear(mean, 0.06 * (1 + 1.0 / 2 + 1.0 / 3), within: 0.02), "\(mean)")
  }

  /// As many threads are hired as all of the service's requests can use; more parts wait for one.
  @Test func hiredThreadsAreLimited() throws {
    func longest(_ model: ServingModel, together: Int) throws -> UInt64 {
      let system = Self.system(Self.remotes(100, 100), model, threads: 1)
      let load = SimulatedLoad(
        .closed(clients: together, think: .zero), warmUp: .zero, duration: .seconds(5))
      return try SimulationPlan(system, load).run().times.longest
    }
    for model in [ServingModel.blocking, .async] {
      // One thread with two parts has two hired; two requests, one after the other.
      #expect(try longest(model, together: 1) == 100_000_000)
      #expect(try longest(model, together: 2) == 200_000_000)
      #expect(try longest(model, together: 5) == 500_000_000)
    }
    #expect(try longest(.nonblocking, together: 5) == 100_000_000)
  }

  // MARK: What goes wrong

  /// The others go on to their end, and then the error is answered.
  @Test(arguments: ServingModel.allCases) func anErrorInOneIsTheRequests(_ model: ServingModel) throws {
    let system = Self.system([.call(service: 1, route: 0)] + Self.remotes(100), model)
    let failure = ScriptedChange(at: .zero, service: 1, .fault(Fault(.error(status: 500))))
    let result = try SimulationPlan(system, Self.few(), changes: [failure]).run()
    #expect(
      result.routes[0].outcomes["fault_injected"] == result.done && result.done >= 9, "\(result.routes[0].outcomes)")
    #expect(isNear(result.services[0].responseTime, 0.1, within: 1e-6))
  }

  @Test(arguments: ServingModel.allCases) func aCallThatTakesTooLongEndsAlone(_ model: ServingModel) throws {
    var system = Self.system([.call(service: 1, route: 0)] + Self.remotes(100), model, timeout: .milliseconds(20))
    #expect(try SimulationPlan(system, Self.few()).run().routes[0].outcomes.keys.sorted() == ["timeout"])
    system.services[0].timeout = .milliseconds(60)
    #expect(try SimulationPlan(system, Self.few()).run().routes[0].outcomes.keys.sorted() == ["ok"])
  }

  /// Clients that wait a second for what takes four: every part of their request ends with it.
  @Test(arguments: ServingModel.allCases) func aCallerThatLeavesCallsOffAll(_ model: ServingModel) throws {
    var rules = CallPolicy()
    (rules.timeout, rules.deadline) = (.seconds(1), false)
    var system = Self.system(Self.remotes(4000, 4000) + [.call(service: 1, route: 0)], model)
    system.services[1].routes[0].steps = [.remote(.fixed(.seconds(4)))]
    let load = SimulatedLoad(
      .open(rate: 10, .fixed), warmUp: .milliseconds(10_050), duration: .seconds(20), drain: .seconds(10), rules: rules)
    let plan = SimulationPlan(system, load)
    let (result, log) = try plan.record(runID: "parts")
    #expect(result.routes[0].outcomes == ["timeout": 200], "\(result.routes[0].outcomes)")
    #expect(isNear(result.services[1].inFlight, 10, within: 0.01), "\(result.services[1].inFlight)")
    #expect(result.services.allSatisfy { $0.inFlightAtEnd == 0 })
    let audit = LogAudit(log)
    #expect(audit.isClean, "\(audit.text)")
  }

  /// Deadlines, faults, a bulkhead, a smaller pool and another model under way, and all that in a full system.
  @Test(arguments: ServingModel.allCases) func theLogHoldsToItsInvariants(_ model: ServingModel) throws {
    let parts =
      Self.remotes(20, 30) + [
        .call(service: 1, route: 0), .call(service: 1, route: 0),
        .store(.fixed(.milliseconds(2)), label: "query", isFile: false),
      ]
    var system = Self.system(parts, model, threads: 8, timeout: .seconds(1), loops: 4)
    system.cores = 2
    system.services[0].queueLimit = 20
    system.services[0].routes[0].steps.insert(.cpu(.fixed(.microseconds(200))), at: 0)
    system.services[0].rules[1] = try? CallPolicy.parse(words: ["bulkhead=20", "retries=1"])
    system.services[1].threads = 12
    var changes = [
      ScriptedChange(at: .seconds(2), service: 1, .fault(Fault(.latency(.fixed(.milliseconds(700)))))),
      ScriptedChange(at: .seconds(5), service: 1, .liftFaults),
      ScriptedChange(at: .seconds(6), service: 0, .fault(Fault(.hang, for: .seconds(1)))),
      ScriptedChange(at: .seconds(7), service: 0, .pool(threads: 3, queueLimit: nil)),
    ]
    if !model.blocksLoops {
      for (second, other) in zip(8..., IOModel.allCases) {
        changes.append(ScriptedChange(at: .seconds(second), service: 0, .model(other)))
      }
    }
    let plan = SimulationPlan(
      system, SimulatedLoad(.open(rate: 60, .poisson), duration: .seconds(13), drain: .seconds(10)), changes: changes)
    let (result, log) = try plan.record(runID: "parts")
    let audit = LogAudit(log)
    #expect(audit.isClean, "\(audit.text)")
    #expect(audit.checked.requests > result.done && result.routes[0].outcomes["ok"] ?? 0 > 100)
    #expect(result.services.allSatisfy { $0.inFlightAtEnd == 0 })
    #expect(try plan.run() == result)
  }

  /// Spans alone, without the log behind them: whoever waits for all parts is not taken for what they wait for.
  @Test(arguments: ServingModel.allCases) func whatIsExportedLeadsToTheSlowPart(_ model: ServingModel) throws {
    func window(_ leaf: Int64) throws -> LogSnapshot {
      var system = Self.system(Self.remotes(20, 25) + [.call(service: 1, route: 0)], model)
      system.services[1].routes[0].steps = [.remote(.latency(.uniform(.milliseconds(leaf), .milliseconds(leaf + 10))))]
      let (_, log) = try SimulationPlan(system, Self.few(60, rate: 10)).record(runID: "parts")
      var bytes: [UInt8] = []
      _ = try ZipkinExport.write(log) { bytes += $0 }
      return try TraceImport.read(bytes, runID: "parts").snapshot
    }
    let verdict = IncidentVerdict(quiet: [try window(40)], incident: [try window(400)])
    #expect(verdict.causes.first?.service == "leaf" && !verdict.isQuiet, "\(verdict.text(width: 100))")
  }

  @Test(arguments: [Step.cpu(.zero), .all([.remote(.zero), .remote(.zero)])])
  func whatCannotBeDoneAtTheSameTimeIsRefused(_ part: Step) throws {
    let plan = SimulationPlan(Self.system([part, .remote(.zero)], .blocking), Self.few())
    let error = #expect(throws: SimulationError.self) { try plan.run() }
    #expect("\(error.map { "\($0)" } ?? "")".contains("within all"))
  }

  /// Parts without any length end as soon as they begin.
  @Test(arguments: ServingModel.allCases) func partsMayTakeNoTime(_ model: ServingModel) throws {
    var system = Self.system([.remote(.zero), .remote(.zero), .store(.zero, label: "none", isFile: true)], model)
    system.services[0].routes[0].steps.append(.remote(.fixed(.milliseconds(3))))
    let (result, log) = try SimulationPlan(system, Self.few()).record(runID: "parts")
    #expect(result.routes[0].outcomes == ["ok": result.done] && result.times.longest == 3_000_000)
    #expect(LogAudit(log).isClean, "\(LogAudit(log).text)")
  }
}
