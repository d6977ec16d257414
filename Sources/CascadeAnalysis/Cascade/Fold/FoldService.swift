import ChainModel
import TraceLog

/// Counts of one service within the window.
struct FoldService {
  var name: String
  var arrivals = ArrivalCount()
  /// Requests that no recorded wait asked for: from outside.
  var external = ArrivalCount()
  var dequeued = 0
  var ended = 0
  /// How requests ended that did not end well, refused ones among them; the others were ok.
  var outcomes: [RequestOutcome: Int] = [:]
  /// Requests that had not ended when a report was drawn up.
  var open = 0
  var serviceTime: UInt64 = 0
  var queueWait: UInt64 = 0
  /// By the reason's string id.
  var rejected: [UInt32: Int] = [:]
  /// Attempts beyond the first, by the client span's name.
  var retries: [UInt32: Int] = [:]
  var attempts = 0
  /// Calls given up, by callee.
  var timeouts: [Int32: TimeoutCount] = [:]
  /// Requests that went on, or waited on, after their caller had given up.
  var abandoned = 0
  var abandonedTime: UInt64 = 0
  /// Of those, the ones that were still in the queue.
  var abandonedInQueue = 0
  var model: IOModel?
  /// Those in force, by string id.
  var faults: [UInt32] = []

  struct TimeoutCount {
    var count = 0
    var shortest: UInt64 = .max
  }

  var refusals: Int { rejected.values.reduce(0, +) }
  /// Answers without any error.
  var ok: Int { ended + refusals - outcomes.values.reduce(0, +) }
}

/// One route of one service within the window.
struct FoldRoute {
  let service: Int32
  let name: UInt32
  var ended = 0
  var good = 0
  /// Answered with an error, whoever was at fault.
  var failed = 0
  /// Of the failed, those that were answered 504.
  var timedOut = 0
  /// Turned away with 503, here or by a callee.
  var refused = 0
  /// From arrival to end, of good answers.
  var times = DurationCounts()
  /// Of the requests that ended, and of those that are still there when a report is drawn up.
  var queueWait: UInt64 = 0
  var longestQueueWait: UInt64 = 0
  /// Requests that had not ended when the report was drawn up, and those of them that were still queued.
  var open = 0
  var queued = 0
  /// The longest wait is one that has not ended.
  var isLongestOpen = false
  /// Of the whole log, in the window or not: whether a request has ended, and whether one waited for anything but a
  /// thread.
  var hasEnded = false
  var hasWaited = false

  /// Of those whose client has left, nobody knows how they would have ended.
  mutating func count(_ outcome: RequestOutcome) {
    switch outcome {
    case .ok: good += 1
    case .refused: refused += 1
    case .failed, .clientError: failed += 1
    case .timedOut: (failed, timedOut) = (failed + 1, timedOut + 1)
    case .cancelled: break
    }
  }

  mutating func add(queueWait time: UInt64, isOver: Bool) {
    queueWait &+= time
    guard time > longestQueueWait else { return }
    longestQueueWait = time
    isLongestOpen = !isOver
  }
}

/// A process of the log.
struct FoldProcess {
  var service: Int32
  /// Workers, hired and store threads: indices of pools, or -1.
  var pools = SIMD4<Int32>(repeating: -1)
  var configured: Int32?
  var queueLimit: UInt64?
  var isOver = false

  /// Which of `pools` threads of this role make up; nil for roles that take nothing from a queue.
  static func poolPlace(_ role: ThreadRole) -> Int? {
    switch role {
    case .worker: 0
    case .hired: 1
    case .store: 2
    case .loop, .control, .other: nil
    }
  }
}

/// Who holds a lock, and who waits for it.
struct FoldLock {
  struct Key: Hashable {
    var process: Int32
    var name: UInt32
  }

  var holder: Int32 = -1
  var waiters: [Int32] = []
}

/// A moment at which something was changed from outside.
struct FoldEvent {
  var time: UInt64
  var service: Int32
  var change: ServiceChange
  var counts = EventCounts()
}

/// What had been counted, by service, when something was changed.
struct EventCounts {
  var arrivals: [Int] = []
  var ended: [Int] = []
  /// Answers without an error.
  var ok: [Int] = []
}
