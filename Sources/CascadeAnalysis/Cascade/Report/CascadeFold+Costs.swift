import ChainModel

/// What it cost: by service, by edge, by loop, and for those who had nothing to do with it.
extension CascadeFold {
  func amplification(_ verdict: Verdict, _ table: BlameTable, _ entry: Int32?, window: UInt64) -> Amplification? {
    let lane = verdict.unit == .threads ? 0 : 1
    let rows = causes(table, lane: lane)
    let top = verdict.top.flatMap { top in rows.first { $0.text == top.text } } ?? rows.first
    guard let row = top, let value = row.amplification, let root = serviceNumbers[row.service] else { return nil }
    let chain = chain(from: entry ?? root, to: root)
    let threads = chain.reduce(0.0) { $0 + meanThreads(Int32($1), window: window) }
    var byService: [String: Double] = [:]
    var capture: [String: Double] = [:]
    for (service, time) in row.byService {
      let others = time - min(time, row.ownBlocked(of: service))
      byService[service] = row.own == 0 ? 0 : Double(others) / Double(row.own)
      let size = serviceNumbers[service].map { meanThreads($0, window: window) } ?? 0
      if lane == 0, size > 0, window > 0 { capture[service] = Double(others) / (size * Double(window)) }
    }
    return Amplification(
      root: row.text, unit: verdict.unit, value: value, depth: entry.flatMap { depths(from: $0)[root] } ?? 0,
      ceiling: max(0, Int(threads.rounded()) - 1), byService: byService, capture: capture)
  }

  /// Every service on a way of calls from the entry to the root.
  private func chain(from entry: Int32, to root: Int32) -> [Int] {
    let below = depths(from: entry)
    let members = services.indices.filter { below[Int32($0)] != nil && depths(from: Int32($0))[root] != nil }
    return members.isEmpty ? [Int(root)] : members
  }

  private func meanThreads(_ service: Int32, window: UInt64) -> Double {
    guard window > 0 else { return 0 }
    return pools.filter { $0.service == service }.reduce(0.0) { $0 + Double($1.sums.size) } / Double(window)
  }

  /// Front to back.
  func costs(_ verdict: Verdict, _ table: BlameTable, _ entry: Int32?, window: UInt64) -> [ServiceCost] {
    let depth = entry.map { depths(from: $0) } ?? [:]
    let order = services.indices.sorted { (depth[Int32($0)] ?? .max, $0) < (depth[Int32($1)] ?? .max, $1) }
    let top = verdict.top.flatMap { top in causes(table, lane: 0).first { $0.text == top.text } }
    return order.map { index in
      var cost = cost(Int32(index), window: window)
      if let top, window > 0, let held = top.byService[cost.service] {
        let own = min(held, top.ownBlocked(of: cost.service))
        cost.heldByRoot = Double(held - own) / Double(window)
      }
      return cost
    }.filter { $0.arrived > 0 || $0.ended > 0 || $0.blockedTotal > 0 || $0.waitingTotal > 0 }
  }

  private func cost(_ number: Int32, window: UInt64) -> ServiceCost {
    let service = services[Int(number)]
    let own = pools.filter { $0.service == number }
    var blocked: [WaitCause: UInt64] = [:]
    var waits: [WaitCause: UInt64] = [:]
    for cause in WaitCause.allCases {
      let threads = accounts.filter { $0.key / 16 == number }.values.reduce(0) { $0 &+ $1.blocked(cause) }
      if threads > 0 { blocked[cause] = threads }
      let requests = waiting.sum(Int(number) * 16 + Int(cause.rawValue), now: now)
      if requests > 0 { waits[cause] = requests }
    }
    return ServiceCost(
      service: name(number), model: service.model, threadTime: own.reduce(0) { $0 &+ $1.sums.size }, blocked: blocked,
      waiting: waits, queued: own.reduce(0) { $0 &+ $1.sums.queued },
      peakQueue: own.map { Int($0.peakQueue) }.max() ?? 0, fullNoQueue: own.reduce(0) { $0 &+ $1.sums.fullIdleQueue },
      heldByRoot: 0, window: window, arrived: service.arrivals.count, ended: service.ended,
      open: service.open,
      outcomes: service.outcomes.merging([.ok: service.ok]) { $1 },
      rejected: Dictionary(service.rejected.map { (text($0.key), $0.value) }, uniquingKeysWith: +),
      attempts: service.attempts, retries: service.retries.values.reduce(0, +), abandoned: service.abandoned,
      abandonedInQueue: service.abandonedInQueue, abandonedTime: service.abandonedTime)
  }

  func holdRows() -> [CascadeReport.Hold] {
    var rows: [CascadeReport.Hold] = []
    for caller in services.indices {
      for callee in services.indices {
        let held = holds.sum(caller * Self.serviceLimit + callee, now: now)
        let calls = calls[caller * Self.serviceLimit + callee]
        guard held > 0 || calls > 0 else { continue }
        rows.append(
          CascadeReport.Hold(caller: name(Int32(caller)), callee: name(Int32(callee)), held: held, calls: calls))
      }
    }
    return rows
  }

  func loopReports() -> [LoopReport] {
    let live = loops.compactMap(\.self)
    return (live + retiredLoops).map { loop in
      let culprits = loop.culprits.map { culprit, sum in
        let cause = WaitCause(rawValue: culprit.state &- 1)
        let words = culprit.state > 1 ? cause?.words(text(culprit.name)) : nil
        return LoopReport.Culprit(what: words ?? text(culprit.name), count: sum.count, time: sum.time)
      }
      return LoopReport(
        service: name(loop.service), loop: text(loop.name), seconds: loop.seconds, hotSeconds: loop.hotSeconds,
        peakUtilisation: Double(loop.peakBusy) / Double(LoopGauge.second), stalls: loop.stallCount,
        stalled: loop.stallTotal, longest: loop.longest, delayed: loop.victimCount, delayedTime: loop.victimTime,
        probes: loop.probes,
        culprits: culprits.sorted { ($1.time, $0.what) < ($0.time, $1.what) })
    }
  }

  func bystanders() -> [Bystander] {
    let needless = routes.filter { $0.hasEnded && !$0.hasWaited && $0.ended + $0.open > 0 && $0.queueWait > 0 }
    return needless.map {
      Bystander(
        service: name($0.service), route: text($0.name), requests: $0.ended + $0.open, waiting: $0.queued,
        queueWait: $0.queueWait, longest: $0.longestQueueWait, isLongestOpen: $0.isLongestOpen)
    }.filter { $0.mean >= 1_000_000 }.sorted { ($1.queueWait, $0.route) < ($0.queueWait, $1.route) }
  }
}
