import ChainModel
import TraceLog

/// Walks once over a log and makes the events of a Perfetto trace: lanes of threads, their states, requests and waits that
/// hold no thread, arrows between services, counters.
struct PerfettoFold {
  private struct Request {
    var parent: UInt64
    var name: String
    var trace: TraceID?
    var isQueued = false
    var isOnLoop = false
    var isRunning = false
  }

  private struct Arrow {
    var start: (time: UInt64, key: ThreadKey)?
    var end: (time: UInt64, key: ThreadKey)?
  }

  private struct Open: Hashable {
    var process: UInt16
    var category: String
    var id: UInt64
  }

  private let strings: LogStrings
  private let moment: UInt64
  private(set) var events: [PerfettoEvent] = []
  private var lanes: [ThreadKey: ThreadLane] = [:]
  private var requests: [SpanGroup.Key: Request] = [:]
  private var arrows: [UInt64: [FlowPoint.Kind: Arrow]] = [:]
  private var opened: [Open: (name: String, trace: TraceID?)] = [:]
  private var counters: [UInt16: [String: [Int]]] = [:]
  private(set) var spans = 0

  init(_ snapshot: LogSnapshot, moment: UInt64) {
    strings = snapshot.strings
    self.moment = moment
    for record in snapshot.records where record.time <= moment { take(record) }
    for (key, var lane) in lanes.sorted(by: { ($0.key.process, $0.key.tid) < ($1.key.process, $1.key.tid) }) {
      lane.close(at: moment)
      drain(&lane, key)
    }
    for (open, value) in opened.sorted(by: { ($0.key.process, $0.key.id) < ($1.key.process, $1.key.id) }) {
      add(.end(id: open.id), moment, open.process, open.category, value.name, trace: value.trace)
    }
    addArrows()
    lanes = [:]
    events.sort(by: PerfettoEvent.precedes)
  }

  private mutating func add(
    _ phase: PerfettoEvent.Phase, _ time: UInt64, _ process: UInt16, _ category: String, _ name: String,
    thread: UInt32 = 0, span: UInt64 = 0, trace: TraceID? = nil
  ) {
    events.append(
      PerfettoEvent(
        time: time, phase: phase, process: process, thread: thread, category: category,
        name: name.isEmpty ? category : name, span: span, trace: trace, sequence: events.count))
  }

  // MARK: Records

  private mutating func take(_ record: Record) {
    switch record.kind {
    case .threadStart: startThread(record)
    case .threadStop: stopThread(ThreadKey(record), at: record.time)
    case .processStop: stopProcess(record)
    case .arrive, .enqueue, .dequeue, .end, .reject: takeRequest(record)
    case .spanStart:
      spans += 1
      let name = strings[record.name]
      begin(record, "client", record.span, name)
    case .spanEnd: end(record, "client", record.span)
    case .waitStart, .waitEnd: takeWait(record)
    case .workStart:
      let slice = Self.slice(record, strings[record.name], "work")
      lane(record) { $0.begin(slice) }
    case .workEnd: lane(record) { $0.end(span: record.span, at: record.time) }
    case .stall, .model, .fault, .policy, .breaker, .processDied, .dropped, .pool: instant(record)
    case .attribute, .processStart, .clock, .sample, nil: break
    }
  }

  private mutating func instant(_ record: Record) {
    let name =
      switch record.kind {
      case .stall: "loop stood still"
      case .model: "IO model \(IOModel(code: record.detail)?.rawValue ?? "unknown")"
      case .fault: "\(record.detail == 0 ? "lifted: " : "fault: ")\(strings[record.name])"
      case .policy: "\(record.detail == 0 ? "lifted: " : "policy: ")\(strings[record.name])"
      case .breaker: "breaker of \(strings[record.name]) \(BreakerState(rawValue: record.detail)?.name ?? "unknown")"
      case .processDied: "\(strings[record.name]) died"
      case .dropped: "\(record.arg) records dropped"
      default: "pool of \(record.arg) threads"
      }
    add(.instant, record.time, record.process, "event", name, thread: record.thread, span: record.span)
  }

  private mutating func startThread(_ record: Record) {
    let key = ThreadKey(record)
    let began = record.other == 0 ? record.time : min(record.other, record.time)
    // Repeated for late readers, or met before its start was read.
    lanes[key, default: ThreadLane(at: began)].role = ThreadRole(rawValue: record.detail)
  }

  private mutating func stopThread(_ key: ThreadKey, at time: UInt64) {
    guard var lane = lanes.removeValue(forKey: key) else { return }
    lane.close(at: time)
    drain(&lane, key)
  }

  private mutating func stopProcess(_ record: Record) {
    for key in Array(lanes.keys) where key.process == record.process { stopThread(key, at: record.time) }
  }

  // MARK: Requests

  private mutating func takeRequest(_ record: Record) {
    let key = SpanGroup.Key(process: record.process, id: record.span)
    var request = requests[key] ?? Request(parent: 0, name: "request", trace: record.trace)
    switch record.kind {
    case .arrive:
      spans += 1
      request = Request(parent: record.other, name: strings[record.name], trace: record.trace)
      count(record, "requests", 0, 1)
    case .enqueue:
      guard !request.isQueued else { return }
      request.isQueued = true
      begin(record, "request", record.span, "queued")
      count(record, "pool", 2, 1)
    case .dequeue:
      leaveQueue(record, &request)
      dequeue(record, &request)
    default:
      leaveQueue(record, &request)
      finish(record, request)
      count(record, "requests", 0, -1)
      requests[key] = nil
      return
    }
    requests[key] = request
  }

  private mutating func leaveQueue(_ record: Record, _ request: inout Request) {
    guard request.isQueued else { return }
    request.isQueued = false
    end(record, "request", record.span)
    count(record, "pool", 2, -1)
  }

  private mutating func dequeue(_ record: Record, _ request: inout Request) {
    var slice = Self.slice(record, request.name, "span")
    slice.trace = request.trace
    if request.parent != 0 {
      slice.points = [FlowPoint(kind: .call, id: request.parent, isStart: false, isAtBeginning: true)]
    }
    request.isRunning = true
    request.isOnLoop = !(IOModel(code: record.detail)?.holdsThread ?? false)
    if request.isOnLoop { begin(record, "request", record.span, request.name) }
    lane(record) { $0.begin(slice) }
  }

  private mutating func finish(_ record: Record, _ request: Request) {
    let reply = FlowPoint(kind: .reply, id: request.parent, isStart: true, isAtBeginning: false)
    lane(record) { $0.end(span: record.span, at: record.time, request.parent == 0 ? [] : [reply]) }
    if request.isOnLoop { end(record, "request", record.span) }
  }

  // MARK: Waits

  private mutating func takeWait(_ record: Record) {
    let isCall = record.detail == WaitCause.call.rawValue
    switch (record.kind == .waitStart, record.waitFlags.contains(.held)) {
    case (true, true):
      let words = words(record)
      var slice = Self.slice(record, "blocked: \(words)", "wait")
      slice.wait = record.other
      slice.blockedOn = words.replacing(" ", with: ":", maxReplacements: 1)
      if isCall {
        slice.points = [
          FlowPoint(kind: .call, id: record.other, isStart: true, isAtBeginning: true),
          FlowPoint(kind: .reply, id: record.other, isStart: false, isAtBeginning: false),
        ]
      }
      lane(record) { $0.block(slice) }
    case (false, true): lane(record) { $0.unblock(record.other, at: record.time) }
    case (true, false):
      let call = FlowPoint(kind: .call, id: record.other, isStart: true, isAtBeginning: false)
      lane(record) { $0.end(span: record.span, at: record.time, isCall ? [call] : []) }
      begin(record, "wait", record.other, "suspended: \(words(record))")
      count(record, "requests", 1, 1)
    case (false, false): resume(record)
    }
  }

  private mutating func resume(_ record: Record) {
    end(record, "wait", record.other)
    count(record, "requests", 1, -1)
    guard let request = requests[SpanGroup.Key(process: record.process, id: record.span)] else { return }
    var slice = Self.slice(record, request.name, "span")
    slice.trace = request.trace
    slice.points = [FlowPoint(kind: .reply, id: record.other, isStart: false, isAtBeginning: true)]
    lane(record) { $0.begin(slice) }
  }

  private func words(_ record: Record) -> String {
    let cause = WaitCause(rawValue: record.detail) ?? .other
    return "\(cause.name) \(strings[record.name])"
  }

  private static func slice(_ record: Record, _ name: String, _ category: String) -> ThreadLane.Slice {
    ThreadLane.Slice(
      name: name, category: category, span: record.span, trace: record.trace, start: record.time)
  }

  // MARK: Lanes

  private mutating func lane(_ record: Record, _ change: (inout ThreadLane) -> Void) {
    guard record.thread != 0 else { return }
    let key = ThreadKey(record)
    var lane = lanes.removeValue(forKey: key) ?? ThreadLane(at: record.time)
    let before = (lane.isBusy, lane.isBlocked)
    change(&lane)
    drain(&lane, key)
    if lane.role == .worker {
      if lane.isBusy != before.0 { count(record, "pool", 0, lane.isBusy ? 1 : -1) }
      if lane.isBlocked != before.1 { count(record, "pool", 1, lane.isBlocked ? 1 : -1) }
    }
    lanes[key] = lane
  }

  private mutating func drain(_ lane: inout ThreadLane, _ key: ThreadKey) {
    for output in lane.takeOutput() {
      switch output {
      case .state(let state, let start, let end):
        add(
          .state(duration: end - start, blockedOn: state.blockedOn), start, key.process, "thread_state", state.name,
          thread: key.tid)
      case .slice(let slice, let end, let depth):
        guard end >= slice.start else { continue }
        add(
          .slice(duration: end - slice.start, depth: depth), slice.start, key.process, slice.category, slice.name,
          thread: key.tid, span: slice.span, trace: slice.trace)
        guard end > slice.start else { continue }
        for point in slice.points { place(point, slice.start, end, key) }
      }
    }
  }

  // MARK: Arrows

  private mutating func place(_ point: FlowPoint, _ start: UInt64, _ end: UInt64, _ key: ThreadKey) {
    var arrow = arrows[point.id]?[point.kind] ?? Arrow()
    let place = (time: point.isAtBeginning ? start : end - 1, key: key)
    // An arrow has one beginning and one end: the first of each.
    if point.isStart {
      if arrow.start.map({ $0.time > place.time }) ?? true { arrow.start = place }
    } else if arrow.end.map({ $0.time > place.time }) ?? true {
      arrow.end = place
    }
    arrows[point.id, default: [:]][point.kind] = arrow
  }

  private mutating func addArrows() {
    for (id, kinds) in arrows.sorted(by: { $0.key < $1.key }) {
      for kind in [FlowPoint.Kind.call, .reply] {
        guard let arrow = kinds[kind], let start = arrow.start, let end = arrow.end, start.time <= end.time
        else { continue }
        add(.flowStart(id: id), start.time, start.key.process, "\(kind)", "\(kind)", thread: start.key.tid)
        add(.flowEnd(id: id), end.time, end.key.process, "\(kind)", "\(kind)", thread: end.key.tid)
      }
    }
  }

  // MARK: What belongs to no thread

  private mutating func begin(_ record: Record, _ category: String, _ id: UInt64, _ name: String) {
    let key = Open(process: record.process, category: category, id: id)
    guard opened[key] == nil else { return }
    opened[key] = (name, record.trace)
    add(.begin(id: id), record.time, record.process, category, name, span: record.span, trace: record.trace)
  }

  private mutating func end(_ record: Record, _ category: String, _ id: UInt64) {
    guard let open = opened.removeValue(forKey: Open(process: record.process, category: category, id: id)) else {
      return
    }
    add(.end(id: id), record.time, record.process, category, open.name, trace: open.trace)
  }

  private static let series = ["pool": ["busy", "blocked", "queued"], "requests": ["in_flight", "suspended"]]

  private mutating func count(_ record: Record, _ name: String, _ index: Int, _ change: Int) {
    let series = Self.series[name] ?? []
    var values = counters[record.process]?[name] ?? series.map { _ in 0 }
    // Below zero only where the log lost the beginning.
    values[index] = max(0, values[index] + change)
    counters[record.process, default: [:]][name] = values
    add(.counter(Array(zip(series, values))), record.time, record.process, "counter", name)
  }
}
