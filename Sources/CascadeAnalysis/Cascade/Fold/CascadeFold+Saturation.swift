import ChainModel

/// A saturation of one pool that is over, or still open at the window's end.
struct FoldInterval {
  var pool: Int
  var start: UInt64
  var end: UInt64
  var isOpen: Bool
  var peakQueue: Int32
  /// Thread-time inside it: busy, blocked, and by cause.
  var busy: UInt64
  var blocked: UInt64
  var causes: SIMD16<UInt64>
  var size: Int32
  var busyAtEvent: Int32
  /// Requests that its service ended inside it, and before it.
  var ended: Int
  var endedBefore: Int
  var arrivals: [ArrivalCount]
  var holds: [Int32]
  /// The last change from outside before it.
  var lastEvent: FoldEvent?
}

extension CascadeFold {
  static let intervalLimit = 1000

  /// Looks whether a pool has become saturated or has ceased to be.
  mutating func judge(_ pool: Int) {
    let isSaturated = pools[pool].isSaturated
    guard isSaturated != pools[pool].tracker.isRaw else { return }
    guard isSaturated else { return pools[pool].tracker.end(mark: mark(pool)) }
    if pools[pool].tracker.resume(at: now, queue: pools[pool].queued, gap: options.gap) { return }
    pools[pool].saturatedSince = time
    let start = mark(pool)
    keepChain(of: pool)
    let done = pools[pool].tracker.begin(start, queue: pools[pool].queued)
    if let done { close(done, pool, isOpen: false) }
  }

  /// The chain of waits of the pool's thread that has been blocked longest, front to back.
  private mutating func keepChain(of pool: Int) {
    let service = pools[pool].service
    guard chains[service]?.count ?? 0 < 2 else { return }
    let own = threads.indices.filter { threads[$0].isAlive && threads[$0].pool == pool && threads[$0].wait != nil }
    guard let longest = own.min(by: { (threads[$0].stateSince, $0) < (threads[$1].stateSince, $1) }) else { return }
    var hops: [String] = []
    var node = threadNodes[longest]
    while node >= 0, hops.count < 32 {
      hops.append(hop(node))
      node = forest.next(of: node)
    }
    chains[service] = hops.filter { !$0.isEmpty }
  }

  /// What a node is and does, in words; empty for a request that a thread runs.
  private func hop(_ node: Int32) -> String {
    let slot = slots[Int(node)]
    guard slot >= 0 else {
      let request = requests[Int(~slot)]
      switch request.phase {
      case .arrived, .running: return ""
      case .queued: return "queued at \(name(request.service))"
      case .suspended:
        let wait = request.wait.map { $0.cause.words(text($0.target)) } ?? ""
        return "\(name(request.service)) request suspended, \(wait)"
      }
    }
    let thread = threads[Int(slot)]
    let doing = thread.wait.map { "blocked, \($0.cause.words(text($0.target)))" }
    return "\(text(thread.name)) \(doing ?? (thread.busy > 0 ? "running" : "idle"))"
  }

  private mutating func mark(_ pool: Int) -> SaturationMark {
    let sums = pools[pool].flushed(now)
    let service = Int(pools[pool].service)
    let row = service * Self.serviceLimit
    return SaturationMark(
      time: now, blame: forest.sums(), pool: sums, ended: services[service].ended,
      arrivals: services.map(\.arrivals), holds: Array(holds.counts[row..<row + services.count]),
      size: pools[pool].size, busyAtEvent: pools[pool].busyAtEvent, lastEvent: events.last)
  }

  private mutating func close(_ open: SaturationTracker.Open, _ pool: Int, isOpen: Bool) {
    guard let end = open.end, end.time &- open.start.time >= options.shortest else { return }
    let start = open.start
    intervalCount += 1
    inside[pools[pool].service, default: BlameTable()]
      .add(end.blame, since: start.blame, services: services.count, time: end.time &- start.time)
    guard intervals.count < Self.intervalLimit else { return }
    intervals.append(
      FoldInterval(
        pool: pool, start: start.time, end: end.time, isOpen: isOpen, peakQueue: open.peakQueue,
        busy: end.pool.busy &- start.pool.busy, blocked: end.pool.blocked &- start.pool.blocked,
        causes: end.pool.causes &- start.pool.causes, size: start.size, busyAtEvent: start.busyAtEvent,
        ended: end.ended - start.ended, endedBefore: start.ended, arrivals: start.arrivals, holds: start.holds,
        lastEvent: start.lastEvent))
  }

  /// Closes what is still open at the window's end.
  mutating func closeIntervals() {
    for pool in pools.indices {
      let isOpen = pools[pool].tracker.isRaw
      if isOpen { pools[pool].tracker.end(mark: mark(pool)) }
      if let last = pools[pool].tracker.take() { close(last, pool, isOpen: isOpen) }
    }
    intervals.sort { ($0.start, $0.pool) < ($1.start, $1.pool) }
  }
}
