package import ChainModel

/// One process, as its own records so far describe it: its threads, and the requests that it has not answered yet.
///
/// A process that dies keeps both as they were at that moment; one that stops on its own account has none left.
package struct ProcessReplay: Sendable {
  package struct Pool: Hashable, Sendable {
    package var threads: UInt32
    package var queueLimit: UInt64
  }

  /// Its place in the log's table; a later process has a higher one.
  package let slot: UInt16
  package private(set) var name: String
  package private(set) var pid: UInt32
  package internal(set) var threads: [UInt32: ThreadReplay] = [:]
  /// Not of a process that a foreign trace tells of.
  package private(set) var hasHadThreads = false
  /// By server span.
  package private(set) var requests: [UInt64: RequestReplay] = [:]
  package private(set) var pool: Pool?
  /// One for each of `PoolReplay.roles`, in their order.
  package internal(set) var pools = PoolReplay.roles.map { PoolReplay(role: $0) }
  /// Requests that wait while no thread of their event loop is held.
  package internal(set) var suspended = 0
  package private(set) var model: IOModel?
  /// The faults in force, as ids of `LogStrings`, each with the time since when.
  package private(set) var faults: [UInt32: UInt64] = [:]
  package private(set) var stoppedAt: UInt64?
  package private(set) var diedAt: UInt64?
  /// How the supervisor saw it end: a signal, or 256 + exit code.
  package private(set) var exit: UInt64?
  package private(set) var lastRecordAt: UInt64 = 0
  /// What the table of processes says, which has no time.
  private var tableFate: LogProcess.Fate?

  let keeps: ReplayKeep
  /// What is over, as far as it is kept.
  var past = ReplayPast()

  init(slot: UInt16, keeps: ReplayKeep) {
    self.slot = slot
    self.keeps = keeps
    name = "process \(slot)"
    pid = 0
  }

  /// What has become of it, by its records or, where they do not say, by the table of processes.
  package var fate: LogProcess.Fate {
    if stoppedAt != nil { return .stopped }
    return diedAt != nil ? .died : tableFate ?? .running
  }

  /// When it stopped or died, if a record says so. Records that come later do not count.
  package var overAt: UInt64? { stoppedAt ?? diedAt }

  mutating func learn(_ process: LogProcess) {
    name = process.name
    pid = UInt32(bitPattern: process.identity.pid)
    tableFate = process.fate
  }

  mutating func start(name: String, pid: UInt32) {
    if !name.isEmpty { self.name = name }
    self.pid = pid
  }

  mutating func stop(at time: UInt64) {
    stoppedAt = time
    for tid in Array(threads.keys) { close(tid, at: time) }
    for request in requests.values { close(request, at: nil) }
    threads = [:]
    for place in pools.indices { pools[place].clear() }
    suspended = 0
    requests = [:]
    faults = [:]
    model = nil
  }

  mutating func die(at time: UInt64, exit: UInt64) {
    diedAt = time
    self.exit = exit
  }

  /// Applies a record of this process, of one of the kinds that concern nobody else.
  mutating func fit(_ record: Record, _ kind: RecordKind) -> Misfit? {
    lastRecordAt = max(lastRecordAt, record.time)
    // A request's end may let go of another thread than the one that tells of it.
    let runner = requests[record.span]?.thread
    let other = runner == record.thread ? nil : runner
    let before = shares(record, other)
    let misfit = change(record, kind)
    let after = shares(record, other)
    if before != after {
      count(before, times: -1)
      count(after, times: 1)
    }
    return misfit
  }

  private mutating func change(_ record: Record, _ kind: RecordKind) -> Misfit? {
    switch kind {
    case .threadStart: return startThread(record)
    case .threadStop: return stopThread(record)
    case .pool: resize(record)
    case .model: model = IOModel(code: record.detail) ?? model
    case .fault: faults[record.name] = record.detail == 0 ? nil : record.time
    case .attribute: return addUser(record)
    case .arrive: return arrive(record)
    case .enqueue: return enqueue(record)
    case .dequeue: return dequeue(record)
    case .end, .reject: return finish(record, kind)
    case .waitStart: return record.waitFlags.contains(.held) ? block(record) : suspend(record)
    case .waitEnd: return record.waitFlags.contains(.held) ? unblock(record) : resume(record)
    case .workStart: return startWork(record)
    case .workEnd: return endWork(record)
    case .processStart, .processStop, .processDied, .spanStart, .spanEnd, .stall, .dropped, .sample, .policy,
      .breaker, .clock:
      break
    }
    return nil
  }

  private mutating func resize(_ record: Record) {
    pool = Pool(threads: record.arg, queueLimit: record.other)
    for place in pools.indices where pools[place].role != .store { pools[place].configured = Int(record.arg) }
  }
}

// MARK: Threads

extension ProcessReplay {
  private mutating func startThread(_ record: Record) -> Misfit? {
    let beganAt = record.other == 0 ? record.time : record.other
    var misfit: Misfit?
    if let known = threads[record.thread], known.isAnnounced {
      if known.beganAt == beganAt { return nil }
      misfit = Misfit(.threadRestarted, since: known.beganAt)
      close(record.thread, at: record.time)
      threads[record.thread] = nil
    }
    let keepsSlices = keeps.contains(.slices)
    hasHadThreads = true
    threads[record.thread, default: ThreadReplay(tid: record.thread, beganAt: beganAt, keepsSlices: keepsSlices)]
      .announce(name: record.name, role: ThreadRole(rawValue: record.detail) ?? .other, beganAt: beganAt)
    return misfit
  }

  private mutating func stopThread(_ record: Record) -> Misfit? {
    close(record.thread, at: record.time)
    guard let thread = threads.removeValue(forKey: record.thread) else { return Misfit(.threadNotStarted) }
    return thread.waits.isEmpty ? nil : Misfit(.openAtEnd, since: thread.knownBeginning)
  }

  /// Changes the record's thread, which is met here for the first time if its start is not in the log.
  private mutating func onThread(
    _ record: Record, _ change: (inout ThreadReplay) -> Misfit.Kind?
  ) -> Misfit? {
    let isKnown = threads[record.thread] != nil
    let isBackwards = threads[record.thread]?.isAhead(of: record.time) ?? false
    let (tid, time, keepsSlices) = (record.thread, record.time, keeps.contains(.slices))
    let kind = change(&threads[tid, default: ThreadReplay(tid: tid, beganAt: time, keepsSlices: keepsSlices)])
    guard isKnown else { return Misfit(.threadNotStarted) }
    let beganAt = threads[tid]?.knownBeginning
    if let kind { return Misfit(kind, since: beganAt) }
    return isBackwards ? Misfit(.timeBackwards, since: beganAt) : nil
  }

  private mutating func startWork(_ record: Record) -> Misfit? {
    let work = ThreadReplay.Work(span: record.span, wait: record.other, name: record.name, since: record.time)
    requests[record.span]?.takeUp()
    return onThread(record) { $0.begin(work) ? nil : .threadBusy }
  }

  private mutating func endWork(_ record: Record) -> Misfit? {
    onThread(record) { $0.finish(span: record.span, at: record.time) ? nil : .threadIdle }
  }

  private mutating func block(_ record: Record) -> Misfit? {
    let wait = OpenWait(record)
    return onThread(record) { $0.block(wait) }
  }

  private mutating func unblock(_ record: Record) -> Misfit? {
    var ended: OpenWait?
    let misfit = onThread(record) { thread in
      ended = thread.unblock(record.other, at: record.time)
      return ended == nil ? .unknownWait : nil
    }
    if let ended { keep(ended, record) }
    return misfit
  }
}

// MARK: Requests

extension ProcessReplay {
  private mutating func arrive(_ record: Record) -> Misfit? {
    let known = requests.updateValue(RequestReplay(arrival: record), forKey: record.span)
    return known.map { Misfit(.duplicateRequest, since: $0.knownArrival) }
  }

  private mutating func enqueue(_ record: Record) -> Misfit? {
    onRequest(record) { $0.enqueue(at: record.time) ? nil : .wrongPhase }
  }

  private mutating func addUser(_ record: Record) -> Misfit? {
    onRequest(record) { $0.addUser(Array(record.text), at: record.arg) ? nil : .badAttribute }
  }

  /// Changes the record's request, which is implied by this record if its arrival is not in the log.
  private mutating func onRequest(_ record: Record, _ change: (inout RequestReplay) -> Misfit.Kind?) -> Misfit? {
    // Not the request itself: its lists would be copied for the change.
    let known = requests[record.span].map(\.knownArrival)
    let kind = change(&requests[record.span, default: RequestReplay(impliedBy: record)])
    guard let known else { return Misfit(.unknownRequest) }
    return kind.map { Misfit($0, since: known) }
  }

  private mutating func dequeue(_ record: Record) -> Misfit? {
    let model = IOModel(code: record.detail)
    let misfit = onRequest(record) {
      $0.dequeue(at: record.time, thread: record.thread, model: model) ? nil : .wrongPhase
    }
    let onThread = onThread(record) { thread in
      if model?.holdsThread ?? (thread.role == .worker) {
        let work = ThreadReplay.Work(span: record.span, wait: 0, name: 0, since: record.time)
        return thread.begin(work) ? nil : .threadBusy
      }
      thread.resume(record.span, at: record.time)
      return nil
    }
    return misfit ?? onThread
  }

  /// A request that is suspended; its event loop goes on to other work.
  private mutating func suspend(_ record: Record) -> Misfit? {
    let misfit = onRequest(record) { $0.wait(OpenWait(record)) }
    let onThread = onThread(record) { thread in
      thread.suspend(record.span, at: record.time)
      return nil
    }
    return misfit ?? onThread
  }

  private mutating func resume(_ record: Record) -> Misfit? {
    guard let known = requests[record.span].map(\.knownArrival) else { return Misfit(.unknownRequest) }
    guard let ended = requests[record.span]?.endWait(record.other, at: record.time, thread: record.thread) else {
      return Misfit(.unknownWait, since: known)
    }
    keep(ended, record)
    let goesOn = requests[record.span]?.waits.isEmpty ?? false
    return onThread(record) { thread in
      if goesOn { thread.resume(record.span, at: record.time) }
      return nil
    }
  }

  private mutating func finish(_ record: Record, _ kind: RecordKind) -> Misfit? {
    guard let request = requests.removeValue(forKey: record.span) else {
      _ = threads[record.thread]?.release(record.span, at: record.time)
      return Misfit(.unknownRequest)
    }
    var wrong: Misfit.Kind? = request.waits.isEmpty ? nil : .openAtEnd
    if request.phase == .running, request.thread != record.thread { wrong = .wrongThread }
    if kind == .reject, request.dequeuedAt != nil { wrong = .wrongPhase }
    if let thread = request.thread, let cut = threads[thread]?.release(record.span, at: record.time), !cut.isEmpty {
      for wait in cut { keep(wait) }
      wrong = .openAtEnd
    }
    close(request, at: record.time)
    return wrong.map { Misfit($0, since: request.knownArrival) }
  }
}
