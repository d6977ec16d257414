package import ChainModel

/// Nanoseconds that a thread has spent in each state. A thread that is ready to run but has no processor counts as
/// running: records cannot tell the two apart.
package struct ThreadTimes: Hashable, Sendable {
  package var idle: UInt64 = 0
  package var running: UInt64 = 0
  package var blocked: [WaitCause: UInt64] = [:]

  package var blockedTotal: UInt64 { blocked.values.reduce(0, &+) }
  package var total: UInt64 { idle &+ running &+ blockedTotal }

  mutating func add(_ time: UInt64, to state: ThreadReplay.State) {
    switch state {
    case .idle: idle &+= time
    case .running: running &+= time
    case .blocked(let wait): blocked[wait.cause, default: 0] &+= time
    }
  }
}

/// A thread of a process, as the records so far describe it.
package struct ThreadReplay: Sendable {
  package enum State: Hashable, Sendable {
    case idle
    case running
    /// By its innermost open wait.
    case blocked(OpenWait)
  }

  /// What a worker, hired or store thread is busy with: nothing else until it is finished.
  package struct Work: Hashable, Sendable {
    /// The request's span.
    package var span: UInt64
    /// The request's wait that the work will end; 0 when the thread runs the whole request.
    package var wait: UInt64
    /// What is done, as an id of `LogStrings`; 0 for a whole request.
    package var name: UInt32
    package var since: UInt64
  }

  static let nestingLimit = 64

  package let tid: UInt32
  package private(set) var name: UInt32 = 0
  package private(set) var role = ThreadRole.other
  /// Whether a start of the thread has been read. Without it, name and role are unknown.
  package private(set) var isAnnounced = false
  package private(set) var beganAt: UInt64
  /// Nil when its start has not been read: then it began before all that is known of it.
  var knownBeginning: UInt64? { isAnnounced ? beganAt : nil }
  /// Since when it is in its present state.
  package private(set) var since: UInt64
  /// How often its state has changed.
  package private(set) var changes: UInt64 = 0
  package private(set) var work: Work?
  /// On an event loop: the requests whose code is running or due to run.
  package private(set) var runnable: Set<UInt64> = []
  /// The request that became runnable last.
  package private(set) var latestRunnable: UInt64 = 0
  /// Open waits that hold the thread, innermost last. More than one breaks an invariant.
  package private(set) var waits: [OpenWait] = []
  private var times = ThreadTimes()
  private var accountedUntil: UInt64
  private let keepsSlices: Bool
  private var ended: [Ended] = []

  /// A state that is over; never an idle one.
  struct Ended {
    var tid: UInt32
    var wait: OpenWait?
    var span: UInt64
    var start: UInt64
    var end: UInt64
  }

  init(tid: UInt32, beganAt: UInt64, keepsSlices: Bool) {
    self.keepsSlices = keepsSlices
    self.tid = tid
    self.beganAt = beganAt
    since = beganAt
    accountedUntil = beganAt
  }

  package var state: State {
    if let wait = waits.last { return .blocked(wait) }
    return work == nil && runnable.isEmpty ? .idle : .running
  }

  /// The span of the request that it works for now.
  package var span: UInt64? {
    if let work { return work.span }
    return runnable.contains(latestRunnable) ? latestRunnable : runnable.min()
  }

  /// What it has spent in each state since the first record that showed its state.
  package func times(until now: UInt64) -> ThreadTimes {
    var times = times
    times.add(elapsed(accountedUntil, now), to: state)
    return times
  }

  /// Whether a record of this time would lie before what has been accounted for.
  func isAhead(of time: UInt64) -> Bool { time < accountedUntil }

  mutating func announce(name: UInt32, role: ThreadRole, beganAt: UInt64) {
    self.name = name
    self.role = role
    self.beganAt = beganAt
    isAnnounced = true
  }

  /// - Returns: false if the thread was at other work, which is forgotten.
  mutating func begin(_ work: Work) -> Bool {
    let isFree = self.work == nil
    change(at: work.since) { $0.work = work }
    return isFree
  }

  /// - Returns: false if the thread was not at that work.
  mutating func finish(span: UInt64, at time: UInt64) -> Bool {
    guard work?.span == span else { return false }
    change(at: time) { $0.work = nil }
    return true
  }

  /// A request's code starts or goes on, on an event loop.
  mutating func resume(_ span: UInt64, at time: UInt64) {
    change(at: time) { thread in
      thread.runnable.insert(span)
      thread.latestRunnable = span
    }
  }

  /// A request's code on an event loop suspends or is done.
  mutating func suspend(_ span: UInt64, at time: UInt64) {
    guard runnable.contains(span) else { return }
    change(at: time) { $0.runnable.remove(span) }
  }

  mutating func block(_ wait: OpenWait) -> Misfit.Kind? {
    guard waits.count < Self.nestingLimit else { return .tooMany }
    guard !waits.contains(where: { $0.id == wait.id }) else { return .duplicateWait }
    let overlaps = !waits.isEmpty
    let isAtWork = work?.span == wait.span || runnable.contains(wait.span) || wait.span == 0
    change(at: wait.since) { $0.waits.append(wait) }
    if overlaps { return .overlappingWait }
    return isAtWork ? nil : .threadIdle
  }

  mutating func unblock(_ id: UInt64, at time: UInt64) -> OpenWait? {
    guard let index = waits.lastIndex(where: { $0.id == id }) else { return nil }
    let wait = waits[index]
    change(at: time) { _ = $0.waits.remove(at: index) }
    return wait
  }

  /// Lets go of a request that has ended.
  /// - Returns: true if one of its waits still held the thread.
  mutating func release(_ span: UInt64, at time: UInt64) -> Bool {
    let held = waits.contains { $0.span == span }
    change(at: time) { thread in
      if thread.work?.span == span, thread.work?.wait == 0 { thread.work = nil }
      thread.runnable.remove(span)
      if held { thread.waits.removeAll { $0.span == span } }
    }
    return held
  }

  private mutating func change(at time: UInt64, _ body: (inout ThreadReplay) -> Void) {
    let before = state
    let slice = keepsSlices ? slice(until: time) : nil
    times.add(elapsed(accountedUntil, time), to: before)
    accountedUntil = time
    body(&self)
    guard state != before else { return }
    if let slice { ended.append(slice) }
    since = time
    changes &+= 1
  }

  /// Nil for an idle thread, and for no time at all.
  private func slice(until end: UInt64) -> Ended? {
    guard state != .idle, end > since else { return nil }
    return Ended(tid: tid, wait: waits.last, span: waits.last?.span ?? span ?? 0, start: since, end: end)
  }

  /// What has ended since the last call, and with a moment what goes on then.
  mutating func takeEnded(until moment: UInt64?) -> [Ended] {
    defer { ended.removeAll() }
    return ended + (moment.flatMap { slice(until: $0) }.map { [$0] } ?? [])
  }
}
