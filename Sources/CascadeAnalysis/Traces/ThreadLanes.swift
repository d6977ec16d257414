package import ChainModel
import TraceLog

/// What threads did for one trace: when each ran its code, and when a wait held it.
///
/// A request that is suspended is on no thread, so a chain that never blocks leaves only short slices here.
struct ThreadLanes {
  struct Key: Hashable {
    var process: UInt16
    var thread: UInt32
  }

  struct Slice {
    /// The wait that held the thread; nil while it ran.
    var wait: Wait?
    var start: UInt64
    /// Nil if it has not ended.
    var end: UInt64?
  }

  struct Wait {
    var id: UInt64
    var cause: WaitCause
    var target: UInt32
  }

  private struct Doing {
    /// Requests of the trace, and work for them, that the thread is at.
    var tasks = 0
    /// Innermost last.
    var waits: [Wait] = []
  }

  static let sliceLimit = 16_384
  static let depthLimit = 64

  /// In the order in which the threads came to it.
  private(set) var keys: [Key] = []
  private(set) var slices: [Key: [Slice]] = [:]
  private(set) var left = 0
  private var count = 0
  private var doing: [Key: Doing] = [:]
  /// The thread that runs a request, and how many waits suspend it.
  private var runners: [RequestKey: Key] = [:]
  private var suspensions: [RequestKey: Int] = [:]

  mutating func apply(_ record: Record) {
    let key = Key(process: record.process, thread: record.thread)
    let request = RequestKey(process: record.process, span: record.span)
    let isHeld = record.waitFlags.contains(.held)
    switch record.kind {
    case .dequeue: run(request, on: key, record.time)
    case .end, .reject:
      suspensions[request] = nil
      leave(request, record.time)
    case .waitStart where isHeld:
      change(key, record.time) { doing in
        guard doing.waits.count < Self.depthLimit else { return }
        doing.waits.append(
          Wait(id: record.other, cause: WaitCause(rawValue: record.detail) ?? .other, target: record.name))
      }
    case .waitEnd where isHeld: change(key, record.time) { $0.waits.removeAll { $0.id == record.other } }
    case .waitStart:
      suspensions[request, default: 0] += 1
      leave(request, record.time)
    case .waitEnd:
      guard let open = suspensions[request] else { return }
      suspensions[request] = open > 1 ? open - 1 : nil
      if open == 1 { run(request, on: key, record.time) }
    case .workStart: change(key, record.time) { $0.tasks += 1 }
    case .workEnd: change(key, record.time) { $0.tasks = max(0, $0.tasks - 1) }
    default: break
    }
  }

  private mutating func run(_ request: RequestKey, on key: Key, _ time: UInt64) {
    leave(request, time)
    runners[request] = key
    change(key, time) { $0.tasks += 1 }
  }

  private mutating func leave(_ request: RequestKey, _ time: UInt64) {
    guard let key = runners.removeValue(forKey: request) else { return }
    change(key, time) { $0.tasks = max(0, $0.tasks - 1) }
  }

  /// Ends the thread's slice and begins the next one, if it is at something still.
  private mutating func change(_ key: Key, _ time: UInt64, _ edit: (inout Doing) -> Void) {
    var now = doing[key] ?? Doing()
    edit(&now)
    doing[key] = now.tasks == 0 && now.waits.isEmpty ? nil : now
    if slices[key] == nil {
      keys.append(key)
      slices[key] = []
    }
    if let last = slices[key]?.indices.last, slices[key]?[last].end == nil {
      slices[key]?[last].end = time
      if slices[key]?[last].start == time {
        slices[key]?.removeLast()
        count -= 1
      }
    }
    guard now.tasks > 0 || !now.waits.isEmpty else { return }
    guard count < Self.sliceLimit else { return left += 1 }
    count += 1
    slices[key]?.append(Slice(wait: now.waits.last, start: time))
  }
}

/// A thread's part in a trace.
///
/// Keys: `service`, `thread`, `running_ns`, `blocked_ns`, `slices` (each with `state`, which is `running` or `blocked`,
/// `start_ns` from the run's start, `duration_ns`, and of a blocked one `cause` and `target`).
package struct ThreadLane: Encodable, Hashable, Sendable {
  package struct Slice: Encodable, Hashable, Sendable {
    package var start: UInt64
    package var duration: UInt64
    /// What held the thread; nil while it ran.
    package var cause: WaitCause?
    package var target: String?

    private enum CodingKeys: String, CodingKey {
      case state, cause, target
      case start = "start_ns"
      case duration = "duration_ns"
    }

    package func encode(to encoder: any Encoder) throws {
      var keys = encoder.container(keyedBy: CodingKeys.self)
      try keys.encode(cause == nil ? "running" : "blocked", forKey: .state)
      try keys.encode(start, forKey: .start)
      try keys.encode(duration, forKey: .duration)
      try keys.encodeIfPresent(cause?.name, forKey: .cause)
      try keys.encodeIfPresent(target, forKey: .target)
    }
  }

  package var service: String
  package var thread: String
  package var slices: [Slice]

  package var running: UInt64 { slices.reduce(0) { $1.cause == nil ? $0 &+ $1.duration : $0 } }
  package var blocked: UInt64 { slices.reduce(0) { $1.cause == nil ? $0 : $0 &+ $1.duration } }

  private enum CodingKeys: String, CodingKey {
    case service, thread, slices
    case running = "running_ns"
    case blocked = "blocked_ns"
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(service, forKey: .service)
    try keys.encode(thread, forKey: .thread)
    try keys.encode(running, forKey: .running)
    try keys.encode(blocked, forKey: .blocked)
    try keys.encode(slices, forKey: .slices)
  }
}
