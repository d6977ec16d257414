import CPlatform
import ChainModel
import Glibc
import Logging
import EventLoop
import TraceLog

/// Bounded threads with a bounded queue: real POSIX threads of a set stack size, resized and named while they run.
final class WorkerPool: @unchecked Sendable {  // its variables are touched within `condition.withLock` only
  typealias Job = (WorkerContext) -> Void

  struct Settings {
    var role: ThreadRole
    /// Names are `prefix` + number; at most 15 bytes, which is all Linux keeps.
    var namePrefix: String
    var threads: Int
    var queueLimit: Int
    var stackKiB: Int
  }

  private let settings: Settings
  private let environment: ServiceEnvironment
  private let condition = Condition()
  private var state: PoolState
  private var queue = Ring<Job>()
  /// Threads without work; whoever fell idle last is the next to be woken, since it has most of what it needs at hand.
  private var idle: [Condition.Place] = []
  private var usedNumbers: Set<Int> = []
  /// Called whenever a thread or a place in the queue has become free; outside the lock.
  private var onRelease: (@Sendable () -> Void)?

  init(_ settings: Settings, environment: ServiceEnvironment) {
    self.settings = settings
    self.environment = environment
    state = PoolState(threads: settings.threads, queueLimit: settings.queueLimit, isActive: false)
  }

  var snapshot: PoolState { condition.withLock { state } }

  func onRelease(_ action: @escaping @Sendable () -> Void) {
    condition.withLock { onRelease = action }
  }

  /// Queues the job, to be run once by a thread of the pool.
  /// - Returns: false when every thread is busy and the queue is full.
  func submit(ignoringLimit: Bool = false, _ job: @escaping Job) -> Bool {
    let (submission, woken) = condition.withLock {
      let submission = state.submit(ignoringLimit: ignoringLimit)
      guard submission != .shed else { return (submission, nil as Condition.Place?) }
      queue.append(job)
      return (submission, idle.popLast())
    }
    // Outside the lock, which the woken thread wants at once.
    woken?.wake()
    if submission == .accepted(startThread: true) { startThread() }
    return submission != .shed
  }

  /// Queues all jobs whatever the limit is, and wakes as few threads as there are, with one look at the queue.
  func submit(all jobs: [Job]) {
    let (starts, woken) = condition.withLock {
      var starts = false
      for job in jobs {
        if state.submit(ignoringLimit: true) == .accepted(startThread: true) { starts = true }
        queue.append(job)
      }
      let woken = Array(idle.suffix(jobs.count))
      idle.removeLast(woken.count)
      return (starts, woken)
    }
    for place in woken { place.wake() }
    if starts { startThread() }
  }

  /// In use: has its threads. Not in use: finishes its queue and lets them go.
  func setActive(_ active: Bool) {
    let isChange = condition.withLock {
      guard state.isActive != active else { return false }
      state.setActive(active)
      wakeAll()
      return true
    }
    if isChange { grow() }
  }

  /// Has whoever waits for room look again, since something else than a job's end may have made some.
  func announceRoom() {
    condition.withLock { onRelease }?()
  }

  func resize(threads: Int?, queueLimit: Int?) {
    condition.withLock {
      state.resize(threads: threads, queueLimit: queueLimit)
      wakeAll()
    }
    grow()
    announceRoom()
  }

  // MARK: Threads

  /// Starts one thread if one is missing; each thread does so again when it starts, so that nobody waits for many.
  private func grow() {
    if condition.withLock({ state.startsThread() }) { startThread() }
  }

  private final class Start {
    let pool: WorkerPool
    let number: Int

    init(pool: WorkerPool, number: Int) {
      self.pool = pool
      self.number = number
    }
  }

  private func startThread() {
    let number = condition.withLock {
      let number = (1...).first { !usedNumbers.contains($0) } ?? 0
      usedNumbers.insert(number)
      return number
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, settings.stackKiB * 1024)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(pool: self, number: number))
    let result = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        start.pool.runThread(number: start.number)
        return nil
      }, start.toOpaque())
    guard result != 0 else { return }
    start.release()
    condition.withLock {
      state.startFailed()
      usedNumbers.remove(number)
    }
    environment.logger.error(
      "a thread could not be started", metadata: ["pool": "\(settings.namePrefix)", "errno": "\(result)"])
  }

  private func runThread(number: Int) {
    grow()
    let name = "\(settings.namePrefix)\(number)"
    chain_set_thread_name(name)
    let worker = WorkerContext(environment: environment, name: name, role: settings.role)
    worker.announce()
    let place = Condition.Place()
    var isDone = false
    while let job = nextJob(worker, at: place, isDone: isDone) {
      job(worker)
      isDone = true
    }
    worker.handOver()
    worker.retire()
    condition.withLock { _ = usedNumbers.remove(number) }
  }

  /// Says that the job before is done, if there was one, and waits for the next; nil when the thread is to end.
  private func nextJob(_ worker: WorkerContext, at place: Condition.Place, isDone: Bool) -> Job? {
    var isDone = isDone
    while true {
      let (next, job, release) = condition.withLock {
        if isDone { state.finished() }
        let release = isDone ? onRelease : nil
        isDone = false
        var next = state.next()
        // What is done is handed over before the thread sleeps, and outside the lock.
        while next == .wait, !worker.hasResults, release == nil {
          workerIsIdle(at: place)
          next = state.next()
        }
        return (next, next == .work ? queue.removeFirst() : nil, release)
      }
      release?()
      switch next {
      case .work: return job
      case .exit: return nil
      case .wait: worker.handOver()
      }
    }
  }

  /// Where a worker without work stands, by name, in any stack dump.
  @inline(never)
  private func workerIsIdle(at place: Condition.Place) {
    idle.append(place)
    condition.wait(at: place)
    idle.removeAll { $0 === place }
  }

  private func wakeAll() {
    for place in idle { place.wake() }
  }
}
