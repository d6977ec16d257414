import ChainModel
import TraceLog

/// The events of a Perfetto trace, from what a replay of the log keeps: lanes of threads, their states, requests and waits
/// that hold no thread, arrows between services, counters.
struct PerfettoFold {
  private let strings: LogStrings
  private let moment: UInt64
  private(set) var events: [PerfettoEvent] = []
  private var counters: [Counter: [Int]] = [:]
  private(set) var spans = 0

  private struct Counter: Hashable {
    var process: UInt16
    var name: String
  }

  init(_ snapshot: LogSnapshot, moment: UInt64) {
    strings = snapshot.strings
    self.moment = moment
    var replay = ChainReplay(keeping: [.slices, .waits, .requests, .spans])
    replay.learn(snapshot)
    for record in snapshot.records where record.time <= moment {
      replay.apply(record)
      if let process = replay.processes[record.process] { count(process, at: record.time) }
      instant(record)
    }
    let past = replay.past(until: moment)
    spans = past.requests.count + past.spans.count
    let lanes = PerfettoLanes(past, strings, moment)
    for lane in lanes.lanes { draw(lane) }
    for request in past.requests { draw(request) }
    for wait in past.waits where !wait.wait.flags.contains(.held) { draw(wait) }
    for span in past.spans {
      add(span.span, "client", strings[span.span.name], span.span.startedAt, span.end)
    }
    for arrow in PerfettoArrows(past, lanes).arrows { draw(arrow) }
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

  // MARK: Threads

  private mutating func draw(_ lane: PerfettoLanes.Lane) {
    let (process, tid) = (lane.life.thread.process, lane.life.thread.tid)
    for state in lane.states {
      add(
        .state(duration: state.end - state.start, blockedOn: state.blockedOn), state.start, process, "thread_state",
        state.name, thread: tid)
    }
    for slice in lane.slices {
      add(
        .slice(duration: slice.end - slice.start, depth: slice.depth), slice.start, process, slice.category, slice.name,
        thread: tid, span: slice.span, trace: slice.trace)
    }
  }

  private mutating func draw(_ arrow: PerfettoArrows.Arrow) {
    add(
      .flowStart(id: arrow.id), arrow.start.time, arrow.start.thread.process, arrow.kind, arrow.kind,
      thread: arrow.start.thread.tid)
    add(
      .flowEnd(id: arrow.id), arrow.end.time, arrow.end.thread.process, arrow.kind, arrow.kind,
      thread: arrow.end.thread.tid)
  }

  // MARK: What belongs to no thread

  private mutating func draw(_ slice: RequestSlice) {
    let request = slice.request
    func add(_ name: String, _ start: UInt64, _ end: UInt64?) {
      addPair(request.span, request.span, slice.process, "request", name, request.trace, start, end)
    }
    if let start = request.enqueuedAt { add("queued", start, request.dequeuedAt ?? slice.end) }
    if let start = request.dequeuedAt, !(request.model?.holdsThread ?? false) {
      add(request.isComplete ? strings[request.route] : "request", start, slice.end)
    }
  }

  private mutating func draw(_ slice: WaitSlice) {
    let wait = slice.wait
    addPair(
      wait.id, wait.span, slice.process, "wait", "suspended: \(wait.cause.name) \(strings[wait.target])", wait.trace,
      wait.since, slice.end)
  }

  private mutating func add(_ span: OpenSpan, _ category: String, _ name: String, _ start: UInt64, _ end: UInt64?) {
    addPair(span.id, span.id, span.process, category, name, span.trace, start, end)
  }

  private mutating func addPair(
    _ id: UInt64, _ span: UInt64, _ process: UInt16, _ category: String, _ name: String, _ trace: TraceID?,
    _ start: UInt64, _ end: UInt64?
  ) {
    add(.begin(id: id), start, process, category, name, span: span, trace: trace)
    add(.end(id: id), max(start, end ?? moment), process, category, name, trace: trace)
  }

  private mutating func count(_ process: ProcessReplay, at time: UInt64) {
    for pool in process.pools where pool.alive > 0 || pool.queued > 0 || counters[counter(process, pool)] != nil {
      count(
        counter(process, pool), [("busy", pool.busy), ("blocked", pool.blocked), ("queued", pool.queued)], at: time)
    }
    count(
      Counter(process: process.slot, name: "requests"),
      [("in_flight", process.requests.count), ("suspended", process.suspended)], at: time)
  }

  private func counter(_ process: ProcessReplay, _ pool: PoolReplay) -> Counter {
    Counter(process: process.slot, name: pool.role == .worker ? "pool" : "\(pool.role.name) threads")
  }

  private mutating func count(_ counter: Counter, _ series: [(String, Int)], at time: UInt64) {
    let values = series.map(\.1)
    guard counters[counter] ?? values.map({ _ in 0 }) != values else { return }
    counters[counter] = values
    add(.counter(series), time, counter.process, "counter", counter.name)
  }

  private mutating func instant(_ record: Record) {
    let name =
      switch record.kind {
      case .stall: "loop stood still"
      case .dropped: "\(record.arg) records dropped"
      case .processStart, .processStop: ""
      default: ServiceChange(record, strings)?.textAtWriter ?? ""
      }
    guard !name.isEmpty else { return }
    add(.instant, record.time, record.process, "event", name, thread: record.thread, span: record.span)
  }
}
