import CascadeAnalysis
import ChainModel
import Topology
import ChainSimulator
import FoundationEssentials
import Testing
import TraceLog

@Suite struct SimulatedLogTests {
  /// A slow payment under a chain in the given models.
  static func plan(_ models: [ServingModel], seed: UInt64 = 1) -> SimulationPlan {
    let names = ["gateway", "user-service", "order-service", "payment-service"]
    var system = Systems.chain(
      [16, 12, 8, 4], own: [.zero, .zero, .zero, .zero], queues: [64, 64, 64, 64], cpu: .microseconds(200), cores: 2,
      timeout: .seconds(3), names: names)
    for index in system.services.indices {
      system.services[index].model = models[index]
      system.services[index].inFlightLimit = 500
      system.services[index].routes[0].steps.insert(
        .store(.fixed(.microseconds(100)), label: "query", isFile: false), at: 0)
    }
    system.services[3].latency = .fixed(.milliseconds(5))
    let load = SimulatedLoad(.open(rate: 60, .poisson), duration: .seconds(12), seed: seed)
    var changes = [
      ScriptedChange(at: .seconds(2), service: 3, .fault(Fault(.latency(.fixed(.seconds(1)))))),
      ScriptedChange(at: .seconds(9), service: 3, .liftFaults),
      ScriptedChange(at: .seconds(5), service: 0, .pool(threads: 20, queueLimit: 30)),
      ScriptedChange(at: .seconds(11), service: 0, .pool(threads: 6, queueLimit: nil)),
    ]
    if models[1] != .blockingOnLoop {
      changes.append(ScriptedChange(at: .seconds(10), service: 1, .model(.nonblockingAsync)))
    }
    return SimulationPlan(system, load, changes: changes)
  }

  static let mixes: [[ServingModel]] =
    ServingModel.allCases.map { Array(repeating: $0, count: 4) } + [[.blocking, .async, .nonblocking, .blocking]]

  private func folder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(path: "simulated-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }

  @Test(arguments: mixes) func theLogOfASimulatedRunHoldsToItsInvariants(_ models: [ServingModel]) throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "trace.log").path
    let (result, log) = try Self.plan(models).record(runID: "simulated")
    try LogArchive.write(log, to: path)
    let audit = LogAudit(try LogReader(path: path).snapshot())
    #expect(audit.isClean, "\(audit.text)")
    #expect(audit.checked.requests > result.done && audit.checked.waits > 1000 && audit.checked.threads > 8)
  }

  @Test func theSameSeedGivesTheSameLogToTheByte() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(at: folder) }
    var files: [Data] = []
    for (name, seed) in [("a", 7), ("b", 7), ("c", 8)] as [(String, UInt64)] {
      let path = folder.appending(path: name).path
      let (_, log) = try Self.plan(Self.mixes[5], seed: seed).record(runID: "simulated")
      try LogArchive.write(log, to: path)
      files.append(try #require(FileManager.default.contents(atPath: path)))
    }
    #expect(files[0] == files[1])
    #expect(files[0] != files[2])
  }

  @Test func recordsChangeNothing() throws {
    let plan = Self.plan(Self.mixes[5])
    #expect(try plan.run() == plan.record(runID: "simulated").result)
  }

  @Test func theCascadeOfASimulatedSlowPaymentNamesPayment() throws {
    let (_, log) = try Self.plan(Self.mixes[0]).record(runID: "simulated")
    let report = CascadeReport(log)
    #expect(report.verdict.kind == .rootCause, "\(report.text(width: 100))")
    let top = try #require(report.verdict.top)
    #expect("\(top)".contains("payment-service") && "\(top)".contains("latency=1s"), "\(top)")
    #expect(report.order.last == "gateway" && report.order.count == 4, "\(report.order)")
    #expect(report.unbalanced == 0)
  }
}
