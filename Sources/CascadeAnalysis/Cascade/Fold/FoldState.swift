import ChainModel
import TraceLog

/// A wait that is open, as the fold keeps it.
struct FoldWait {
  var id: UInt64
  var since: UInt64
  var target: UInt32
  var cause: WaitCause
  /// Of a `lock`: the node of the thread that holds it, or -1.
  var holder: Int32 = -1
  /// Of a request's wait: the node of the thread that works on it, or -1.
  var helper: Int32 = -1
  /// When what a request waits for was done though its loop had not gone on with it yet; 0: it is not done.
  var doneAt: UInt64 = 0

  var isDone: Bool { doneAt != 0 }
}

/// A thread, as the fold keeps it.
struct FoldThread {
  var tid: UInt32
  var process: Int32
  var service: Int32
  /// -1 for a thread that takes no requests from a queue.
  var pool: Int32 = -1
  var role = ThreadRole.other
  var name: UInt32 = 0
  var beganAt: UInt64
  var stateSince: UInt64
  /// From when on its states are known.
  var seenAt: UInt64
  /// 0 idle, 1 running, else 1 + the cause's number.
  var state: UInt8 = 0
  /// What that state's wait is for, and the span it is in.
  var stateTarget: UInt32 = 0
  var stateSpan: UInt64 = 0
  /// The request it is at, or was at last.
  var span: UInt64 = 0
  /// Requests whose code is running or due to run on it, and work for other threads' requests.
  var busy: Int32 = 0
  /// The cause and target of the wait that its work will end; nil when it runs whole requests.
  var work: (cause: WaitCause, target: UInt32)?
  var workRequest: Int32 = -1
  var workWait: UInt64 = 0
  /// Open waits that hold it, innermost last; nearly always at most one.
  var wait: FoldWait?
  var outerWaits: [FoldWait] = []
  var isAnnounced = false
  var isAlive = true
  /// Nanoseconds by state.
  var times = ThreadAccount.Times()
}

/// A request, as the fold keeps it.
struct FoldRequest {
  enum Phase: UInt8 {
    case arrived, queued, running, suspended
  }

  var span: UInt64
  var parent: UInt64
  var process: Int32
  var service: Int32
  var route: Int32
  var arrivedAt: UInt64
  var phaseSince: UInt64
  var phase = Phase.arrived
  var model: IOModel?
  /// The node of the thread that runs it, ran it last, or has read it; -1 if unknown.
  var thread: Int32 = -1
  /// Open waits without a thread, oldest first; nearly always at most one.
  var wait: FoldWait?
  var laterWaits: [FoldWait] = []
  var queueWait: UInt64 = 0
  /// The pool in whose queue it is, or -1.
  var queuedIn: Int32 = -1
  var hasWaited = false
  var hasArrival = true
  /// Since when nobody waits for its answer any more; 0: somebody does, or nobody ever did.
  var abandonedAt: UInt64 = 0
  /// What the timeline shows of it while it waits without a thread.
  var shown: ShownWait?

  /// What it waits for while no thread waits for it: the oldest of its waits.
  var unattended: FoldWait? {
    guard phase == .suspended, let wait, wait.helper < 0, laterWaits.isEmpty || laterWaits.allSatisfy({ $0.helper < 0 })
    else { return nil }
    return wait
  }
}

extension FoldThread {
  static let waitLimit = 64

  mutating func open(_ new: FoldWait) -> Bool {
    guard let innermost = wait else {
      wait = new
      return true
    }
    guard outerWaits.count < Self.waitLimit, innermost.id != new.id, !outerWaits.contains(where: { $0.id == new.id })
    else { return false }
    outerWaits.append(innermost)
    wait = new
    return true
  }

  mutating func close(_ id: UInt64) -> FoldWait? {
    if let innermost = wait, innermost.id == id {
      wait = outerWaits.popLast()
      return innermost
    }
    guard let place = outerWaits.lastIndex(where: { $0.id == id }) else { return nil }
    return outerWaits.remove(at: place)
  }
}

extension FoldRequest {
  static let waitLimit = 256

  mutating func open(_ new: FoldWait) -> Bool {
    guard let first = wait else {
      wait = new
      return true
    }
    guard laterWaits.count < Self.waitLimit, first.id != new.id, !laterWaits.contains(where: { $0.id == new.id })
    else { return false }
    laterWaits.append(new)
    return true
  }

  mutating func close(_ id: UInt64) -> FoldWait? {
    if let first = wait, first.id == id {
      wait = laterWaits.isEmpty ? nil : laterWaits.removeFirst()
      return first
    }
    guard let place = laterWaits.firstIndex(where: { $0.id == id }) else { return nil }
    return laterWaits.remove(at: place)
  }

  /// Changes an open wait.
  /// - Returns: false if there is none with this id.
  mutating func change(_ id: UInt64, _ body: (inout FoldWait) -> Void) -> Bool {
    if wait?.id == id {
      if var changed = wait {
        body(&changed)
        wait = changed
      }
      return true
    }
    guard let place = laterWaits.firstIndex(where: { $0.id == id }) else { return false }
    body(&laterWaits[place])
    return true
  }
}
