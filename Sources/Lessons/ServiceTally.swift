import ChainModel
import TraceLog

/// One service of a run, by what a replay of the log says of it: how many threads are taken and blocked, how many requests
/// are in it, and what became of those that ended.
struct ServiceTally {
  /// How many of each there are now.
  private struct Levels: Equatable {
    var busy = 0
    var blocked = 0
    var queued = 0
    var inFlight = 0
    var isFull = false

    init() {}

    init(_ process: ProcessReplay) {
      guard process.overAt == nil else { return }
      // A request holds a worker or a hired thread; a store thread works for many.
      let holders = process.pools.filter { $0.role != .store }
      busy = holders.reduce(0) { $0 + $1.busy }
      blocked = holders.reduce(0) { $0 + $1.blocked }
      queued = process.pools.first { $0.role == .worker }?.queued ?? 0
      inFlight = process.requests.count
      isFull = holders.contains { $0.load.isFull }
    }
  }

  private struct PoolKey: Hashable {
    var process: UInt16
    var role: ThreadRole
  }

  /// As long as the kernel waits before it repeats a connection that was not accepted, or nearly.
  private static let slow: UInt64 = 900_000_000

  private let window: ClosedRange<UInt64>
  private var now: UInt64 = 0
  /// By process: a service may have several, one after another or at once.
  private var levels: [UInt16: Levels] = [:]
  private var saturation: [PoolKey: SaturationHistory] = [:]
  // Sums over the window.
  private var busyTime = 0.0
  private var blockedTime = 0.0
  private var queuedTime = 0.0
  private var inFlightTime = 0.0
  private var fullTime = 0.0
  private(set) var arrivals = 0
  private var answered = 0
  private var failed = 0
  private var refused = 0
  private var heldWaits = 0
  private var slow = 0
  private var answeredLate = 0
  private var endedCalls = 0
  private var slowCalls = 0
  private var responseTime = 0.0
  private var queueTime = 0.0
  private var busyAtFault = 0

  init(window: ClosedRange<UInt64>) { self.window = window }

  mutating func markFault() { busyAtFault = levels.values.reduce(0) { $0 + $1.busy } }

  // MARK: Levels

  /// Counts what there is until a moment.
  mutating func advance(_ time: UInt64) {
    let (from, to) = (max(now, window.lowerBound), min(time, window.upperBound))
    if to > from {
      let passed = Double(to - from)
      for level in levels.values {
        busyTime += Double(level.busy) * passed
        blockedTime += Double(level.blocked) * passed
        queuedTime += Double(level.queued) * passed
        inFlightTime += Double(level.inFlight) * passed
      }
      if levels.values.contains(where: \.isFull) { fullTime += passed }
    }
    now = max(now, time)
  }

  /// What there is of one of its processes from now on.
  mutating func see(_ process: ProcessReplay) {
    levels[process.slot] = Levels(process)
    for pool in process.pools {
      let load = process.overAt == nil ? pool.load : PoolLoad(threads: 0, busy: 0, queued: 0)
      saturation[PoolKey(process: process.slot, role: pool.role), default: SaturationHistory()].see(load, at: now)
    }
  }

  // MARK: What happens

  private var isInWindow: Bool { window.contains(now) }

  mutating func arrive() {
    if isInWindow { arrivals += 1 }
  }

  /// A wait that holds a worker or a hired thread.
  mutating func hold() {
    if isInWindow { heldWaits += 1 }
  }

  mutating func endCall(startedAt start: UInt64) {
    guard isInWindow else { return }
    endedCalls += 1
    if elapsed(start, now) >= Self.slow { slowCalls += 1 }
  }

  mutating func end(_ request: RequestReplay, _ record: Record, isRefused: Bool) {
    guard isInWindow else { return }
    let time = elapsed(request.arrivedAt, record.time)
    if time >= Self.slow { slow += 1 }
    if isRefused {
      refused += 1
    } else if record.arg >= 400 || record.arg == 0 {
      failed += 1
    } else {
      answered += 1
      if record.time >= lateFrom { answeredLate += 1 }
      responseTime += Double(time)
      queueTime += Double(request.times(until: record.time).queueWait)
    }
  }

  /// The last fifth of the window.
  private var lateFrom: UInt64 { window.upperBound - (window.upperBound - window.lowerBound) / 5 }

  // MARK: Figures

  func figures(seconds: Double) -> [String: Double] {
    let length = seconds * 1e9
    var figures = [
      "busy": busyTime / length, "busy_at_fault": Double(busyAtFault), "full_share": fullTime / length,
      "in_flight": inFlightTime / length, "queued": queuedTime / length, "arrivals": Double(arrivals) / seconds,
      "answered": Double(answered) / seconds, "failed": Double(failed) / seconds, "refused": Double(refused) / seconds,
      "slow": Double(slow), "end_rate": Double(answeredLate) / seconds * 5,
    ]
    if endedCalls > 0 { figures["slow_calls"] = Double(slowCalls) / Double(endedCalls) }
    if busyTime > 0 { figures["blocked_share"] = blockedTime / busyTime }
    guard answered > 0 else { return figures }
    let response = responseTime / Double(answered)
    figures["response_ms"] = response / 1e6
    figures["queue_ms"] = queueTime / Double(answered) / 1e6
    figures["waits"] = Double(heldWaits) / Double(answered)
    let inFlight = inFlightTime / length
    if inFlight > 0, failed == 0, refused == 0 {
      figures["little_error"] = abs(inFlight - Double(answered) / seconds * response / 1e9) / inFlight
    }
    return figures
  }

  /// When one of its pools was saturated, up to a moment.
  func saturations(until moment: UInt64) -> [SaturationTracker.Stretch] {
    saturation.values.flatMap { $0.stretches(until: max(moment, now)) }
      .sorted { ($0.start, $0.end) < ($1.start, $1.end) }
  }
}
