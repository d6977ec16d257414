import ChainModel
import TraceLog

/// The slices and states of each thread: one piece of work at a time, and its waits within it. An event loop's requests
/// follow one another here, each from where it goes on to where it waits.
struct PerfettoLanes {
  struct Slice {
    var name: String
    /// `span`: a request; `work`: a helper's part of one; `wait`.
    var category: String
    var span: UInt64
    var trace: TraceID?
    var start: UInt64
    var end: UInt64
    /// In how many others it lies.
    var depth = 0
  }

  struct State {
    var name: String
    var blockedOn: String
    var start: UInt64
    var end: UInt64
  }

  struct Lane {
    var life: ThreadLife
    var slices: [Slice] = []
    var states: [State] = []
  }

  /// By process and thread.
  private(set) var lanes: [Lane] = []
  private let strings: LogStrings
  private var requests: [RequestKey: RequestReplay] = [:]

  init(_ past: ReplayPast, _ strings: LogStrings, _ moment: UInt64) {
    self.strings = strings
    for slice in past.requests {
      requests[RequestKey(process: slice.process, span: slice.request.span)] = slice.request
    }
    let slices = Dictionary(grouping: past.slices, by: \.thread)
    let lives = past.lives.sorted {
      ($0.thread.process, $0.thread.tid, $0.start) < ($1.thread.process, $1.thread.tid, $1.start)
    }
    for life in lives {
      // A number may be given to a thread again.
      let end = life.end ?? moment
      let own = (slices[life.thread] ?? []).filter { $0.start >= life.start && $0.end <= end }
      lanes.append(lane(life, own, until: end))
    }
  }

  private func lane(_ life: ThreadLife, _ slices: [StateSlice], until end: UInt64) -> Lane {
    var lane = Lane(life: life)
    var since = life.start
    var work: Int?
    for (place, slice) in slices.enumerated() {
      Self.add(State(name: "I", blockedOn: "", start: since, end: slice.start), to: &lane)
      Self.add(state(slice), to: &lane)
      since = slice.end
      if slice.owner == 0 || (place > 0 && !Self.goesOn(slices[place - 1], slice)) { work = nil }
      if slice.owner != 0 {
        let own = work ?? lane.slices.count
        if work == nil { lane.slices.append(self.work(slice)) }
        lane.slices[own].end = slice.end
        work = own
      }
      if let wait = slice.wait { lane.slices.append(self.wait(wait, slice, depth: work == nil ? 0 : 1)) }
    }
    Self.add(State(name: "I", blockedOn: "", start: since, end: end), to: &lane)
    return lane
  }

  private static func goesOn(_ before: StateSlice, _ slice: StateSlice) -> Bool {
    before.end == slice.start && before.owner == slice.owner && before.name == slice.name
  }

  /// One state for each stretch: what is the same goes on.
  private static func add(_ state: State, to lane: inout Lane) {
    guard state.end > state.start else { return }
    if let last = lane.states.last, last.name == state.name, last.blockedOn == state.blockedOn, last.end == state.start
    {
      lane.states[lane.states.count - 1].end = state.end
    } else {
      lane.states.append(state)
    }
  }

  private func state(_ slice: StateSlice) -> State {
    let blockedOn = slice.wait.map { "\($0.cause.name):\(strings[$0.target])" }
    return State(
      name: blockedOn == nil ? "Running" : "Waiting", blockedOn: blockedOn ?? "", start: slice.start, end: slice.end)
  }

  private func work(_ slice: StateSlice) -> Slice {
    let request = requests[RequestKey(process: slice.thread.process, span: slice.owner)]
    let route = request.flatMap { $0.isComplete ? strings[$0.route] : nil }
    return Slice(
      name: slice.name != 0 ? strings[slice.name] : route ?? "request", category: slice.name != 0 ? "work" : "span",
      span: slice.owner, trace: request?.trace ?? slice.wait?.trace, start: slice.start, end: slice.end)
  }

  private func wait(_ wait: OpenWait, _ slice: StateSlice, depth: Int) -> Slice {
    Slice(
      name: "blocked: \(wait.cause.name) \(strings[wait.target])", category: "wait", span: wait.span, trace: wait.trace,
      start: slice.start, end: slice.end, depth: depth)
  }
}

/// Arrows from a caller's wait to the callee's work and back again, for each call one of each, where there are slices for
/// them to begin and to end in.
struct PerfettoArrows {
  /// A moment within a slice.
  struct Point {
    var time: UInt64
    var thread: ThreadKey
  }

  struct Arrow {
    var id: UInt64
    /// `call` or `reply`.
    var kind: String
    var start: Point
    var end: Point
  }

  private struct Stretch {
    var thread: ThreadKey
    var start: UInt64
    var end: UInt64
  }

  private(set) var arrows: [Arrow] = []
  /// What threads did for each request, in the order of time.
  private var works: [RequestKey: [Stretch]] = [:]

  init(_ past: ReplayPast, _ lanes: PerfettoLanes) {
    for lane in lanes.lanes {
      for slice in lane.slices where slice.category == "span" && slice.end > slice.start {
        works[RequestKey(process: lane.life.thread.process, span: slice.span), default: []]
          .append(Stretch(thread: lane.life.thread, start: slice.start, end: slice.end))
      }
    }
    for key in works.keys { works[key]?.sort { $0.start < $1.start } }
    let callees = Dictionary(
      past.requests.filter { $0.request.parent != 0 }.map { ($0.request.parent, $0) },
      uniquingKeysWith: { first, _ in first })
    // A helper's wait may bear the same id as that of the request which it works for: the first of each counts.
    var calls: [UInt64: (leaving: Point?, coming: Point?)] = [:]
    for wait in past.waits where wait.wait.cause == .call && callees[wait.wait.id] != nil {
      let known = calls[wait.wait.id]
      calls[wait.wait.id] = (first(known?.leaving, leaving(wait)), first(known?.coming, coming(wait)))
    }
    for (id, call) in calls.sorted(by: { $0.key < $1.key }) {
      guard let callee = callees[id],
        let work = works[RequestKey(process: callee.process, span: callee.request.span)], let start = work.first,
        let last = work.last
      else { continue }
      add("call", id, call.leaving, Point(time: start.start, thread: start.thread))
      guard callee.end == last.end else { continue }
      add("reply", id, Point(time: last.end - 1, thread: last.thread), call.coming)
    }
  }

  private func first(_ left: Point?, _ right: Point?) -> Point? {
    guard let left, let right else { return left ?? right }
    return right.time < left.time ? right : left
  }

  private mutating func add(_ kind: String, _ id: UInt64, _ start: Point?, _ end: Point?) {
    guard let start, let end, start.time <= end.time else { return }
    arrows.append(Arrow(id: id, kind: kind, start: start, end: end))
  }

  /// Where the caller makes its call: in the wait that holds its thread, or just before its request leaves the thread.
  private func leaving(_ slice: WaitSlice) -> Point? {
    let (wait, thread) = (slice.wait, ThreadKey(process: slice.process, tid: slice.wait.thread))
    guard !wait.flags.contains(.held) else { return Point(time: wait.since, thread: thread) }
    let isThere = works[RequestKey(process: slice.process, span: wait.span)]?
      .contains { $0.end == wait.since && $0.thread == thread }
    return isThere == true ? Point(time: wait.since - 1, thread: thread) : nil
  }

  /// Where the caller has the answer.
  private func coming(_ slice: WaitSlice) -> Point? {
    guard let end = slice.end, let tid = slice.endedOn else { return nil }
    let (wait, thread) = (slice.wait, ThreadKey(process: slice.process, tid: tid))
    guard !wait.flags.contains(.held) else { return end > wait.since ? Point(time: end - 1, thread: thread) : nil }
    let isThere = works[RequestKey(process: slice.process, span: wait.span)]?
      .contains { $0.start == end && $0.thread == thread }
    return isThere == true ? Point(time: end, thread: thread) : nil
  }
}
