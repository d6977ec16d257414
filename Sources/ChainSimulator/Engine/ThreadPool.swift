import ChainModel

/// A pool of threads of a simulated service, as the services' own `PoolState` decides: it starts threads when they are
/// wanted, and lets go of them when they are not.
struct ThreadPool {
  private(set) var threads: Int
  private(set) var isActive: Bool
  private(set) var running = 0
  private(set) var busy = Gauge()
  private var idle: [Int] = []
  private var unused: [Int] = []
  private var highest = 0
  /// Requests that wait for a thread of it, where they do not wait in their station's queue.
  var waiting = FrameList()
  /// How many wait, here or there.
  private var queued = 0
  private(set) var saturation = SaturationHistory(limit: 256)

  init(threads: Int, isActive: Bool) {
    self.threads = threads
    self.isActive = isActive
  }

  var isFree: Bool { busy.level < threads }

  @inline(__always)
  private mutating func judge(at now: UInt64) {
    saturation.see(PoolLoad(threads: threads, busy: busy.level, queued: queued), at: now)
  }

  /// One more request waits for a thread, or one less.
  @inline(__always)
  mutating func wait(by change: Int, at now: UInt64) {
    queued += change
    judge(at: now)
  }

  /// - Returns: the number of a thread, which is busy from now on, and whether it has just been started.
  mutating func take(at now: UInt64) -> (number: Int, isNew: Bool) {
    busy.change(by: 1, at: now)
    judge(at: now)
    if let number = idle.popLast() { return (number, false) }
    return (start(), true)
  }

  /// - Returns: false if the thread ends, since it is not wanted any more.
  mutating func giveBack(_ number: Int, at now: UInt64) -> Bool {
    busy.change(by: -1, at: now)
    judge(at: now)
    guard running <= (isActive ? threads : 0) else {
      end(number)
      return false
    }
    idle.append(number)
    return true
  }

  private mutating func start() -> Int {
    running += 1
    if let number = unused.popLast() { return number }
    highest += 1
    return highest - 1
  }

  private mutating func end(_ number: Int) {
    running -= 1
    unused.append(number)
  }

  /// - Returns: the numbers of threads that start and of those that end.
  mutating func set(threads: Int, isActive: Bool, at now: UInt64) -> (started: [Int], ended: [Int]) {
    (self.threads, self.isActive) = (threads, isActive)
    judge(at: now)
    let wanted = isActive ? threads : 0
    var (started, ended): ([Int], [Int]) = ([], [])
    while running < wanted {
      let number = start()
      started.append(number)
      idle.insert(number, at: 0)
    }
    while running > wanted, let number = idle.popLast() {
      end(number)
      ended.append(number)
    }
    return (started, ended)
  }
}
