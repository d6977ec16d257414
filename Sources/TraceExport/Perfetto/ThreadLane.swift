import ChainModel
import TraceLog

/// The end of an arrow: a moment within a slice.
struct FlowPoint {
  enum Kind: Hashable {
    /// From the caller's wait to the callee's work.
    case call
    /// Back again.
    case reply
  }

  var kind: Kind
  /// The client span.
  var id: UInt64
  var isStart: Bool
  /// Else just before the slice's end.
  var isAtBeginning: Bool
}

/// What is on one thread, so that its slices nest whatever the log says: one piece of work at a time, and waits within it
/// as a stack. An event loop's requests follow one another here, each from where it goes on to where it waits.
struct ThreadLane {
  struct Slice {
    var name: String
    var category: String
    var span: UInt64
    var trace: TraceID?
    var start: UInt64
    /// The wait's id; of work, 0.
    var wait: UInt64 = 0
    var blockedOn = ""
    var points: [FlowPoint] = []
  }

  struct State: Hashable {
    var name: String
    var blockedOn: String
  }

  /// A slice that has ended, or a state.
  enum Output {
    case slice(Slice, end: UInt64, depth: Int)
    case state(State, start: UInt64, end: UInt64)
  }

  /// Nil until its start has been read.
  var role: ThreadRole?
  private(set) var work: Slice?
  private(set) var waits: [Slice] = []
  private var since: UInt64
  private(set) var output: [Output] = []

  init(at time: UInt64) {
    since = time
  }

  var isBusy: Bool { work != nil || !waits.isEmpty }
  var isBlocked: Bool { !waits.isEmpty }

  var state: State {
    if let wait = waits.last { return State(name: "Waiting", blockedOn: wait.blockedOn) }
    return State(name: work == nil ? "I" : "Running", blockedOn: "")
  }

  mutating func takeOutput() -> [Output] {
    defer { output.removeAll(keepingCapacity: true) }
    return output
  }

  /// Work begins; what was there before ends here.
  mutating func begin(_ slice: Slice) {
    change(at: slice.start) { lane in
      lane.endAll(at: slice.start)
      lane.work = slice
    }
  }

  /// The work of a span ends, if it is that span's.
  mutating func end(span: UInt64, at time: UInt64, _ points: [FlowPoint] = []) {
    guard work?.span == span else { return }
    change(at: time) { lane in
      lane.work?.points += points
      lane.endAll(at: time)
    }
  }

  mutating func block(_ wait: Slice) {
    change(at: wait.start) { $0.waits.append(wait) }
  }

  /// A wait ends, and with it what lies in it.
  mutating func unblock(_ id: UInt64, at time: UInt64) {
    guard let index = waits.lastIndex(where: { $0.wait == id }) else { return }
    change(at: time) { lane in
      while lane.waits.count > index { lane.endWait(at: time) }
    }
  }

  /// The thread or its process is gone, or the log ends.
  mutating func close(at time: UInt64) {
    change(at: time) { $0.endAll(at: time) }
    if time > since { output.append(.state(state, start: since, end: time)) }
    since = time
  }

  private mutating func change(at time: UInt64, _ body: (inout ThreadLane) -> Void) {
    let before = state
    body(&self)
    guard state != before else { return }
    if time > since { output.append(.state(before, start: since, end: time)) }
    since = time
  }

  private mutating func endWait(at time: UInt64) {
    let depth = waits.count - 1 + (work == nil ? 0 : 1)
    guard let wait = waits.popLast() else { return }
    output.append(.slice(wait, end: time, depth: depth))
  }

  private mutating func endAll(at time: UInt64) {
    while !waits.isEmpty { endWait(at: time) }
    if let work { output.append(.slice(work, end: time, depth: 0)) }
    work = nil
  }
}
