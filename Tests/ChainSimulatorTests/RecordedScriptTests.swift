import ChainModel
import ChainSimulator
import Testing
import Topology
import TraceLog

/// From a log back to a plan. Where the log is that of a simulation, the plan must be the one it was made from.
@Suite struct RecordedScriptTests {
  private static let load = SimulatedLoad(.open(rate: 60, .fixed), duration: .seconds(12), drain: .seconds(20))

  /// Without the very last moment, in which its processes stop.
  private static func script(of log: LogSnapshot) -> RecordedScript {
    var script = RecordedScript(
      processes: log.processes, strings: log.strings, window: log.createdAt...log.takenAt - 1,
      entries: [.gateway])
    for record in log.records { script.apply(record) }
    return script
  }

  private static func replay(_ plan: SimulationPlan, _ topology: Topology) throws -> RecordedReplay {
    let (result, log) = try plan.record(runID: "recorded")
    return script(of: log).replay(topology, plan.load, sent: result.sent, cores: plan.system.cores, costs: .usual)
  }

  @Test func aSimulatedRunIsReplayedToTheSameFigures() throws {
    let topology = try Chains.topology([("payment-service.latency", "20ms"), ("payment-service.replicas", "2")])
    let changes: [ScriptedChange] = [
      ScriptedChange(at: .seconds(2), service: 3, .fault(Fault(.latency(.fixed(.milliseconds(700)))))),
      ScriptedChange(at: .seconds(3), service: 1, .fault(Fault(.stall(.seconds(1)), for: .seconds(2)))),
      ScriptedChange(at: .seconds(4), service: 0, .pool(threads: 30, queueLimit: 10)),
      ScriptedChange(at: .seconds(6), service: 3, .liftFault("latency")),
      ScriptedChange(at: .seconds(7), service: 2, .model(.nonblocking)),
    ]
    let plan = SimulationPlan(SimulatedSystem(topology, cores: 2), Self.load, changes: changes)
    let replay = try Self.replay(plan, topology)
    #expect(replay.plan.changes.sorted { $0.at < $1.at } == changes)
    #expect(replay.plan.system == plan.system)
    #expect(try replay.plan.run() == plan.run())
    #expect(replay.replayed.contains("payment-service: fault latency=700ms at +2.0 s"))
    #expect(replay.replayed.contains("gateway: pool of 30 threads, queue limit 10 at +4.0 s"))
    // What steps cost in the new model is the one thing that is not known.
    #expect(replay.unreplayed.count == 1 && replay.unreplayed[0].contains("nonblocking"), "\(replay.unreplayed)")
  }

  @Test func aFaultOfBeforeTheLoadIsInForceForWhatIsLeftOfIt() throws {
    let topology = try Chains.topology()
    let plan = SimulationPlan(
      SimulatedSystem(topology, cores: 2), Self.load,
      changes: [ScriptedChange(at: .seconds(1), service: 3, .fault(Fault(.hang, for: .seconds(8))))])
    let log = try plan.record(runID: "recorded").log
    var script = RecordedScript(
      processes: log.processes, strings: log.strings, window: log.createdAt + 4_000_000_000...log.takenAt,
      entries: [.gateway])
    for record in log.records { script.apply(record) }
    let replay = script.replay(topology, Self.load, sent: 480, cores: 2, costs: .usual)
    let left = Fault(.hang, for: .seconds(5))
    #expect(replay.plan.changes == [ScriptedChange(at: .zero, service: 3, .fault(left))])
    #expect(replay.unreplayed.contains { $0.contains("in flight already when the load began: found") })
  }

  // MARK: What cannot be repeated

  private static let payment = (slot: 3, pid: UInt32(1003))

  /// A log of four services and a second payment, in which a load runs from 1 s to 9 s.
  private static func replay(_ more: [(RecordKind, UInt64, slot: Int, detail: UInt8, name: String, arg: UInt32)]) throws
    -> RecordedReplay
  {
    var strings = LogStrings()
    let names = Topology.standard.names.map(\.rawValue) + ["payment-service-2"]
    let processes = names.enumerated().map { slot, name in
      LogProcess(
        slot: slot, name: name, place: ServicePlace(order: min(slot, 3), number: slot / 4 + 1),
        identity: ProcessIdentity(pid: Int32(1000 + slot), startTicks: 1), fate: .running,
        attachedAt: 0, dropped: 0)
    }
    var records = names.indices.map { slot in
      Record(kind: .processStart, time: 1, process: UInt16(slot), arg: UInt32(1000 + slot))
    }
    for slot in names.indices {
      records.append(Record(kind: .model, time: 2, process: UInt16(slot), detail: IOModel.blocking.code))
      records.append(Record(kind: .pool, time: 2, other: 64, process: UInt16(slot), arg: 16))
    }
    for (kind, seconds, slot, detail, name, arg) in more {
      records.append(
        Record(
          kind: kind, time: seconds * 1_000_000_000, span: seconds, process: UInt16(slot), detail: detail,
          name: strings.id(of: name), arg: arg))
    }
    var script = RecordedScript(
      processes: processes, strings: strings, window: 1_000_000_000...9_000_000_000, entries: [.gateway])
    for record in records { script.apply(record) }
    return script.replay(try Chains.topology(), Self.load, sent: 0, cores: 2, costs: .usual)
  }

  @Test func aQuietLogIsReplayedWithItsReplicas() throws {
    let replay = try Self.replay([])
    #expect(replay.unreplayed.isEmpty && replay.replayed.isEmpty, "\(replay.unreplayed)")
    #expect(replay.plan.system.services.map(\.replicas) == [1, 1, 1, 2])
  }

  @Test(
    arguments: [
      (
        (RecordKind.processDied, UInt64(3), slot: 0, detail: UInt8(0), name: "payment-service", arg: UInt32(1003)),
        "payment-service died at +2.0 s"
      ),
      ((.processStop, 4, slot: 4, detail: 0, name: "", arg: 0), "payment-service-2 was stopped at +3.0 s"),
      (
        (.policy, 5, slot: 0, detail: 1, name: "user-service retries=3", arg: 0),
        "gateway: policy for user-service retries=3 at +4.0 s"
      ),
      (
        (.policy, 5, slot: 1, detail: 1, name: "admission leave=finish", arg: 0),
        "user-service: admission leave=finish at +4.0 s"
      ),
      ((.fault, 5, slot: 2, detail: 1, name: "fault: error=500 user=ada", arg: 0), "it is not for all requests"),
      (
        (.fault, 5, slot: 4, detail: 1, name: "fault: latency=1s", arg: 0),
        "payment-service-2: fault latency=1s at +4.0 s: it was for this replica alone"
      ),
      (
        (.fault, 5, slot: 3, detail: 1, name: "fault: latency=1s", arg: 0),
        "payment-service: fault latency=1s at +4.0 s was not for all replicas"
      ),
      ((.pool, 0, slot: 4, detail: 0, name: "", arg: 8), "payment-service-2 was set otherwise than payment-service"),
      ((.arrive, 5, slot: 0, detail: 0, name: "GET /ping", arg: 0), "did not send: found 1 for GET /ping"),
    ] as [((RecordKind, UInt64, slot: Int, detail: UInt8, name: String, arg: UInt32), String)])
  func whatCannotBeRepeatedIsSaid(
    _ record: (RecordKind, UInt64, slot: Int, detail: UInt8, name: String, arg: UInt32), _ says: String
  ) throws {
    let unreplayed = try Self.replay([record]).unreplayed
    #expect(unreplayed.contains { $0.contains(says) }, "\(unreplayed)")
  }

  @Test func policiesOfBeforeTheLoadAreRepeated() throws {
    let replay = try Self.replay([
      (.policy, 0, slot: 0, detail: 1, name: "user-service retries=2 keep_alive=off", arg: 0),
      (.policy, 0, slot: 3, detail: 1, name: "admission in_flight=7 leave=finish", arg: 0),
    ])
    #expect(replay.plan.system.services[0].rules[1]?.retries == 2)
    #expect(replay.plan.system.services[3].inFlightLimit == 7)
    #expect(!replay.plan.system.cancels)
    #expect(replay.unreplayed.contains { $0.contains("new connection for each call") })
    #expect(replay.unreplayed.contains { $0.hasPrefix("payment-service alone finished") }, "\(replay.unreplayed)")
  }

  @Test(
    arguments: [
      ("/ping", Chains.ping), ("/users/ada/payment-status", Chains.nested),
      ("/users/{username}/payment-status", Chains.nested),
      ("/orchestrated/users/{username}/payment-status", Chains.orchestrated),
      ("/fanout/users/{username}/payment-status", Chains.fanOut), ("/users/ada", nil), ("/", nil),
      ("/orchestrated/ada/b/payment-status", nil),
    ] as [(String, Int?)])
  func pathsAreRoutes(_ path: String, _ route: Int?) throws {
    #expect(try Chains.topology().entry(path: path)?.route == route)
  }
}
