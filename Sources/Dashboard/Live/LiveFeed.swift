import CascadeAnalysis
import ChainModel
import KernelView
import TraceLog

/// Follows the running chain's log while somebody looks, and tells all who look the same, at a bounded rate.
actor LiveFeed {
  /// What is told, five times a second at most, and once a second while the host has no processor to spare.
  ///
  /// Keys: `run_id`, `front` (the service that clients ask), `map` (see `SystemMap`), `time_ns`, `is_slowed` (for want of a
  /// processor), `services` (see `ChainMoment.Service`), `figures` (by service: see `LiveRates.Figures`), `onsets_ns` (by
  /// service that has been saturated: when that began, as the report tells it), `edges`, `ping` (its `/ping`: `figures`, and
  /// of the page's own `last`, see `Pinger.Last`, and `waiting_ns`), `window_from_ns`, `load` (the command of the load that
  /// runs, if one does), `load_ns` (for how long), `ended` (how the last load or lesson ended: see `CommandOutcome`),
  /// `problem` (why nothing can be told).
  struct State: Encodable, Sendable {
    var runID: String?
    var front: String?
    var map: SystemMap?
    var time: UInt64 = 0
    var isSlowed = false
    var services: [ChainMoment.Service] = []
    var figures: [String: LiveRates.Figures] = [:]
    var onsets: [String: UInt64] = [:]
    var edges: [ChainMoment.Edge] = []
    var ping = Ping()
    var windowFrom: UInt64 = 0
    var load: String?
    var loadAge: UInt64?
    var ended: CommandOutcome?
    var problem: String?

    struct Ping: Encodable, Sendable {
      var figures: LiveRates.Figures?
      var last: Pinger.Last?
      var waiting: UInt64?

      private enum CodingKeys: String, CodingKey {
        case figures, last
        case waiting = "waiting_ns"
      }
    }

    private enum CodingKeys: String, CodingKey {
      case front, map, services, figures, edges, ping, load, ended, problem
      case runID = "run_id"
      case time = "time_ns"
      case onsets = "onsets_ns"
      case loadAge = "load_ns"
      case isSlowed = "is_slowed"
      case windowFrom = "window_from_ns"
    }
  }

  static let tick = Duration.milliseconds(200)
  /// Where there is no processor to spare, each look takes from the chain what it looks at.
  private static let slowTick = Duration.seconds(1)
  private static let spare = (toSlowDown: 0.15, toGoOn: 0.3)
  /// Short, so that a load that begins is noticed soon, and long for a kernel that counts in hundredths of a second.
  private static let hostPeriod = Duration.milliseconds(350)
  /// Who has looked at the explanation may come back to it; to find out anew who is to blame, the whole log is read.
  private static let explanationKept = Duration.seconds(30)

  private let access: any LabAccess
  private let streams: EventStreams
  private let limits: PageLimits
  private var pinger = Pinger()
  private var front: (name: String, endpoint: Endpoint)?
  private var map: SystemMap?
  private var follower: RunFollower?
  private var explainer: RunExplainer?
  private var rates = LiveRates()
  private var state = State()
  private var lastWanted = Monotonic.now()
  private var lastExplained: UInt64 = 0
  private var lastReport: UInt64 = 0
  private var onsets: [String: UInt64] = [:]
  private var lastChainCheck: UInt64 = 0
  private var lastHostLook: UInt64 = 0
  private var windowFrom: UInt64 = 0
  private var load: (command: String, since: UInt64)?
  private var ended: CommandOutcome?
  private var host = HostIdle()
  private var isSlowed = false

  init(access: any LabAccess, streams: EventStreams, limits: PageLimits) {
    self.limits = limits
    self.access = access
    self.streams = streams
  }

  func run() async {
    while !Task.isCancelled {
      if streams.count > 0 { lastWanted = Monotonic.now() }
      if Monotonic.now() &- lastWanted < limits.unseen.nanoseconds {
        turn()
      } else if follower != nil {
        // The log has it all, for the next one who looks.
        (follower, explainer, rates, state) = (nil, nil, LiveRates(), State())
      }
      try? await Task.sleep(for: isSlowed ? Self.slowTick : Self.tick)
    }
  }

  /// The state now, for one who does not follow.
  func current() -> State {
    lastWanted = Monotonic.now()
    turn()
    return state
  }

  func timeline() -> TimelineIndex? {
    lastWanted = Monotonic.now()
    if follower == nil { turn() }
    return follower?.index
  }

  var runID: String? { follower?.runID }

  /// Begins to count anew.
  func beginWindow() {
    turn()
    follower?.beginWindow()
    explainer?.beginWindow()
    rates.restart()
    windowFrom = state.time
    lastReport = 0
  }

  func begin(_ command: PageCommand) {
    load = (command.text, Monotonic.now())
    ended = nil
  }

  func end(_ outcome: CommandOutcome) {
    load = nil
    ended = outcome.shortened
  }

  // MARK: One turn

  private func turn() {
    let now = Monotonic.now()
    if follower == nil || now &- lastChainCheck > 1_000_000_000 {
      lastChainCheck = now
      find()
    }
    if now &- lastHostLook > Self.hostPeriod.nanoseconds, let idle = host.look() {
      lastHostLook = now
      isSlowed = idle < (isSlowed ? Self.spare.toGoOn : Self.spare.toSlowDown)
    }
    guard follower != nil else { return tell() }
    do throws(TraceLogError) {
      try follower?.advance()
    } catch {
      follower = nil
      state = State(problem: "the trace log cannot be read: \(error)")
      return tell()
    }
    refresh()
    tell()
    let isAsked = streams.explaining > 0 && explainer == nil
    guard now &- lastReport > 1_000_000_000 || isAsked, streams.count > 0, let follower else { return }
    lastReport = now
    let own = follower.report.saturations.filter { $0.intervals > $0.intervalsElsewhere }
    onsets = Dictionary(own.map { ($0.service, $0.onset) }) { first, _ in first }
    explain(follower.logs, now)
  }

  /// Tells who is to blame while somebody looks at the explanation, and is ready to go on for a while.
  private func explain(_ logs: [LogSource], _ now: UInt64) {
    if streams.explaining > 0 { lastExplained = now }
    guard lastExplained != 0, now &- lastExplained < Self.explanationKept.nanoseconds else { return explainer = nil }
    do throws(TraceLogError) {
      if explainer == nil { explainer = try RunExplainer(logs, from: windowFrom) }
      try explainer?.advance()
    } catch {
      return explainer = nil
    }
    if let report = explainer?.report { streams.send("report", WireJSON.encode(report), toAll: false) }
  }

  /// Looks whether another chain runs now.
  private func find() {
    guard let chain = access.chain() else {
      follower = nil
      front = nil
      state = State(problem: "no chain is running: start it with make up")
      return
    }
    front = (chain.front, chain.frontEndpoint)
    // The log of a further host may come a little later.
    guard chain.runID != follower?.runID || chain.logs != follower?.logs else { return }
    map = (try? access.topology()).map { SystemMap($0) }
    (rates, onsets, windowFrom, explainer) = (LiveRates(), [:], 0, nil)
    guard !chain.logs.isEmpty else {
      state = State(problem: "this run is traced nowhere: trace_log.enabled is false in services.yaml")
      return
    }
    do throws(TraceLogError) {
      follower = try RunFollower(runID: chain.runID, logs: chain.logs, limits: limits)
    } catch {
      state = State(problem: "the trace log cannot be opened: \(error)")
    }
  }

  private func refresh() {
    guard let follower else { return }
    let chain = follower.moment
    rates.add(chain)
    var next = State()
    next.runID = follower.runID
    next.time = chain.time
    next.isSlowed = isSlowed
    next.services = chain.services.filter { follower.replicas[$0.name] != nil }
      .sorted { follower.replicas.rank($0.name) < follower.replicas.rank($1.name) }
    next.edges = chain.edges
    for service in next.services { next.figures[service.name] = rates.figures(service.name) }
    next.onsets = onsets
    next.front = front?.name
    next.map = map
    if let front { next.ping.figures = rates.figures(LiveRates.key(front.name, "GET /ping")) }
    (next.ping.last, next.ping.waiting) = (pinger.last, pinger.waiting(at: Monotonic.now()))
    next.windowFrom = windowFrom
    next.load = load?.command
    next.loadAge = load.map { Monotonic.now() &- $0.since }
    next.ended = ended
    state = next
  }

  private func tell() {
    if streams.count > 0 { ping() }
    streams.send("state", WireJSON.encode(state))
  }

  private func ping() {
    guard let endpoint = front?.endpoint, pinger.begin(at: Monotonic.now()) else { return }
    Task {
      let outcome = await access.ping(endpoint)
      pinger.end(outcome, at: Monotonic.now())
    }
  }
}
