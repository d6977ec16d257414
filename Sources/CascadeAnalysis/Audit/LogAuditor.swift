import ChainModel
import TraceLog

/// Walks once over a log, replays it, and checks beside the replay what that one adds up.
struct LogAuditor {
  private struct Arrival {
    var arrivedAt: UInt64
    var dequeuedAt: UInt64?
  }

  /// The auditor's own notes on one process.
  private struct Books {
    var threads: [UInt32: ThreadLedger] = [:]
    var arrivals: [UInt64: Arrival] = [:]
    /// Since when the breaker before each callee is open, for those that are.
    var openBreakers: [UInt32: UInt64] = [:]
    /// Its records cannot be judged, and why.
    var gap: LogAudit.Gap?
  }

  private let snapshot: LogSnapshot
  private var replay = ChainReplay()
  private var audit: LogAudit
  private var books: [UInt16: Books] = [:]
  private var round = RoundTrips()
  /// Requests that have arrived before the call that they are from, by its client span.
  private var early: [UInt64: Record] = [:]
  /// Most of them are those of clients outside, whose calls never come.
  private static let earlyLimit = 100_000

  init(_ snapshot: LogSnapshot) {
    self.snapshot = snapshot
    audit = LogAudit(lost: snapshot.loss, hosts: snapshot.hosts)
    replay.learn(snapshot)
    for process in snapshot.processes where process.dropped > 0 {
      note(.dropped, of: UInt16(truncatingIfNeeded: process.slot))
    }
    for process in snapshot.processes where process.fate == .died && snapshot.loss.holes > 0 {
      note(.died, of: UInt16(truncatingIfNeeded: process.slot))
    }
    for record in snapshot.records where record.kind == .dropped { note(.dropped, of: record.process) }
  }

  private mutating func note(_ gap: LogAudit.Gap, of process: UInt16) {
    books[process, default: Books()].gap = gap
  }

  consuming func finish() -> LogAudit {
    let moment = snapshot.moment
    for record in snapshot.records where record.time <= moment { take(record) }
    for process in replay.processes.values.sorted(by: { $0.slot < $1.slot }) { close(process, at: moment) }
    for span in replay.spans.values {
      if replay.processes[span.process]?.fate == .died { count(.died) } else { audit.open += 1 }
    }
    audit.residual = round.residual
    return audit
  }

  // MARK: Records

  private mutating func take(_ record: Record) {
    if let kind = record.kind, replay.processes[record.process]?.overAt == nil {
      checkBefore(record, kind)
      enter(record, kind)
    }
    if let misfit = replay.apply(record) { judge(misfit, record) }
  }

  /// What must be looked at before the record takes it away.
  private mutating func checkBefore(_ record: Record, _ kind: RecordKind) {
    switch kind {
    case .threadStop:
      if let thread = replay.processes[record.process]?.threads[record.thread] {
        close(thread, process: record.process, at: record.time)
      }
    case .processStop: stop(record)
    case .processDied: if replay.slot(ofDeath: record) == nil { count(.unjoined) }
    case .arrive:
      countParent(of: record)
      noteEarly(record)
    case .spanStart:
      countParent(of: record)
      checkOrder(of: record.span, record)
      audit.checked.spans += 1
    case .spanEnd: round.endClient(record, replay)
    case .end, .reject: checkRequest(record)
    case .workStart: countAbandoned(record)
    case .waitStart:
      checkBreaker(record)
      checkOrder(of: record.other, record)
      if record.waitFlags.contains(.held) { countAbandoned(record) }
    case .waitEnd: audit.checked.waits += 1
    default: break
    }
  }

  /// The auditor's own account of the same record.
  private mutating func enter(_ record: Record, _ kind: RecordKind) {
    let isHeld = record.waitFlags.contains(.held)
    switch kind {
    case .threadStart: ledger(record) { $0.start(record) }
    case .threadStop: books[record.process]?.threads[record.thread] = nil
    case .processStop: books[record.process] = nil
    case .waitStart where isHeld: ledger(record) { $0.startWait(record) }
    case .waitEnd where isHeld: ledger(record) { $0.endWait(record) }
    case .workStart: ledger(record) { $0.startWork(record) }
    case .workEnd: ledger(record) { $0.endWork(record) }
    case .breaker:
      let isOpen = record.detail == BreakerState.open.rawValue
      books[record.process, default: Books()].openBreakers[record.name] = isOpen ? record.time : nil
    case .arrive: books[record.process, default: Books()].arrivals[record.span] = Arrival(arrivedAt: record.time)
    case .dequeue:
      books[record.process]?.arrivals[record.span]?.dequeuedAt = record.time
      if IOModel(code: record.detail)?.holdsThread ?? false { ledger(record) { $0.startWork(record) } }
    case .end, .reject:
      books[record.process]?.arrivals[record.span] = nil
      ledger(record) { $0.endWork(record) }
    default: break
    }
  }

  private mutating func ledger(_ record: Record, _ change: (inout ThreadLedger) -> Void) {
    change(&books[record.process, default: Books()].threads[record.thread, default: ThreadLedger()])
  }

  private mutating func countParent(of record: Record) {
    if record.other == 0 {
      audit.parents.none += 1
      return
    }
    switch replay.standing(of: record.other, process: record.process) {
    case .open: audit.parents.open += 1
    case .ended: audit.parents.ended += 1
    case .unknown: audit.parents.unknown += 1
    }
  }

  private mutating func countAbandoned(_ record: Record) {
    if replay.standing(of: record.span, process: record.process) == .ended { audit.abandoned += 1 }
  }

  // MARK: Checks

  private mutating func checkRequest(_ record: Record) {
    let key = RequestKey(record)
    guard let request = replay.request(key), request.isComplete,
      let arrival = books[record.process]?.arrivals[record.span]
    else { return }
    let response = elapsed(arrival.arrivedAt, record.time)
    round.endServer(request, key, response: response, replay)
    if let gap = gap(record, since: request.arrivedAt) { return count(gap) }
    let times = request.times(until: record.time)
    let queueWait = elapsed(arrival.arrivedAt, arrival.dequeuedAt ?? record.time)
    let serviceTime = arrival.dequeuedAt.map { elapsed($0, record.time) } ?? 0
    audit.checked.requests += 1
    audit.requestTime.queueWait &+= queueWait
    audit.requestTime.serviceTime &+= serviceTime
    audit.requestTime.responseTime &+= response
    guard times.queueWait == queueWait, times.serviceTime == serviceTime, queueWait &+ serviceTime == response else {
      let phases = "queue wait \(times.queueWait) ns and service time \(times.serviceTime) ns by its phases"
      let stamps = "\(queueWait) ns and \(serviceTime) ns by its records"
      return violate(.requestTime, record, "\(phases), \(stamps), response time \(response) ns")
    }
  }

  /// A call whose span began before the breaker opened may have been let pass before.
  private mutating func checkBreaker(_ record: Record) {
    guard record.detail == WaitCause.call.rawValue,
      let openSince = books[record.process]?.openBreakers[record.name],
      let call = replay.spans[record.other], call.process == record.process, call.startedAt > openSince
    else { return }
    if let gap = gap(record, since: openSince) { return count(gap) }
    violate(.openBreaker, record, "a call to \(replay.strings[record.name]), whose breaker is open")
  }

  /// Of a run over several hosts: what arrives when its call has not begun.
  private mutating func noteEarly(_ record: Record) {
    guard snapshot.hosts.count > 1, record.other != 0, early.count < Self.earlyLimit,
      replay.standing(of: record.other, process: record.process) == .unknown
    else { return }
    early[record.other] = record
  }

  /// The call begins, of which a request may have arrived already.
  private mutating func checkOrder(of client: UInt64, _ record: Record) {
    guard !early.isEmpty, let arrival = early.removeValue(forKey: client),
      snapshot.areApart(arrival.process, record.process)
    else { return }
    let ahead = elapsed(arrival.time, record.time)
    let bound = snapshot.clockBound(arrival.process, record.process)
    guard ahead > bound ?? 0 else { return }
    if let gap = gap(arrival, since: arrival.time) { return count(gap) }
    let host = snapshot.host(of: record.process)?.name ?? ""
    let limits =
      bound.map { "their clocks agree to \(FigureText.duration($0))" } ?? "how their clocks stand is not known"
    violate(
      .callOrder, arrival, "it arrives \(FigureText.duration(ahead)) before its call on host \(host); \(limits)")
  }

  private mutating func close(_ thread: ThreadReplay, process: UInt16, at end: UInt64) {
    guard thread.isAnnounced else { return }  // judged when its first record came
    var place = Record(kind: .threadStop, time: end, thread: thread.tid, process: process)
    place.span = thread.span ?? 0
    if let gap = gap(place, since: thread.beganAt) { return count(gap) }
    audit.checked.threads += 1
    let ledger = books[process]?.threads[thread.tid] ?? ThreadLedger()
    for (invariant, what) in ledger.disagreements(with: thread, until: end) { violate(invariant, place, what) }
  }

  private mutating func stop(_ record: Record) {
    guard let process = replay.processes[record.process] else { return }
    for thread in process.threads.values { close(thread, process: process.slot, at: record.time) }
    for _ in process.requests { count(.stopped) }
  }

  /// At the end of the log.
  private mutating func close(_ process: ProcessReplay, at moment: UInt64) {
    let waits = process.threads.values.reduce(0) { $0 + $1.waits.count }
    let open = process.requests.values.reduce(waits) { $0 + 1 + $1.waits.count }
    if process.fate == .died {
      let cutOff = open + process.threads.count
      if cutOff > 0 { audit.incomplete[.died, default: 0] += cutOff }
      return
    }
    audit.open += open
    for thread in process.threads.values.sorted(by: { $0.tid < $1.tid }) {
      close(thread, process: process.slot, at: moment)
    }
  }

  // MARK: Verdicts

  private mutating func judge(_ misfit: Misfit, _ record: Record) {
    if misfit.kind == .afterStop { return count(.stopped) }
    if let gap = gap(record, since: misfit.since) { return count(gap) }
    let isOfWait = record.kind == .waitStart || record.kind == .waitEnd || record.kind == .workStart
    let isOutside = isOfWait && (misfit.kind == .unknownRequest || misfit.kind == .afterEnd)
    violate(isOutside ? .nesting : misfit.kind.invariant, record, misfit.kind.rawValue)
  }

  /// Why a record may look wrong though its writer did nothing wrong. The thing that it is about began at `since`, or
  /// nobody knows when.
  private func gap(_ record: Record, since: UInt64?) -> LogAudit.Gap? {
    if snapshot.loss.damaged > 0 || snapshot.loss.pending > 0 { return .unread }
    if let gap = books[record.process]?.gap { return gap }
    guard snapshot.completeSince > 0 else { return nil }
    return min(since ?? 0, record.time) < snapshot.completeSince ? .overwritten : nil
  }

  private mutating func count(_ gap: LogAudit.Gap) {
    audit.incomplete[gap, default: 0] += 1
  }

  private mutating func violate(_ invariant: Invariant, _ record: Record, _ what: String) {
    let process = replay.processes[record.process]
    let isText = record.kind == .attribute  // its trace id is a piece of text
    audit.add(
      Violation(
        invariant: invariant, time: elapsed(snapshot.createdAt, record.time),
        service: process?.name ?? "process \(record.process)", pid: process?.pid ?? 0, tid: record.thread,
        span: record.span == 0 ? nil : SpanID(rawValue: record.span), trace: isText ? nil : record.trace, what: what))
  }
}

/// Joins a load generator's client spans with the requests they became, whichever of the two ends first.
private struct RoundTrips {
  private(set) var residual = Residual()
  /// Response times by client span that is still open.
  private var answered: [UInt64: UInt64] = [:]
  /// Client times by client span whose request is still open.
  private var measured: [UInt64: UInt64] = [:]

  mutating func endServer(_ request: RequestReplay, _ key: RequestKey, response: UInt64, _ replay: ChainReplay) {
    if let client = measured.removeValue(forKey: request.parent) {
      residual.add(client: client, server: response)
    } else if let span = replay.spans[request.parent], isLoad(span), span.process != key.process {
      answered[request.parent] = response
    }
  }

  mutating func endClient(_ record: Record, _ replay: ChainReplay) {
    guard let span = replay.spans[record.span], span.process == record.process, isLoad(span) else { return }
    let server = answered.removeValue(forKey: record.span)
    let client = elapsed(span.startedAt, record.time)
    if record.arg == 0 {
      residual.unanswered += 1
    } else if let server {
      residual.add(client: client, server: server)
    } else if replay.callee(of: record.span) != nil {
      measured[record.span] = client
    } else {
      residual.unanswered += 1
    }
  }

  private func isLoad(_ span: OpenSpan) -> Bool { span.kind == .client && span.parent == 0 }
}
