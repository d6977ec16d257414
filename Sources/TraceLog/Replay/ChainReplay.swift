/// The state of the whole chain at the record applied last: a fold over the log, in the order of time.
///
/// It takes any records at all. What does not fit is counted, and the state goes on from what it can make of it. Memory
/// is bounded by what is open, not by the log's length.
package struct ChainReplay: Sendable {
  /// Whether a span is known to the log.
  package enum Standing: String, Codable, Sendable {
    case open
    /// It has ended, and lately enough to be remembered.
    case ended
    case unknown
  }

  package private(set) var processes: [UInt16: ProcessReplay] = [:]
  /// Client and internal spans that are open, by id.
  package private(set) var spans: [UInt64: OpenSpan] = [:]
  /// How many records did not fit, by what was wrong with them.
  package private(set) var misfits: [Misfit.Kind: Int] = [:]
  package private(set) var strings = LogStrings()
  /// The callee's request, by the caller's client span.
  private var callees: [UInt64: RequestKey] = [:]
  private var recent = RecentSpans()
  private var deaths = DeathRegister()

  let keeps: ReplayKeep
  /// What is over and belongs to no process's threads or requests.
  var ended = ReplayPast()

  /// - Parameter keeps: what of that which is over is kept, for `past(until:)`.
  package init(keeping keeps: ReplayKeep = []) {
    self.keeps = keeps
  }

  /// The chain as a whole log describes it, up to the snapshot's `moment`.
  package init(_ snapshot: LogSnapshot) {
    self.init()
    learn(snapshot)
    let moment = snapshot.moment
    for record in snapshot.records where record.time <= moment { apply(record) }
  }

  /// Takes over names and processes from a snapshot, for records that are applied one by one.
  package mutating func learn(_ snapshot: LogSnapshot) {
    strings = snapshot.strings
    for process in snapshot.processes {
      guard let slot = UInt16(exactly: process.slot) else { continue }
      change(slot) { $0.learn(process) }
      deaths.learn(process)
    }
  }

  private mutating func change<Result>(_ slot: UInt16, _ body: (inout ProcessReplay) -> Result) -> Result {
    let keeps = keeps
    return body(&processes[slot, default: ProcessReplay(slot: slot, keeps: keeps)])
  }

  /// - Returns: what is wrong with the record, if anything is; the state has then been brought as near to it as it goes.
  @discardableResult
  package mutating func apply(_ record: Record) -> Misfit? {
    let misfit = fit(record) ?? (RecordRow.knowsDetail(record) ? nil : Misfit(.unknownDetail))
    if let misfit { misfits[misfit.kind, default: 0] += 1 }
    return misfit
  }

  package func request(_ key: RequestKey) -> RequestReplay? { processes[key.process]?.requests[key.span] }

  /// The open request that was made by this client span.
  package func callee(of clientSpan: UInt64) -> RequestKey? {
    guard let key = callees[clientSpan], request(key)?.parent == clientSpan else { return nil }
    return key
  }

  /// Whether a span that a record of this process names is known: a request of its own, or any client span.
  package func standing(of span: UInt64, process: UInt16) -> Standing {
    if spans[span] != nil || processes[process]?.requests[span] != nil { return .open }
    return recent.contains(span) ? .ended : .unknown
  }

  // MARK: Records

  private mutating func fit(_ record: Record) -> Misfit? {
    guard let kind = record.kind else { return Misfit(.unknownKind) }
    if let over = processes[record.process]?.overAt { return Misfit(.afterStop, since: over) }
    switch kind {
    case .processStart: start(record)
    case .processStop: stop(record)
    case .processDied: die(record)
    case .spanStart: return startSpan(record)
    case .spanEnd: return endSpan(record)
    case .arrive: return arrive(record)
    case .end, .reject: return finish(record, kind)
    case .attribute: return strings[record.name] == "user" ? fitWithin(record, kind, onThread: false) : nil
    case .enqueue, .dequeue: return fitWithin(record, kind, onThread: false)
    case .waitStart: return fitWithin(record, kind, onThread: record.waitFlags.contains(.held))
    case .waitEnd where !record.waitFlags.contains(.held): return fitWithin(record, kind, onThread: false)
    case .workStart: return fitWithin(record, kind, onThread: true)
    default: return fitLocally(record, kind)
    }
    return nil
  }

  private mutating func fitLocally(_ record: Record, _ kind: RecordKind) -> Misfit? {
    change(record.process) { $0.fit(record, kind) }
  }

  /// A record that belongs to a request. One that is `onThread` speaks of the thread alone, which may go on after the
  /// request has been given up.
  private mutating func fitWithin(_ record: Record, _ kind: RecordKind, onThread: Bool) -> Misfit? {
    if processes[record.process]?.requests[record.span] != nil { return fitLocally(record, kind) }
    if spans[record.span]?.process == record.process {
      // A span within a request may wait on its own; then the thread's work bears another id.
      guard onThread, let misfit = fitLocally(record, kind), misfit.kind != .threadIdle else { return nil }
      return misfit
    }
    let hasEnded = recent.contains(record.span)
    if onThread {
      return fitLocally(record, kind) ?? (hasEnded || record.span == 0 ? nil : Misfit(.unknownRequest))
    }
    return hasEnded ? Misfit(.afterEnd, since: record.time) : fitLocally(record, kind)
  }

  private mutating func start(_ record: Record) {
    let name = strings[record.name]
    change(record.process) { $0.start(name: name, pid: record.arg) }
    deaths.learn(record, strings)
  }

  private mutating func stop(_ record: Record) {
    for (span, request) in processes[record.process]?.requests ?? [:]
    where callees[request.parent] == RequestKey(process: record.process, span: span) {
      callees[request.parent] = nil
    }
    change(record.process) { $0.stop(at: record.time) }
  }

  /// The process whose death a record tells of; nil when it died before it had joined the log.
  package func slot(ofDeath record: Record) -> UInt16? {
    deaths.slot(ofDeath: record, strings)
  }

  private mutating func die(_ record: Record) {
    guard let slot = slot(ofDeath: record), processes[slot]?.overAt == nil else { return }
    processes[slot]?.die(at: record.time, exit: record.other)
  }

  private mutating func arrive(_ record: Record) -> Misfit? {
    if record.other != 0 { callees[record.other] = RequestKey(record) }
    return fitLocally(record, .arrive)
  }

  private mutating func finish(_ record: Record, _ kind: RecordKind) -> Misfit? {
    let key = RequestKey(record)
    if let parent = request(key)?.parent, callees[parent] == key { callees[parent] = nil }
    let hasEnded = request(key) == nil && recent.contains(record.span)
    let misfit = fitLocally(record, kind)
    recent.insert(record.span)
    return hasEnded ? Misfit(.afterEnd, since: record.time) : misfit
  }

  private mutating func startSpan(_ record: Record) -> Misfit? {
    let known = spans.updateValue(OpenSpan(record), forKey: record.span)
    if let known { return Misfit(.duplicateSpan, since: known.startedAt) }
    return nil
  }

  private mutating func endSpan(_ record: Record) -> Misfit? {
    guard let span = spans[record.span], span.process == record.process else { return Misfit(.unknownSpan) }
    spans[record.span] = nil
    if keeps.contains(.spans) { ended.spans.append(SpanSlice(span: span, end: record.time)) }
    recent.insert(record.span)
    return nil
  }
}

extension LogSnapshot {
  /// The end of what is still open: when the snapshot was taken, or in a finished run the last record, since that run's
  /// clock may be another one by now (it starts anew with the host). Records that a live log has gained while it was
  /// being read lie behind it and are left to the next snapshot, so that all processes are seen at one moment.
  package var moment: UInt64 {
    guard isFinished else { return takenAt }
    return records.lazy.map(\.time).max() ?? takenAt
  }

  /// Whether nobody writes any more.
  package var isFinished: Bool { !processes.isEmpty && processes.allSatisfy { $0.fate != .running } }
}
