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
  var failed = 0
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
}

/// One route of one service within the window.
struct FoldRoute {
  let service: Int32
  let name: UInt32
  var ended = 0
  var failed = 0
  /// Of the failed, those that were answered 504.
  var timedOut = 0
  var rejected = 0
  /// From arrival to end, of good answers.
  var times = DurationCounts()
  /// Requests that waited for anything but a thread.
  var waited = 0
  var queueWait: UInt64 = 0
  var longestQueueWait: UInt64 = 0
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
  enum Kind: UInt8 {
    case faultOn, faultOff, model, pool, death
    /// Of a replica that is not the service's first.
    case started, stopped
  }

  var time: UInt64
  var kind: Kind
  var service: Int32
  var name: UInt32 = 0
  var number: UInt64 = 0
}
