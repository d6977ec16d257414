import CascadeAnalysis
import ChainModel
import Synchronization
import TraceLog

/// What every thread of a run did, and what requests waited for without a thread, held so that any window of it can be drawn at once. It is filled while the log is gone
/// through, grows at its end, and lets go of its beginning: see `PageLimits`.
final class TimelineIndex: Sendable {
  struct Lane {
    var service: String
    /// Of a row of suspended requests: `suspended` and its number.
    var thread: String
    /// Nil of suspended requests, which no thread waits for.
    var role: ThreadRole?
    var slices = LaneSlices()

    var isOfThread: Bool { role != nil }
    var roleName: String { role?.name ?? "suspended" }
  }

  /// How many requests were in a service's queue, from each moment on.
  struct Queue {
    let service: String
    private(set) var times: [UInt64] = []
    private(set) var depths: [Int32] = []

    /// - Returns: how many more there are.
    fileprivate mutating func set(_ time: UInt64, _ depth: Int32) -> Int {
      if let last = times.indices.last, times[last] == time {
        depths[last] = depth
        return 0
      }
      times.append(time)
      depths.append(depth)
      return 1
    }

    /// What held at that moment stays.
    fileprivate mutating func removeFirst(before time: UInt64) {
      guard let kept = times.lastIndex(where: { $0 <= time }), kept > 0 else { return }
      (times, depths) = (Array(times[kept...]), Array(depths[kept...]))
    }
  }

  /// Something that was done to the chain, or happened to it.
  struct Event: Hashable {
    var time: UInt64
    var process: UInt16
    var text: String
  }

  struct State {
    var runID = ""
    /// Times of the log's clock.
    var origin: UInt64 = 0
    var end: UInt64 = 0
    /// From when on it is known what happened: the log has lost nothing since, and nothing was let go.
    var completeSince: UInt64 { max(logCompleteSince, keptSince) }
    fileprivate var logCompleteSince: UInt64 = 0
    /// What was before has been let go; 0: nothing has.
    fileprivate(set) var keptSince: UInt64 = 0
    /// Slices and changes of queues.
    fileprivate(set) var held = 0
    fileprivate(set) var records = 0
    fileprivate var replicas = ReplicaTable([])
    var lanes: [Lane] = []
    fileprivate(set) var queues: [Queue] = []
    var strings = LogStrings()
    fileprivate(set) var places: [UInt64: Int] = [:]
    private var recent = RecentLanes()
    /// Lanes by service and thread.
    fileprivate var named: [String: Int] = [:]
    /// What has not ended, by lane.
    var open: [Int: LaneSlice] = [:]
    /// Lanes from front to back of the chain, pools before loops, in the order of their names.
    var order: [Int] = []
    /// Oldest first, and not more than can be looked at.
    fileprivate(set) var events: [Event] = []
    fileprivate var known: Set<Event> = []
    fileprivate(set) var processes: [UInt16: String] = [:]
    /// The log knows spans and no threads: lanes are of requests.
    fileprivate(set) var isOfSpans = false
  }

  static let eventLimit = 2_000

  private let state = Mutex(State())

  func read<Result: Sendable>(_ body: (borrowing State) throws -> sending Result) rethrows -> Result {
    try state.withLock { try body($0) }
  }

  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
}

extension TimelineIndex.State {
  private static func key(_ process: UInt16, _ tid: UInt32) -> UInt64 { UInt64(process) << 32 | UInt64(tid) }

  private static func key(_ process: UInt16, row: Int) -> UInt64 { 1 << 63 | UInt64(process) << 32 | UInt64(row) }

  /// Takes what a batch of records says of processes and texts.
  mutating func learn(_ log: LogSnapshot) {
    (runID, origin, logCompleteSince) = (log.runID, log.createdAt, log.completeSince)
    strings = log.strings
    replicas = ReplicaTable(log.processes)
    for process in log.processes {
      guard let slot = UInt16(exactly: process.slot) else { continue }
      processes[slot] = PlainText.clean(process.name)
    }
  }

  mutating func meet(_ record: Record) {
    end = max(end, record.time)
    records += 1
    // Changes and threads are told of by kinds of the lowest numbers, and most records are of others.
    guard record.kindCode < RecordKind.arrive.rawValue else { return }
    if let text = ServiceChange(record, strings)?.textAtWriter {
      note(TimelineIndex.Event(time: record.time, process: record.process, text: text))
    }
    guard record.kind == .threadStart else { return }
    let name = PlainText.clean(strings[record.name])
    add(Self.key(record.process, record.thread), record.process, name, ThreadRole(rawValue: record.detail) ?? .other)
  }

  /// What lasts is written again and again with the time of its beginning, and counts once.
  private mutating func note(_ event: TimelineIndex.Event) {
    guard events.count < TimelineIndex.eventLimit, known.insert(event).inserted else { return }
    let place = events.lastIndex { $0.time <= event.time }.map { $0 + 1 } ?? 0
    events.insert(event, at: place)
  }

  /// Threads of one name follow one another in one lane: a pool that was resized, a service that was started again.
  private mutating func add(_ key: UInt64, _ process: UInt16, _ name: String, _ role: ThreadRole?) {
    let service = processes[process] ?? "process \(process)"
    if let place = places[key], lanes[place].thread == name { return }
    recent[key] = nil
    if let place = named["\(service) \(name)"] {
      places[key] = place
      return
    }
    places[key] = lanes.count
    named["\(service) \(name)"] = lanes.count
    lanes.append(TimelineIndex.Lane(service: service, thread: name, role: role))
    order = []
  }

  mutating func add(_ slice: LaneSlice) {
    guard slice.end > slice.start else { return }
    let lane = place(slice)
    lanes[lane].slices.add(slice)
    held += 1
  }

  /// Of a log that knows no threads: its requests, in lanes of what was in progress at once.
  mutating func add(_ lanes: SpanLanes, _ limits: PageLimits) {
    isOfSpans = true
    for slice in lanes.slices {
      if case .thread(let number) = slice.lane, places[Self.key(slice.process, number)] == nil {
        add(Self.key(slice.process, number), slice.process, "at once \(number)", .other)
      }
      add(slice)
    }
    trim(limits)
    order = []
    sort()
  }

  mutating func setOpen(_ slices: [LaneSlice]) {
    open = [:]
    for slice in slices { open[place(slice)] = slice }
  }

  private mutating func place(_ slice: LaneSlice) -> Int {
    let key =
      switch slice.lane {
      case .thread(let tid): Self.key(slice.process, tid)
      case .suspended(let row): Self.key(slice.process, row: row)
      case .suspendedFurther: Self.key(slice.process, row: Int(Int32.max))
      }
    if let known = recent[key] { return known }
    if places[key] == nil {
      switch slice.lane {
      case .thread(let tid): add(key, slice.process, "\(tid)", .other)
      case .suspended(let row): add(key, slice.process, "suspended \(row + 1)", nil)
      case .suspendedFurther: add(key, slice.process, "suspended, more", nil)
      }
    }
    let place = places[key] ?? 0
    recent[key] = place
    return place
  }

  /// The place of a service's queue, which is made if there is none.
  mutating func queue(of service: String) -> Int {
    if let known = queues.firstIndex(where: { $0.service == service }) { return known }
    queues.append(TimelineIndex.Queue(service: service))
    return queues.count - 1
  }

  mutating func set(queue place: Int, _ time: UInt64, _ depth: Int32) { held += queues[place].set(time, depth) }

  /// Lets go of what is too old, and of the oldest quarter for as long as there is too much.
  mutating func trim(_ limits: PageLimits) {
    let (begin, age) = (max(origin, keptSince), limits.age.nanoseconds)
    // A little more at a time, so that it need not be done at every look.
    if end > begin, end - begin > age + age / 8 { letGo(before: end - age) }
    while held > limits.slices, end > max(origin, keptSince) + 4 {
      let begin = max(origin, keptSince)
      letGo(before: begin + (end - begin) / 4)
    }
  }

  private mutating func letGo(before cut: UInt64) {
    keptSince = cut
    for index in lanes.indices { lanes[index].slices.removeFirst(before: cut) }
    for place in queues.indices { queues[place].removeFirst(before: cut) }
    held = lanes.reduce(0) { $0 + $1.slices.count } + queues.reduce(0) { $0 + $1.times.count }
  }

  mutating func sort() {
    guard order.isEmpty else { return }
    let roles: [ThreadRole] = [.worker, .hired, .store, .loop, .other]
    func rank(_ lane: TimelineIndex.Lane) -> (Int, Int, Int, Int, String) {
      let service = replicas.rank(lane.service)
      // Suspended requests stand below their loop.
      let role = lane.role.map { roles.firstIndex(of: $0) ?? 9 } ?? roles.count
      return (service.0, service.1, role, lane.thread.utf8.count, lane.thread)
    }
    // Control threads serve no request.
    order = lanes.indices.filter { lanes[$0].role != .control }.sorted { rank(lanes[$0]) < rank(lanes[$1]) }
  }
}

/// Lanes of the last slices, by the keys that lead to them: most slices are of a few threads, and to look for each in a
/// dictionary took as long as to keep it.
private struct RecentLanes {
  private var lanes: [(key: UInt64, place: Int)] = Array(repeating: (.max, -1), count: 256)

  subscript(key: UInt64) -> Int? {
    get {
      let known = lanes[Self.slot(key)]
      return known.key == key && known.place >= 0 ? known.place : nil
    }
    set { lanes[Self.slot(key)] = (key, newValue ?? -1) }
  }

  /// Threads of one process have numbers that lie close together, and so have rows.
  private static func slot(_ key: UInt64) -> Int { Int((key ^ key >> 32 &* 67) & 255) }
}

/// The slices of one thread, oldest first; they do not overlap.
struct LaneSlices {
  struct Slice {
    var start: UInt64
    var end: UInt64
    var span: UInt64
    var target: UInt32
    /// 0 while it ran, else the cause's number.
    var cause: UInt8
  }

  private var slices: [Slice] = []
  /// How many requests each stands for; empty where that is one.
  private var requests: [UInt32] = []

  var count: Int { slices.count }
  var isOfMany: Bool { !requests.isEmpty }

  subscript(index: Int) -> Slice { slices[index] }

  func requests(_ index: Int) -> UInt32 { requests.isEmpty ? 1 : requests[index] }

  mutating func add(_ slice: LaneSlice) {
    let floor = slices.last?.end ?? 0
    slices.append(
      Slice(
        start: max(slice.start, floor), end: max(slice.end, floor), span: slice.span, target: slice.target,
        cause: slice.cause?.rawValue ?? 0))
    if slice.lane == .suspendedFurther { requests.append(UInt32(clamping: slice.requests)) }
  }

  /// The first slice that ends after a moment.
  func first(after time: UInt64) -> Int {
    var (low, high) = (0, slices.count)
    while low < high {
      let middle = (low + high) / 2
      if slices[middle].end > time { high = middle } else { low = middle + 1 }
    }
    return low
  }

  mutating func removeFirst(before time: UInt64) {
    let first = first(after: time)
    guard first > 0 else { return }
    // An array keeps the room that it once had: for as many to come, which saves getting it anew, but not for good.
    if slices.capacity <= 3 * (count - first) {
      slices.removeSubrange(..<first)
    } else {
      slices = Array(slices[first...])
    }
    if isOfMany { requests = Array(requests[first...]) }
  }
}
