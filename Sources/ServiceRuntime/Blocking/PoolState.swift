import ChainModel

/// What a worker pool decides, as a value: who is accepted, which thread is started, which ends. `WorkerPool` adds the
/// lock, the queue and the threads.
struct PoolState: Hashable, Sendable {
  /// Threads wanted while the pool is in use.
  private(set) var threads: Int
  private(set) var queueLimit: Int
  /// Whether the IO model in force needs the pool. One that is not needed finishes its queue and lets its threads go.
  private(set) var isActive: Bool
  /// Threads started and not ended.
  private(set) var running = 0
  private(set) var busy = 0
  private(set) var queued = 0

  enum Submission: Hashable {
    /// Queued. `startThread`: nobody is there to serve it.
    case accepted(startThread: Bool)
    case shed
  }

  init(threads: Int, queueLimit: Int, isActive: Bool) {
    self.threads = threads
    self.queueLimit = queueLimit
    self.isActive = isActive
  }

  /// A job asks for a place: a thread that is free or will be, or a place in the queue.
  mutating func submit(ignoringLimit: Bool = false) -> Submission {
    let free = max(0, threads - busy)
    guard ignoringLimit || queued < queueLimit + free else { return .shed }
    queued += 1
    return .accepted(startThread: startsThread())
  }

  /// Whether another thread should be started; if so, it counts as running from now on.
  mutating func startsThread() -> Bool {
    let wanted = isActive ? threads : min(threads, busy + queued)
    guard running < wanted else { return false }
    running += 1
    return true
  }

  /// A thread could not be started after all.
  mutating func startFailed() {
    running -= 1
  }

  enum Next: Hashable {
    case work
    case wait
    case exit
  }

  /// What a thread without work does next; `work` takes a job from the queue, `exit` ends the thread.
  mutating func next() -> Next {
    if running > threads {
      running -= 1
      return .exit
    }
    if queued > 0 {
      queued -= 1
      busy += 1
      return .work
    }
    if isActive { return .wait }
    running -= 1
    return .exit
  }

  mutating func finished() {
    busy -= 1
  }

  mutating func resize(threads: Int?, queueLimit: Int?) {
    self.threads = threads ?? self.threads
    self.queueLimit = queueLimit ?? self.queueLimit
  }

  mutating func setActive(_ active: Bool) {
    isActive = active
  }
}
