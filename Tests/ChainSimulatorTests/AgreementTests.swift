import CascadeAnalysis
import ChainModel
import ChainSimulator
import Testing
import TraceExport
import TraceLog

/// One record, one meaning: on runs that are drawn by lot, whatever shows what threads and requests do says the same.
@Suite struct AgreementTests {
  private static let runs = 500

  /// A state as every instrument tells it.
  private struct State: Hashable, CustomStringConvertible {
    var service: String
    /// Thread id, or the request's span.
    var id: UInt64
    var isSuspended: Bool
    var cause: WaitCause?
    var target: String
    var start: UInt64
    var end: UInt64?

    var description: String {
      "\(service) \(isSuspended ? "request" : "thread") \(id) \(cause?.name ?? "runs") \(target)"
    }
  }

  private final class Heard {
    var slices: [LaneSlice] = []
  }

  private static func plan(_ seed: UInt64) -> SimulationPlan {
    var dice = IDGenerator(seed: seed)
    let models = (0..<4).map { _ in ServingModel.allCases[Int(dice.next() % UInt64(ServingModel.allCases.count))] }
    var plan = SimulatedLogTests.plan(models, seed: seed)
    plan.load.arrival = .open(rate: Double(20 + dice.next() % 100), .poisson)
    plan.load.duration = .milliseconds(Int64(400 + dice.next() % 800))
    let hold = Duration.milliseconds(Int64(5 + dice.next() % 400))
    plan.changes = [
      ScriptedChange(at: .milliseconds(100), service: 3, .fault(Fault(.latency(.fixed(hold))))),
      ScriptedChange(at: .milliseconds(350), service: 3, .liftFaults),
    ]
    return plan
  }

  /// The log as it was at a moment.
  private static func cut(_ log: LogSnapshot, at moment: UInt64) -> LogSnapshot {
    var cut = log
    cut.records.removeAll { $0.time > moment }
    cut.takenAt = moment
    for index in cut.processes.indices { cut.processes[index].fate = .running }
    return cut
  }

  private static func fold(_ log: LogSnapshot) -> (CascadeFold, [LaneSlice]) {
    let heard = Heard()
    var fold = CascadeFold(processes: log.processes, strings: log.strings, options: CascadeOptions(blames: false))
    fold.onSlice = { heard.slices.append($0) }
    for record in log.records { fold.apply(record) }
    return (fold, heard.slices)
  }

  private static func state(_ slice: LaneSlice, _ log: LogSnapshot) -> State? {
    var state = State(
      service: log.processes.first { $0.slot == Int(slice.process) }?.name ?? "", id: slice.span, isSuspended: true,
      cause: slice.cause, target: slice.cause == nil ? "" : log.strings[slice.target],
      start: slice.start - log.createdAt, end: slice.end - log.createdAt)
    switch slice.lane {
    case .thread(let tid): (state.id, state.isSuspended) = (UInt64(tid), false)
    case .suspended: break
    case .suspendedFurther: return nil
    }
    return state
  }

  private static func states(_ dump: ThreadDump) -> [State] {
    dump.services.flatMap { service in
      (service.threads + service.requests).compactMap { waiter -> State? in
        guard waiter.hop.state != .idle else { return nil }
        return State(
          service: service.service, id: waiter.hop.tid.map(UInt64.init) ?? waiter.hop.span?.rawValue ?? 0,
          isSuspended: waiter.hop.tid == nil, cause: waiter.hop.cause,
          target: waiter.hop.cause == nil ? "" : waiter.hop.target ?? "", start: waiter.hop.since ?? 0)
      }
    }
  }

  @Test(.timeLimit(.minutes(3))) func theDumpAndTheLanesShowTheSameAtAnyMoment() throws {
    var (threads, requests) = (0, 0)
    for seed in 0..<UInt64(Self.runs) {
      let (_, log) = try Self.plan(seed).record(runID: "drawn")
      var dice = IDGenerator(seed: ~seed)
      let last = try #require(log.records.last?.time)
      for _ in 0..<2 {
        let cut = Self.cut(log, at: log.createdAt + dice.next() % (last - log.createdAt))
        let (fold, _) = Self.fold(cut)
        let dumped = Set(Self.states(ThreadDump(cut)))
        let open = fold.openSlices
        let drawn = Set(
          open.compactMap { Self.state($0, cut) }.map { state in
            var state = state
            state.end = nil
            return state
          })
        let further = open.reduce(0) { $0 + ($1.lane == .suspendedFurther ? $1.requests : 0) }
        #expect(dumped.count == drawn.count + further, "seed \(seed)")
        #expect(drawn.subtracting(dumped).isEmpty, "seed \(seed): \(drawn.subtracting(dumped).map(\.description))")
        threads += drawn.count { !$0.isSuspended }
        requests += drawn.count { $0.isSuspended }
      }
    }
    #expect(threads > Self.runs && requests > Self.runs, "\(threads) threads, \(requests) requests")
  }

  /// To the nanosecond: lanes, the report of the cascade, the flame graph, and the waterfall of each trace.
  @Test(.timeLimit(.minutes(3))) func lanesReportFlameGraphAndWaterfallsAddUpToTheSame() throws {
    for seed in 0..<UInt64(Self.runs) {
      let (_, log) = try Self.plan(seed).record(runID: "drawn")
      let (fold, ended) = Self.fold(log)
      let slices = ended + fold.openSlices
      let held = slices.filter { if case .thread = $0.lane { $0.cause != nil } else { false } }
      let blocked = held.reduce(UInt64(0)) { $0 + ($1.end - $1.start) }
      let report = CascadeReport(log)
      #expect(report.threads.reduce(UInt64(0)) { $0 + $1.blockedTotal } == blocked, "seed \(seed)")
      #expect(FoldedExport.stacks(log).values.reduce(0, +) == blocked, "seed \(seed)")
      let names = Set(log.records.filter { $0.kind == .threadStart }.map { log.strings[$0.name] })
      for trace in TraceList(log, limit: 3).traces {
        let waterfall = try #require(TraceWaterfall(log, trace: trace.trace))
        let spans = Set(waterfall.rows.map(\.span.id.rawValue))
        let shown = waterfall.lanes.filter { names.contains($0.thread) }.reduce(UInt64(0)) { $0 + $1.blocked }
        let ofIt = held.filter { spans.contains($0.span) }.reduce(UInt64(0)) { $0 + ($1.end - $1.start) }
        #expect(shown == ofIt, "seed \(seed), trace \(trace.trace.hex)")
      }
    }
  }
}
