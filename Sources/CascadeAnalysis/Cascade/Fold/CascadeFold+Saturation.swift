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
    switch pools[pool].see(at: now, options.rule) {
    case .began(let before):
      if let before { close(before, pool) }
      pools[pool].saturatedSince = time
      open(pool)
    case .paused: pause(pool)
    case .dropped: pools[pool].saturation = nil
    case .resumed, .none: break
    }
  }

  /// Notes what is known where a stretch begins.
  mutating func open(_ pool: Int) {
    pools[pool].saturation = OpenSaturation(start: mark(pool), peakQueue: pools[pool].queued)
    keepChain(of: pool)
  }

  /// Notes what is known where a stretch ends, unless it goes on.
  private mutating func pause(_ pool: Int) {
    let (sums, ended) = (pools[pool].flushed(now), services[Int(pools[pool].service)].ended)
    pools[pool].saturation?.end.pool = sums
    pools[pool].saturation?.end.ended = ended
    if options.blames { pools[pool].saturation?.pause(&forest) }
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
    let service = Int(pools[pool].service)
    let edge = SaturationEdge(
      blame: options.blames ? forest.sums() : WaitForest.Sums(), pool: pools[pool].flushed(now),
      ended: services[service].ended)
    let row = service * Self.serviceLimit
    return SaturationMark(
      edge: edge, arrivals: services.map(\.arrivals), holds: Array(holds.counts[row..<row + services.count]),
      size: pools[pool].size, busyAtEvent: pools[pool].busyAtEvent, lastEvent: events.last)
  }

  private mutating func close(_ stretch: SaturationTracker.Stretch, _ pool: Int) {
    guard let open = pools[pool].saturation else { return }
    let (mark, start, end) = (open.start, open.start.edge, open.end)
    intervalCount += 1
    inside[pools[pool].service, default: BlameTable()]
      .add(end.blame, since: start.blame, services: services.count, time: stretch.end &- stretch.start)
    guard intervals.count < Self.intervalLimit else { return }
    intervals.append(
      FoldInterval(
        pool: pool, start: stretch.start, end: stretch.end, isOpen: stretch.isOpen, peakQueue: open.peakQueue,
        busy: end.pool.busy &- start.pool.busy, blocked: end.pool.blocked &- start.pool.blocked,
        causes: end.pool.causes &- start.pool.causes, size: mark.size, busyAtEvent: mark.busyAtEvent,
        ended: end.ended - start.ended, endedBefore: start.ended, arrivals: mark.arrivals, holds: mark.holds,
        lastEvent: mark.lastEvent))
  }

  /// Closes what is still open at the window's end.
  mutating func closeIntervals() {
    for pool in pools.indices {
      if pools[pool].tracker.isSaturated { pause(pool) }
      if let last = pools[pool].tracker.finish(at: now, options.rule) { close(last, pool) }
    }
    intervals.sort { ($0.start, $0.pool) < ($1.start, $1.pool) }
  }
}
