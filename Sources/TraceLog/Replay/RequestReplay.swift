package import ChainModel

/// A request as its service's records so far describe it, from its arrival until its end.
package struct RequestReplay: Sendable {
  package enum Phase: Hashable, Sendable {
    /// Its head has been read.
    case arrived
    case queued
    /// A thread runs it; that thread may be blocked.
    case running
    /// It waits, and no thread of its event loop is held.
    case suspended
  }

  /// Nanoseconds spent in each phase; the first two are `queueWait`, the other two `serviceTime`.
  package struct Times: Hashable, Sendable {
    package var arrived: UInt64 = 0
    package var queued: UInt64 = 0
    package var running: UInt64 = 0
    package var suspended: UInt64 = 0

    package var queueWait: UInt64 { arrived &+ queued }
    package var serviceTime: UInt64 { running &+ suspended }
  }

  static let waitLimit = 256
  package static let userLimit = 240

  package let span: UInt64
  package let trace: TraceID?
  /// The caller's client span; 0 for a request that begins a trace.
  package let parent: UInt64
  /// `METHOD /route` as an id of `LogStrings`.
  package let route: UInt32
  package let arrivedAt: UInt64
  /// Whether the arrival itself was read; without it, parent and route are unknown and times are too short.
  package let isComplete: Bool
  /// Nil when its arrival has not been read: then it arrived before all that is known of it.
  var knownArrival: UInt64? { isComplete ? arrivedAt : nil }
  package private(set) var phase = Phase.arrived
  package private(set) var since: UInt64
  package private(set) var enqueuedAt: UInt64?
  package private(set) var dequeuedAt: UInt64?
  /// The thread that runs it, or ran it last.
  package private(set) var thread: UInt32?
  package private(set) var model: IOModel?
  /// Open waits that hold no thread, oldest first.
  package private(set) var waits: [OpenWait] = []
  private var user: [UInt8] = []
  private var times = Times()

  init(arrival record: Record) {
    self.init(record, parent: record.other, route: record.name, isComplete: true)
  }

  /// A request whose arrival is not in the log.
  init(impliedBy record: Record) {
    self.init(record, parent: 0, route: 0, isComplete: false)
  }

  private init(_ record: Record, parent: UInt64, route: UInt32, isComplete: Bool) {
    span = record.span
    trace = record.trace
    self.parent = parent
    self.route = route
    self.isComplete = isComplete
    arrivedAt = record.time
    since = record.time
  }

  /// The user the request is for; empty if it has not said.
  package var userName: String { String(decoding: user, as: UTF8.self) }

  package func times(until now: UInt64) -> Times {
    var times = times
    let time = elapsed(since, now)
    switch phase {
    case .arrived: times.arrived &+= time
    case .queued: times.queued &+= time
    case .running: times.running &+= time
    case .suspended: times.suspended &+= time
    }
    return times
  }

  mutating func enqueue(at time: UInt64) -> Bool {
    guard phase == .arrived else { return false }
    enter(.queued, at: time)
    enqueuedAt = time
    return true
  }

  mutating func dequeue(at time: UInt64, thread: UInt32, model: IOModel?) -> Bool {
    guard dequeuedAt == nil else { return false }
    enter(.running, at: time)
    dequeuedAt = time
    self.thread = thread
    self.model = model
    return true
  }

  mutating func wait(_ wait: OpenWait) -> Misfit.Kind? {
    guard waits.count < Self.waitLimit else { return .tooMany }
    guard !waits.contains(where: { $0.id == wait.id }) else { return .duplicateWait }
    let wasDequeued = phase == .running || phase == .suspended
    waits.append(wait)
    enter(.suspended, at: wait.since)
    return wasDequeued ? nil : .wrongPhase
  }

  /// - Returns: the wait, or nil if it was not open.
  mutating func endWait(_ id: UInt64, at time: UInt64, thread: UInt32) -> OpenWait? {
    guard let index = waits.firstIndex(where: { $0.id == id }) else { return nil }
    let wait = waits.remove(at: index)
    guard waits.isEmpty else { return wait }
    enter(.running, at: time)
    self.thread = thread
    return wait
  }

  /// - Returns: false if the text does not go on where the last piece ended.
  mutating func addUser(_ bytes: [UInt8], at offset: UInt32) -> Bool {
    guard Int(offset) == user.count, user.count + bytes.count <= Self.userLimit else { return false }
    user += bytes
    return true
  }

  private mutating func enter(_ next: Phase, at time: UInt64) {
    times = times(until: time)
    phase = next
    since = time
  }
}
