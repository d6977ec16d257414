import ChainModel

/// What a request is to be done with next, once its turn has come.
enum Action: UInt8 {
  case begin
  case helped
  case waited
  case replied
}

/// Where a request stands. It is in one place only: an event, a list, or its callee's hands.
enum Phase: UInt8 {
  case free
  case travelling
  case connecting
  case inBacklog
  case queued
  case awaitingLoop
  case awaitingCore
  case onCore
  case awaitingHelper
  case sleeping
  case hanging
  case calling
  case joining
  case returning
  case thinking
  case ready
}

/// What a request waits for or works at.
enum Doing: UInt8 {
  case nothing
  case cpu
  case store
  case remote
  case block
  case base
  case slow
  case stall
  case hang
  case call
  case backoff
  /// Parts that run at the same time.
  case join
}

/// How a request, or a call, ended.
package enum Outcome: UInt8, CaseIterable, Sendable {
  case ok = 0
  case queueFull
  case inFlightLimit
  case connectionRefused
  case timeout
  case deadlineExceeded
  case cancelled
  case injected
  case injectedReset
  /// The callee answered with a failure: why, stands beside it.
  case answered
  case bulkheadFull
  case circuitOpen
  case overload
}

/// The requests in flight, one at one service each, as columns. A frame that is done is used again.
struct Frames {
  /// Ids below are events that belong to no request.
  static let reserved = 4
  static let limit = 1 << Int(EventHeap.frameBits)

  private(set) var count = 0
  private var firstFree = -1
  /// Links of the one list that a frame is in.
  var next: [Int] = []
  var phase: [Phase] = []
  var action: [Action] = []
  var doing: [Doing] = []
  var model: [ServingModel] = []
  var station: [Int] = []
  var route: [Int] = []
  /// The next step.
  var step: [Int] = []
  /// Of a part of a request that does several things at the same time: the request's frame; -1: it is no part.
  var main: [Int] = []
  /// How many parts have not ended.
  var rest: [Int] = []
  /// Of a part: the wait that its end is a part of.
  var join: [UInt64] = []
  var parent: [Int] = []
  var child: [Int] = []
  var isCancelled: [Bool] = []
  /// When it was offered to its service; of a client's: when it was due.
  var acceptedAt: [UInt64] = []
  var queuedAt: [UInt64] = []
  var startedAt: [UInt64] = []
  var deadline: [UInt64] = []
  /// Of the slice or wait to come.
  var length: [UInt64] = []
  /// The thread, loop and helper thread, by number; -1: none.
  var thread: [Int] = []
  var loop: [Int] = []
  var holdsLoop: [Bool] = []
  /// Of store work: a file's.
  var isFile: [Bool] = []
  var helper: [Int] = []
  /// Of the call under way; connection attempts of one that is not accepted.
  var attempt: [Int] = []
  /// What the gate gave to the attempt under way.
  var pass: [CallGate.Pass?] = []
  /// How what it waited for ended, the status that came with it, and why in the first place.
  var result: [Outcome] = []
  var cause: [Outcome] = []
  var status: [Int] = []
  /// What the faults in force make it suffer, in order.
  var suffering: [Suffering] = []
  /// For the log: its ids, and the text of what it waits for.
  var label: [UInt32] = []
  var trace: [(high: UInt64, low: UInt64)] = []
  var span: [UInt64] = []
  var wait: [UInt64] = []
  var callSpan: [UInt64] = []

  /// A fresh frame; nil when there are too many.
  mutating func take() -> Int? {
    if firstFree >= 0 {
      let frame = firstFree
      firstFree = next[frame]
      reset(frame)
      return frame
    }
    guard count < Self.limit else { return nil }
    count += 1
    append()
    return count - 1
  }

  mutating func giveBack(_ frame: Int) {
    phase[frame] = .free
    next[frame] = firstFree
    firstFree = frame
  }

  private mutating func reset(_ frame: Int) {
    (next[frame], parent[frame], child[frame]) = (-1, -1, -1)
    (thread[frame], loop[frame], helper[frame]) = (-1, -1, -1)
    (isCancelled[frame], holdsLoop[frame], attempt[frame]) = (false, false, 0)
    (doing[frame], result[frame], cause[frame]) = (.nothing, .ok, .ok)
    (main[frame], rest[frame]) = (-1, 0)
    deadline[frame] = .max
    suffering[frame] = Suffering()
  }

  private mutating func append() {
    next.append(-1)
    phase.append(.ready)
    action.append(.begin)
    doing.append(.nothing)
    model.append(ServingModel(.blocking))
    main.append(-1)
    rest.append(0)
    join.append(0)
    for column in [\Frames.station, \.route, \.step, \.attempt, \.status] {
      self[keyPath: column].append(0)
    }
    for column in [\Frames.parent, \.child, \.thread, \.loop, \.helper] { self[keyPath: column].append(-1) }
    for column in [\Frames.acceptedAt, \.queuedAt, \.startedAt, \.length, \.span, \.wait, \.callSpan] {
      self[keyPath: column].append(0)
    }
    deadline.append(.max)
    isCancelled.append(false)
    holdsLoop.append(false)
    isFile.append(false)
    result.append(.ok)
    cause.append(.ok)
    suffering.append(Suffering())
    trace.append((0, 0))
    label.append(0)
    pass.append(nil)
  }
}

/// What faults and simulated latency do to one request before its own steps, in this order; decided when it starts.
struct Suffering {
  enum Stage: UInt8 {
    case block
    case base
    case slow
    case stall
    case hang
    case failure
    case done
  }

  var stage = Stage.done
  var block: UInt64 = 0
  var base: UInt64 = 0
  var slow: UInt64 = 0
  var stall: UInt64 = 0
  var hangs = false
  /// Added to each query.
  var query: UInt64 = 0
  /// 0: none; -1: a reset.
  var failure = 0
}

/// Frames in a row, linked through `Frames.next`.
struct FrameList {
  private(set) var first = -1
  private var last = -1
  private(set) var count = 0

  var isEmpty: Bool { first < 0 }

  @inline(__always)
  mutating func append(_ frame: Int, _ frames: inout Frames) {
    frames.next[frame] = -1
    if last < 0 { first = frame } else { frames.next[last] = frame }
    last = frame
    count += 1
  }

  /// The first one; nil when there is none.
  @inline(__always)
  mutating func pop(_ frames: inout Frames) -> Int? {
    guard first >= 0 else { return nil }
    let frame = first
    first = frames.next[frame]
    if first < 0 { last = -1 }
    count -= 1
    return frame
  }
}
