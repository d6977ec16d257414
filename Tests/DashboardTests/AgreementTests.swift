import CascadeAnalysis
import ChainModel
import ChainSimulator
import ChainTestSupport
import FoundationEssentials
import Glibc
import Lessons
import LoadGenerator
import Supervisor
import Testing
import Topology
import TraceExport
import TraceLog

/// One record, one meaning: on runs that are drawn by lot, and on real ones, whatever shows what threads and requests do,
/// and when pools were saturated, says the same, to the nanosecond.
@Suite struct AgreementTests {
  /// How many runs are drawn: 500 in `CHAINLAB_AGREEMENT=500`.
  private static let runs = getenv("CHAINLAB_AGREEMENT").flatMap { Int(String(cString: $0)) } ?? 60

  /// A chain in models drawn by lot, whose payment-service is slow for a while.
  private static func plan(_ seed: UInt64) throws -> SimulationPlan {
    var dice = IDGenerator(seed: seed)
    func draw(_ range: ClosedRange<UInt64>) -> Int64 {
      Int64(range.lowerBound + dice.next() % (range.upperBound - range.lowerBound + 1))
    }
    var topology = LiveChain.topology()
    for place in topology.services.indices {
      topology.services[place].model = IOModel.allCases[Int(draw(0...3))]
      topology.services[place].threads = Int(draw(1...8))
      topology.services[place].queueLimit = Int(draw(2...40))
      topology.services[place].requestTimeout = .milliseconds(draw(150...3_000))
    }
    topology.services[3].latency = .fixed(.milliseconds(draw(1...20)))
    let load = SimulatedLoad(
      .open(rate: Double(draw(20...120)), .poisson), entries: [SimulatedLoad.Entry(route: Int(draw(0...1)))],
      duration: .milliseconds(draw(400...1_200)), seed: seed)
    let hold = Duration.milliseconds(draw(5...400))
    let changes = [
      ScriptedChange(at: .milliseconds(100), service: 3, .fault(Fault(.latency(.fixed(hold))))),
      ScriptedChange(
        at: .milliseconds(250), service: Int(draw(0...3)), .pool(threads: Int(draw(1...6)), queueLimit: nil)),
      ScriptedChange(at: .milliseconds(350), service: 3, .liftFaults),
    ]
    return SimulationPlan(SimulatedSystem(topology, cores: 2), load, changes: changes)
  }

  // MARK: Slices

  /// Lanes, the report of the cascade, the flame graph, waterfalls, Perfetto, SQLite, and OTLP read again.
  private static func compareSlices(_ log: LogSnapshot, _ folder: String, _ run: String) throws {
    let lanes = Told(lanesOf: log)
    let report = CascadeReport(log)
    let held = lanes.blocked.values.joined().reduce(UInt64(0)) { $0 + $1.length }
    #expect(report.threads.reduce(UInt64(0)) { $0 + $1.blockedTotal } == held, "\(run): the report")
    #expect(FoldedExport.stacks(log).values.reduce(0, +) == held, "\(run): the flame graph")

    let perfetto = try Told(perfettoOf: log)
    let inPerfetto = Told.differences(lanes.threads, perfetto.threads)
    #expect(inPerfetto.isEmpty, "\(run): lanes and Perfetto: \(inPerfetto)")
    let sqlite = try Told(sqliteOf: log, in: folder)
    let inSQLite = Told.differences(lanes.blocked, sqlite.threads)
    #expect(inSQLite.isEmpty, "\(run): lanes and SQLite: \(inSQLite)")
    func sorted(_ told: Told) -> [Told.Key: [Told.Stretch]] {
      told.suspended.mapValues { $0.sorted { ($0.start, $0.end, $0.target) < ($1.start, $1.end, $1.target) } }
    }
    let waits = Told.differences(sorted(perfetto), sorted(sqlite))
    #expect(waits.isEmpty, "\(run): Perfetto and SQLite: \(waits)")

    let expected = Told.suspended(log)
    let all = expected.values.joined().reduce(UInt64(0)) { $0 + $1.length }
    let shown = lanes.suspended.values.joined().reduce(UInt64(0)) { $0 + $1.length }
    #expect(shown + lanes.further == all, "\(run): suspended requests in lanes and in the log")
    if lanes.further == 0 {
      let differences = Told.differences(expected, lanes.suspended.mapValues { $0.sorted { $0.start < $1.start } })
      #expect(differences.isEmpty, "\(run): records and lanes of suspended requests: \(differences)")
    }

    let again = try log.throughOTLP()
    let inOTLP = Told.differences(lanes.threads, Told(lanesOf: again).threads)
    #expect(inOTLP.isEmpty, "\(run): lanes and those of the OTLP export: \(inOTLP)")
    try compareTraces(log, run)
  }

  private static func compareTraces(_ log: LogSnapshot, _ run: String) throws {
    var names: [String: String] = [:]
    for record in log.records where record.kind == .threadStart {
      names["\(log.serviceNames[record.process] ?? "") \(record.thread)"] = log.strings[record.name]
    }
    let held = Told.slices(of: log).filter { slice in
      if case .thread = slice.lane { slice.cause != nil && slice.end > slice.start } else { false }
    }
    for trace in TraceList(log, limit: 3).traces {
      let waterfall = try #require(TraceWaterfall(log, trace: trace.trace))
      let spans = Set(waterfall.rows.map(\.span.id.rawValue))
      let expected = Set(
        held.filter { spans.contains($0.span) }.map { slice in
          guard case .thread(let tid) = slice.lane else { return "" }
          let service = log.serviceNames[slice.process] ?? ""
          let stretch = Told.Stretch(
            cause: slice.cause, target: log.strings[slice.target], start: slice.start - log.createdAt,
            end: slice.end - log.createdAt)
          return "\(service) \(names["\(service) \(tid)"] ?? "") \(stretch)"
        })
      let shown = waterfall.lanes.flatMap { lane in
        lane.slices.filter { $0.cause != nil }.map { slice in
          let stretch = Told.Stretch(
            cause: slice.cause, target: slice.target ?? "", start: slice.start, end: slice.start + slice.duration)
          return "\(lane.service) \(lane.thread) \(stretch)"
        }
      }
      let differences = Set(shown).symmetricDifference(expected)
      #expect(differences.isEmpty, "\(run), trace \(trace.trace.hex)")
    }
  }

  // MARK: Moments

  /// What threads and requests are in at a moment: in `threads`, and in the lanes.
  private static func compareMoment(_ log: LogSnapshot, at moment: UInt64, _ run: String) {
    let cut = log.cut(at: moment)
    let end = (cut.records.last?.time ?? moment) - log.createdAt
    var fold = CascadeFold(processes: cut.processes, strings: cut.strings, options: CascadeOptions(blames: false))
    // Rows for suspended requests are kept for whoever is told of slices.
    fold.onSlice = { _ in }
    for record in cut.records { fold.apply(record) }
    var (drawnThreads, drawnRequests): (Set<String>, Set<String>) = ([], [])
    var further = 0
    // Requests that have just lost the thread that worked for them: the dump tells since when they wait.
    var fresh: Set<UInt64> = []
    for slice in fold.openSlices {
      // What has begun at this very instant is in no dump, but a row that stands for many may have changed just now.
      if slice.lane == .suspendedFurther { further += slice.requests }
      guard slice.start - log.createdAt != end else {
        if case .suspended = slice.lane { fresh.insert(slice.span) }
        continue
      }
      let state = slice.cause.map { "\($0.name) \(log.strings[slice.target])" } ?? "runs "
      let service = log.serviceNames[slice.process] ?? ""
      switch slice.lane {
      case .thread(let tid): drawnThreads.insert("\(service) \(tid) \(state) \(slice.start - log.createdAt)")
      case .suspended: drawnRequests.insert("\(service) \(slice.span) \(state) \(slice.start - log.createdAt)")
      case .suspendedFurther: break
      }
    }
    var (threads, requests): (Set<String>, Set<String>) = ([], [])
    for service in ThreadDump(cut).services {
      for waiter in service.threads + service.requests where waiter.hop.state != .idle && waiter.hop.since != end {
        let text =
          "\(waiter.hop.cause?.name ?? "runs") \(waiter.hop.cause == nil ? "" : waiter.hop.target ?? "") \(waiter.hop.since ?? 0)"
        if let tid = waiter.hop.tid {
          threads.insert("\(service.service) \(tid) \(text)")
        } else if let span = waiter.hop.span?.rawValue, !fresh.contains(span) {
          requests.insert("\(service.service) \(span) \(text)")
        }
      }
    }
    let inThreads = threads.symmetricDifference(drawnThreads)
    #expect(inThreads.isEmpty, "\(run) at \(end)")
    guard further == 0 else { return }
    let inRequests = requests.symmetricDifference(drawnRequests)
    #expect(inRequests.isEmpty, "\(run) at \(end)")
  }

  // MARK: Onsets

  /// When services were saturated first: in the report, in a lesson's measures, and at each record in the replay and on
  /// the page.
  private static func compareOnsets(_ log: LogSnapshot, _ run: String) {
    let report = CascadeReport(log)
    let first = Dictionary(uniqueKeysWithValues: report.saturations.map { ($0.service, $0.firstOnset) })
    var measures = CellMeasures(
      processes: log.processes, strings: log.strings, window: log.createdAt...max(log.createdAt + 1, log.moment),
      from: log.createdAt)
    for record in log.records where record.time <= log.moment { measures.apply(record) }
    let figures = measures.figures(until: log.moment)
    for name in Topology.standard.names.map(\.rawValue) {
      let measured = figures["saturated_ms(\(name))"].map { UInt64(($0 * 1e6).rounded()) }
      #expect(measured == first[name], "\(run): \(name) in a lesson, and in the report")
    }
  }

  /// A pool that the page calls saturated became so when the report, drawn up at the same moment, says that it did.
  private static func compareBanner(_ log: LogSnapshot, at moment: UInt64, _ run: String) {
    let cut = log.cut(at: moment)
    var fold = CascadeFold(processes: cut.processes, strings: cut.strings, options: CascadeOptions(blames: false))
    for record in cut.records { fold.apply(record) }
    let services = fold.moment(from: log.createdAt).services
    let report = CascadeReport(cut)
    for service in services {
      for pool in service.pools {
        guard let since = pool.saturatedSince else { continue }
        let told = report.saturations.first { $0.service == service.name }
        // Of several stretches it tells of those that are one episode, and counts the others.
        let isTold = told.map { $0.firstOnset <= since && ($0.end >= since || $0.intervalsElsewhere > 0) } ?? false
        #expect(
          isTold, "\(run) at \(moment - log.createdAt): \(service.name) since \(since), in the report \(told as Any)")
        if told?.intervals == 1 { #expect(told?.onset == since, "\(run): \(service.name)") }
      }
    }
  }

  // MARK: Runs

  private static func compare(_ log: LogSnapshot, _ seed: UInt64, _ folder: String, _ run: String) throws {
    try compareSlices(log, folder, run)
    compareOnsets(log, run)
    var dice = IDGenerator(seed: ~seed)
    let last = try #require(log.records.last?.time)
    for _ in 0..<2 {
      let moment = log.createdAt + dice.next() % (last - log.createdAt)
      compareMoment(log, at: moment, run)
      compareBanner(log, at: moment, run)
    }
  }

  @Test(.timeLimit(.minutes(20))) func everythingTellsTheSameOfSimulatedRuns() async throws {
    let lab = try TestLab(isChainRunning: false)
    let pool = Self.runs
    try await TestPage.with(lab) { page in
      var (saturated, blocked) = (0, 0)
      for seed in 0..<UInt64(pool) {
        let (result, log) = try Self.plan(seed).record(runID: "drawn")
        try Self.compare(log, seed, lab.folder, "seed \(seed)")
        let report = CascadeReport(log)
        let first = Dictionary(uniqueKeysWithValues: report.saturations.map { ($0.service, $0.firstOnset) })
        for service in result.services {
          #expect(service.saturations.first?.start == first[service.name], "seed \(seed): \(service.name) simulated")
        }
        try LogArchive.write(log, to: lab.path(of: "run-drawn-\(seed)"))
        try PageLanes.compare(page, "run-drawn-\(seed)", log, "seed \(seed)")
        try FileManager.default.removeItem(atPath: lab.path(of: "run-drawn-\(seed)"))
        saturated += first.count
        blocked += Told(lanesOf: log).blocked.count
      }
      #expect(saturated > pool / 2 && blocked > pool, "\(saturated) services saturated, \(blocked) threads blocked")
    }
  }

  /// A chain in each model, and in a mix of them, with a slow payment-service.
  @Test(.timeLimit(.minutes(3))) func everythingTellsTheSameOfARealRun() async throws {
    let chain = try LiveChain { topology in
      for place in topology.services.indices { topology.services[place].threads = 3 }
    }
    defer { chain.stop() }
    for models in IOModel.allCases.map({ [$0, $0, $0, $0] }) + [[.blocking, .async, .nonblocking, .nonblockingAsync]] {
      for (name, model) in zip(Topology.standard.names, models) { try chain.control(name).setMode(model) }
      try chain.control(.paymentService).setFault(Fault(.latency(.fixed(.milliseconds(60)))))
      _ = try await chain.load(.open(rate: 50, spacing: .poisson), for: .milliseconds(400))
      try chain.control(.paymentService).clearFaults()
    }
    let path = try chain.logPath()
    let log = try LogReader(path: path).snapshot()
    #expect(log.loss.overwritten + log.loss.dropped == 0)
    let lab = try TestLab(isChainRunning: false)
    // As it is while the chain still runs.
    try Self.compare(log.cut(at: try #require(log.records.last?.time)), 1, lab.folder, "the real run")
    try LogArchive.write(log, to: lab.path(of: "run-real"))
    let archived = try LogReader(path: lab.path(of: "run-real")).snapshot()
    try await TestPage.with(lab) { page in try PageLanes.compare(page, "run-real", archived, "the real run") }
  }
}
