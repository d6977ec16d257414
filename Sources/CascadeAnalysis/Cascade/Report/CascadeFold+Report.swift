import ChainModel
package import TraceLog

/// From sums to answers: called once, when the last record has been applied.
extension CascadeFold {
  /// What the log says of itself.
  package struct Frame: Sendable {
    package var runID: String
    /// The run's start, from which times are told.
    package var origin: UInt64
    /// The end of what is still open: open waits count up to here (they are *censored*).
    package var moment: UInt64
    package var completeSince: UInt64
    package var loss: LogLoss

    package init(runID: String, origin: UInt64, moment: UInt64, completeSince: UInt64, loss: LogLoss) {
      self.runID = runID
      self.origin = origin
      self.moment = moment
      self.completeSince = completeSince
      self.loss = loss
    }
  }

  /// Closes everything that is open and draws up the report.
  package mutating func report(_ frame: Frame) -> CascadeReport {
    let isEmpty = firstRecordAt == nil
    advance(to: max(frame.moment, time))
    closeIntervals()
    for place in threads.indices where threads[place].isAlive {
      if threads[place].role == .loop {
        passLoop(place, from: max(threads[place].stateSince, options.from))
        if let wait = threads[place].wait { heldLoop(place, wait) }
      }
      account(place)
    }
    for pool in pools.indices { pools[pool].flush(now) }
    countOpenRequests()
    var table = BlameTable()
    let start = min(max(options.from, firstRecordAt ?? 0), now)
    table.add(forest.sums(), since: nil, services: services.count, time: now &- start)
    return draw(frame, table, from: isEmpty ? now : start)
  }

  private mutating func draw(_ frame: Frame, _ table: BlameTable, from start: UInt64) -> CascadeReport {
    let entry = services.indices.max { services[$0].external.count < services[$1].external.count }
      .flatMap { services[$0].external.count > 0 ? Int32($0) : nil }
    let verdict = verdict(entry, table)
    var report = CascadeReport(
      runID: PlainText.clean(frame.runID), from: elapsed(frame.origin, start), to: elapsed(frame.origin, now),
      lost: frame.loss, verdict: verdict)
    report.entry = entry.map { name($0) }
    report.requests = entry.map { services[Int($0)].arrivals.count } ?? 0
    report.blame = rows(table, lane: 0)
    report.requestBlame = rows(table, lane: 1)
    saturations(&report, frame.origin)
    report.amplification = amplification(verdict, table, entry, window: now &- start)
    report.services = costs(verdict, table, entry, window: now &- start)
    report.holds = holdRows()
    report.threads = accounts.sorted { $0.key < $1.key }.map(\.value)
    report.unbalanced = unbalanced
    report.loops = loopReports()
    report.bystanders = bystanders()
    report.events = events.map { event in
      let rates = entry.flatMap { answers($0, around: event) }
      return CascadeReport.Event(
        time: elapsed(frame.origin, event.time), service: name(event.service), what: event.change.text,
        isInForce: isInForce(event, at: report.saturations.first.map { $0.onset &+ frame.origin } ?? now),
        answersBefore: rates?.before, answersAfter: rates?.after)
    }
    report.incomplete = incomplete(frame)
    report.findings = FindingRules(report, self).findings
    report.summary = CascadeSummary(report).text
    return report
  }

  func name(_ service: Int32) -> String {
    services.indices.contains(Int(service)) ? PlainText.clean(services[Int(service)].name) : "?"
  }

  func text(_ id: UInt32) -> String { PlainText.clean(strings[id]) }

  private func incomplete(_ frame: Frame) -> [String] {
    var reasons: [String] = []
    if !frame.loss.isNothing { reasons.append("the log: \(frame.loss.text)") }
    if frame.completeSince > options.from, let first = firstRecordAt, frame.completeSince > first {
      reasons.append(
        "the log is complete only from \(FigureText.moment(elapsed(frame.origin, frame.completeSince))) on")
    }
    if unbalanced > 0 { reasons.append("\(FigureText.count(unbalanced, "thread")) whose states do not add up") }
    return reasons
  }

  // MARK: Blame

  /// The states that were waited for, most blame first.
  func rows(_ table: BlameTable, lane: Int) -> [BlameRow] {
    var blamed: [Int32: [String: UInt64]] = [:]
    var totals: [Int32: UInt64] = [:]
    for service in services.indices {
      for (sink, time) in table.nanoseconds(service: Int32(service), lane: lane) where time > 0 {
        blamed[sink, default: [:]][name(Int32(service)), default: 0] &+= time
        totals[sink, default: 0] &+= time
      }
    }
    let rows = totals.map { sink, total in
      let own = table.own[sink] ?? .zero
      var row = row(sinks.keys[Int(sink)])
      row.blamed = total
      row.byService = blamed[sink] ?? [:]
      row.own = UInt64(clamping: own[lane * 2])
      row.ownBlocked = UInt64(clamping: own[lane * 2 + 1])
      return row
    }
    return Self.shared(rows)
  }

  /// The same with equal states of a service's replicas taken together: what several replicas do alike is the service's.
  func causes(_ table: BlameTable, lane: Int) -> [BlameRow] {
    Self.shared(BlameRow.merged(rows(table, lane: lane), replicas))
  }

  /// Gives each state its share of all blame, which is all that was waited (C2).
  private static func shared(_ rows: [BlameRow]) -> [BlameRow] {
    let all = rows.reduce(0) { $0 &+ $1.blamed }
    return rows.map { row in
      var row = row
      row.share = all == 0 ? 0 : Double(row.blamed) / Double(all)
      return row
    }.sorted { left, right in (right.blamed, left.text) < (left.blamed, right.text) }
  }

  private func row(_ key: SinkKey) -> BlameRow {
    var row = BlameRow(
      kind: .wait, service: name(key.service), cause: nil, target: "", members: [], edges: [], blamed: 0,
      byService: [:], own: 0, ownBlocked: 0, share: 0)
    switch key.kind {
    case .running: row.kind = .running
    case .dispatch: row.kind = .dispatch
    case .unmanned: row.kind = .unmanned
    case .wait:
      row.cause = key.cause
      row.target = text(key.target)
    case .transit:
      row.kind = .transit
      row.target = name(Int32(bitPattern: key.target))
    case .knot:
      row.kind = .knot
      guard knots.indices.contains(Int(key.target)) else { break }
      row.members = knots[Int(key.target)].members
      row.edges = knots[Int(key.target)].edges
    }
    return row
  }

  /// Of a saturated entry service: over its saturation, by its and others' blocked threads. Otherwise the entry holds its
  /// requests without threads, or has some to spare: over the whole window, by the requests that waited.
  private func verdict(_ entry: Int32?, _ whole: BlameTable) -> Verdict {
    let saturated = isSaturatedBriefly ? nil : nearestSaturated(to: entry)
    let inEntry = saturated == entry ? entry.flatMap { inside[$0] } : nil
    let table = inEntry ?? whole
    let unit: Verdict.Unit = inEntry == nil ? .requests : .threads
    let causes = causes(table, lane: inEntry == nil ? 1 : 0)
    let total = causes.reduce(0) { $0 &+ $1.blamed }
    let requests = entry.map { services[Int($0)].arrivals.count } ?? 0
    return Verdict(
      kind: Verdict.kind(causes, total: total, requests: requests, isSaturated: saturated != nil || hasHotLoop),
      unit: unit, basis: inEntry == nil ? nil : entry.map { name($0) }, duration: table.time, total: total,
      requests: requests, causes: Array(causes.prefix(8)), chain: saturated.flatMap { chains[$0] } ?? [])
  }

  private var hasHotLoop: Bool { loopReports().contains { $0.isSaturated && !$0.isOnlyLate } }

  // MARK: Changes from outside

  /// Whether it still held at a moment; only of faults does the log say when they end.
  private func isInForce(_ event: FoldEvent, at moment: UInt64) -> Bool {
    guard case .fault(let text, let isOn) = event.change else { return true }
    guard isOn else { return false }
    return !events.contains { other in
      other.change == .fault(text, isOn: false) && other.service == event.service && other.time > event.time
        && other.time <= moment
    }
  }

  /// Answers without error per second at a service, between the change before and the one after; nil where either time
  /// is too short to count in, or no load came in it.
  private func answers(_ service: Int32, around event: FoldEvent) -> (before: Double, after: Double)? {
    let (place, apart, least) = (Int(service), UInt64(100_000_000), UInt64(1_000_000_000))
    let load = services[place].external
    let earlier = events.last { $0.time &+ apart < event.time }
    let later = events.first { $0.time > event.time &+ apart }
    let start = max(earlier?.time ?? 0, load.first)
    let end = min(later?.time ?? now, load.last)
    guard load.count > 0, event.time > start, end > event.time, event.time - start >= least, end - event.time >= least
    else { return nil }
    func count(_ event: FoldEvent?, otherwise: Int) -> Int {
      guard let ok = event?.counts.ok else { return otherwise }
      return ok.indices.contains(place) ? ok[place] : 0
    }
    let here = count(event, otherwise: 0)
    let before = Double(here - count(earlier, otherwise: 0)) / (Double(event.time - start) / 1e9)
    let after = Double(count(later, otherwise: services[place].ok) - here) / (Double(end - event.time) / 1e9)
    return (before, after)
  }

  /// The entry service if it was saturated; else the saturated service that is nearest to it.
  private func nearestSaturated(to entry: Int32?) -> Int32? {
    let saturated = inside.keys.filter { services[Int($0)].dequeued > 0 || services[Int($0)].arrivals.count > 0 }
    guard let entry else { return saturated.min() }
    let depth = depths(from: entry)
    return saturated.min { (depth[$0] ?? .max, $0) < (depth[$1] ?? .max, $1) }
  }

  /// How many calls deep each service lies below another.
  func depths(from start: Int32) -> [Int32: Int] {
    var depth: [Int32: Int] = [start: 0]
    var next = [start]
    while let service = next.first {
      next.removeFirst()
      let row = Int(service) * Self.serviceLimit
      for callee in services.indices.map(Int32.init) where calls[row + Int(callee)] > 0 && depth[callee] == nil {
        depth[callee] = (depth[service] ?? 0) + 1
        next.append(callee)
      }
    }
    return depth
  }
}
