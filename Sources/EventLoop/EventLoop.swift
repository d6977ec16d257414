import CPlatform
import ChainModel
import Glibc
import Synchronization

/// One thread that waits for all of its sockets at once, and does whatever comes up, one thing after another.
///
/// `turn` is the whole idea. Whatever is called from it must come back soon: while one callback runs, all others wait.
/// Everything that belongs to a loop is touched on its thread only; `execute`, `enqueue` and `stop` are for any thread.
package final class EventLoop: @unchecked Sendable {  // see above: other threads touch the inbox and atomics only
  package typealias Job = () -> Void

  /// What a socket receives is read into this, and gone with the next read: no connection that waits owns a buffer.
  package let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
  /// What is sent is built in this.
  package let output = Output()
  /// Called at the end of each turn, before the loop sleeps: what was collected during it can be handed on at once.
  package var atEndOfTurn: (() -> Void)?

  private let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
  private let bell = Bell()
  private let clock = AlarmClock()
  private let events = UnsafeMutablePointer<epoll_event>.allocate(capacity: EventLoop.eventLimit)
  private let thread = Atomic<UInt>(0)
  private var timers = Timers()
  private var jobs: [Job] = []
  private var tasks: [UnownedJob] = []
  private var closed: [Watched] = []
  private var isStopped = false
  private var socketTable: Int32 = -1

  private let inboxLock = Condition()
  private var inbox: [Job] = []
  /// Within the lock: nobody looks into the inbox any more.
  private var isOver = false
  private let hasInbox = Atomic(false)
  private let isAsleep = Atomic(false)

  private static let eventLimit = 256

  package init() {
    precondition(epoll >= 0, "epoll_create1: \(String(cString: strerror(errno)))")
    // Edge-triggered: each ring is told once, and nothing has to be read.
    watch(bell, for: EPOLLIN.rawValue | EPOLLET.rawValue)
    watch(clock, for: EPOLLIN.rawValue | EPOLLET.rawValue)
  }

  deinit {
    Glibc.close(epoll)
    if socketTable >= 0 { Glibc.close(socketTable) }
    input.deallocate()
    events.deallocate()
  }

  // MARK: Turning

  /// Makes the calling thread this loop's, until `stop`.
  package func run() {
    thread.store(UInt(pthread_self()), ordering: .relaxed)
    while !isStopped { turn() }
    letGo()
    thread.store(0, ordering: .relaxed)
  }

  /// What was planned will not be done any more, and holds whatever it would have been done to.
  private func letGo() {
    let left = inboxLock.withLock {
      isOver = true
      defer { inbox = [] }
      return inbox
    }
    (jobs, timers, closed, atEndOfTurn) = ([], Timers(), [], nil)
    _ = left
  }

  /// Sleeps until something is ready, then does all that is: once around.
  private func turn() {
    let count = waitForEvents()
    for index in 0..<count {
      let watched = Unmanaged<Watched>.fromOpaque(chain_event_object(events + index)).takeUnretainedValue()
      // A callback before this one may have closed it.
      if watched.isOpen { watched.ready(events[index].events) }
    }
    takeInbox()
    if clock.hasRung { runTimers() }
    runJobs()
    atEndOfTurn?()
    closed.removeAll(keepingCapacity: true)
  }

  /// Sleeps only when there is nothing to do, and says so first: whoever brings work after that rings the bell.
  private func waitForEvents() -> Int {
    var patience: Int32 = jobs.isEmpty && tasks.isEmpty ? -1 : 0
    if patience < 0 {
      clock.set(for: timers.next)
      isAsleep.store(true, ordering: .sequentiallyConsistent)
      if hasInbox.load(ordering: .sequentiallyConsistent) { patience = 0 }
    }
    let count = epoll_wait(epoll, events, Int32(Self.eventLimit), patience)
    isAsleep.store(false, ordering: .relaxed)
    return max(0, Int(count))
  }

  private func takeInbox() {
    guard hasInbox.load(ordering: .acquiring) else { return }
    inboxLock.withLock {
      hasInbox.store(false, ordering: .relaxed)
      if jobs.isEmpty { swap(&jobs, &inbox) } else { jobs.append(contentsOf: inbox) }
      inbox.removeAll(keepingCapacity: true)
    }
  }

  private func runTimers() {
    clock.hasRung = false
    let now = Monotonic.now()
    while let action = timers.takeDue(at: now) { action() }
  }

  /// Those that are there now; what they bring about themselves comes in the next turn, after a look at the sockets.
  private func runJobs() {
    if !jobs.isEmpty {
      var due: [Job] = []
      swap(&due, &jobs)
      for job in due { job() }
      if jobs.isEmpty {
        due.removeAll(keepingCapacity: true)
        swap(&due, &jobs)
      }
    }
    if !tasks.isEmpty {
      var due: [UnownedJob] = []
      swap(&due, &tasks)
      for task in due { task.runSynchronously(on: asUnownedTaskExecutor()) }
      if tasks.isEmpty {
        due.removeAll(keepingCapacity: true)
        swap(&due, &tasks)
      }
    }
  }

  // MARK: Work

  /// Whether the calling thread is the loop's.
  package var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

  /// From any thread: the job is run by the loop soon, never within this call.
  package func execute(_ job: @escaping Job) {
    if isCurrent {
      jobs.append(job)
    } else {
      post { $0.append(job) }
    }
  }

  /// From any other thread: the jobs are run by the loop, in their order, for one ring of the bell.
  package func execute(all: [Job]) { post { $0.append(contentsOf: all) } }

  private func post(_ put: (inout [Job]) -> Void) {
    inboxLock.withLock {
      guard !isOver else { return }
      put(&inbox)
      hasInbox.store(true, ordering: .sequentiallyConsistent)
    }
    if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { bell.ring() }
  }

  /// Runs the action when the moment has come, in `Monotonic` nanoseconds; never before, and soon after.
  /// - Returns: to cancel it.
  @discardableResult
  package func schedule(at moment: UInt64, _ action: @escaping Job) -> Timer {
    timers.add(at: moment, action)
  }

  /// The same, after a time from now.
  @discardableResult
  package func schedule(after duration: Duration, _ action: @escaping Job) -> Timer {
    schedule(at: Deadline(after: duration, from: Monotonic.now()).nanoseconds, action)
  }

  /// From any thread: `run` returns after this turn.
  package func stop() { execute { [self] in isStopped = true } }

  // MARK: Descriptors

  /// For `chain_peer_is_held`; −1 where there is none, or no descriptor for it now.
  var diagnosis: Int32 {
    if socketTable < 0 { socketTable = chain_socket_table() }
    return socketTable
  }

  func watch(_ watched: Watched, for interest: UInt32) {
    let operation = watched.isRegistered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD
    let object = Unmanaged.passUnretained(watched).toOpaque()
    if chain_epoll_control(epoll, operation, watched.descriptor, interest, object) == 0, !watched.isRegistered {
      watched.epoll = epoll
    }
  }

  /// Keeps what was closed until the turn is over, if there is one: an event of it may still be in the list.
  func bury(_ watched: Watched) {
    if thread.load(ordering: .relaxed) != 0 { closed.append(watched) }
  }
}

/// Runs the jobs of async functions, so that a handler never leaves the loop that owns its connection.
///
/// They are always deferred to the end of the turn: run at once, they would nest in the code that resumed them.
extension EventLoop: TaskExecutor {
  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      tasks.append(job)
    } else {
      execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
  }
}

/// Wakes the loop when another thread has work for it.
private final class Bell: Watched {
  init() {
    super.init(descriptor: eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)))
  }

  deinit { Glibc.close(descriptor) }

  func ring() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }
}

/// Wakes the loop when its next timer is due, to the nanosecond: `epoll_wait` itself counts in milliseconds.
private final class AlarmClock: Watched {
  /// When it will ring; `UInt64.max` when it will not.
  private var setFor = UInt64.max
  var hasRung = false

  init() {
    super.init(
      descriptor: timerfd_create(CLOCK_MONOTONIC, Int32(TFD_CLOEXEC | TFD_NONBLOCK)))
  }

  deinit { Glibc.close(descriptor) }

  override func ready(_ events: UInt32) {
    setFor = .max
    hasRung = true
  }

  /// A moment that comes later than the one it is set for does not matter: it rings, and is set anew.
  func set(for moment: UInt64?) {
    guard let moment, moment < setFor, chain_timer_set(descriptor, max(1, moment)) == 0 else { return }
    setFor = moment
  }
}
