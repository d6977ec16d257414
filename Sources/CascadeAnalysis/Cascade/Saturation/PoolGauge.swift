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
  /// Blocked threads by state.
  private var causes = SIMD16<UInt64>()
  private var since: UInt64
  /// Up to `since`.
  private(set) var sums = Sums()
  /// Busy threads when the last change of the outside world was recorded.
  var busyAtEvent: Int32 = 0
  var tracker = SaturationTracker()
  /// What is known of the stretch that the tracker has open.
  var saturation: OpenSaturation?
  /// Since when it has been saturated, though the window may have begun later; it means something while it is saturated.
  var saturatedSince: UInt64 = 0

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
  var size: Int32 {
    Int32(truncatingIfNeeded: PoolLoad.threads(configured: configured.map { Int($0) }, alive: Int(alive)))
  }

  var load: PoolLoad { PoolLoad(threads: Int(size), busy: Int(busy), queued: Int(queued)) }

  /// Looks whether it has become saturated or has ceased to be. In place: read from outside, the whole gauge is copied with
  /// all that it counts, which took a sixth of the fold's time.
  mutating func see(at now: UInt64, _ rule: SaturationRule) -> SaturationTracker.Change {
    let isSaturated = load.isSaturated
    guard isSaturated != tracker.isSaturated else { return .none }
    return tracker.see(isSaturated, at: now, rule)
  }

  /// Begins all sums anew.
  mutating func restart(_ now: UInt64) {
    since = now
    sums = Sums()
    (peakQueue, busyAtEvent) = (queued, busy)
    tracker.restart(at: now)
    saturation = nil
  }

  mutating func flush(_ now: UInt64) {
    let time = now &- since
    guard time != 0 else { return }
    since = now
    sums.size &+= UInt64(size) &* time
    sums.busy &+= UInt64(truncatingIfNeeded: busy) &* time
    sums.blocked &+= UInt64(truncatingIfNeeded: blocked) &* time
    sums.queued &+= UInt64(truncatingIfNeeded: queued) &* time
    if queued == 0, load.isFull { sums.fullIdleQueue &+= time }
    if blocked != 0 { sums.causes &+= causes &* SIMD16(repeating: time) }
  }

  /// The sums up to now.
  mutating func flushed(_ now: UInt64) -> Sums {
    flush(now)
    return sums
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
    if let peak = saturation?.peakQueue, queued > peak, tracker.isSaturated { saturation?.peakQueue = queued }
  }
}
