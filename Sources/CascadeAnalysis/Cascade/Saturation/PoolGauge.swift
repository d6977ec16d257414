import ChainModel

/// A pool of threads with the requests that queue for it: how many there are of each, and the sums over time.
struct PoolGauge {
  let service: Int32
  let process: Int32
  let role: ThreadRole
  /// Threads as the service says; nil where it does not.
  var configured: Int32?
  private(set) var alive: Int32 = 0
  private(set) var busy: Int32 = 0
  private(set) var blocked: Int32 = 0
  private(set) var queued: Int32 = 0
  private(set) var peakQueue: Int32 = 0
  private var causes = SIMD16<Int32>()
  private var since: UInt64
  private(set) var sums = Sums()
  /// Busy threads when the last change of the outside world was recorded.
  var busyAtEvent: Int32 = 0
  var tracker = SaturationTracker()

  struct Sums {
    var size: UInt64 = 0
    var busy: UInt64 = 0
    var blocked: UInt64 = 0
    var queued: UInt64 = 0
    /// Time with every thread busy and nobody in the queue.
    var fullIdleQueue: UInt64 = 0
    var causes = SIMD16<UInt64>()
  }

  init(service: Int32, process: Int32, role: ThreadRole, now: UInt64) {
    self.service = service
    self.process = process
    self.role = role
    since = now
  }

  /// N(s, t).
  var size: Int32 { configured.map { alive == 0 ? 0 : max($0, 1) } ?? alive }
  var isFull: Bool { size > 0 && busy >= size }
  var isSaturated: Bool { isFull && queued >= 1 }

  mutating func flush(_ now: UInt64) {
    let time = now &- since
    guard time != 0 else { return }
    since = now
    sums.size &+= UInt64(size) &* time
    sums.busy &+= UInt64(truncatingIfNeeded: busy) &* time
    sums.blocked &+= UInt64(truncatingIfNeeded: blocked) &* time
    sums.queued &+= UInt64(truncatingIfNeeded: queued) &* time
    if isFull, queued == 0 { sums.fullIdleQueue &+= time }
    sums.causes &+= SIMD16<UInt64>(truncatingIfNeeded: causes) &* time
  }

  /// A thread goes from one state to another; see `FoldThread.state`.
  mutating func change(from old: UInt8, to new: UInt8, now: UInt64) {
    flush(now)
    busy &+= (new == 0 ? 0 : 1) &- (old == 0 ? 0 : 1)
    blocked &+= (new > 1 ? 1 : 0) &- (old > 1 ? 1 : 0)
    if old > 1 { causes[Int(old & 15)] &-= 1 }
    if new > 1 { causes[Int(new & 15)] &+= 1 }
  }

  mutating func add(threads: Int32, now: UInt64) {
    flush(now)
    alive &+= threads
  }

  mutating func add(queued delta: Int32, now: UInt64) {
    flush(now)
    queued &+= delta
    peakQueue = max(peakQueue, queued)
    tracker.see(queue: queued)
  }
}
