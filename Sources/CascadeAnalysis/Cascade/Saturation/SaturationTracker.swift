import ChainModel

/// What is known at the edge of a saturation interval; the difference of two tells what happened in between.
struct SaturationMark {
  var time: UInt64
  var blame: WaitForest.Sums
  var pool: PoolGauge.Sums
  /// Requests that the service had answered.
  var ended: Int
  /// Arrivals so far, by service.
  var arrivals: [ArrivalCount]
  /// Threads of the pool's service that are blocked on each service.
  var holds: [Int32]
  var size: Int32
  var busyAtEvent: Int32
  var lastEvent: FoldEvent?
}

/// Requests that arrived, and when the first and the last did.
struct ArrivalCount {
  var count = 0
  var first: UInt64 = 0
  var last: UInt64 = 0

  mutating func add(_ time: UInt64) {
    if count == 0 { first = time }
    last = time
    count += 1
  }

  /// Per second; nil for fewer than two.
  var rate: Double? { count > 1 && last > first ? Double(count - 1) / (Double(last - first) / 1e9) : nil }
}

/// Makes saturation intervals of the moments at which a pool becomes saturated and ceases to be: gaps shorter than
/// `gap` are bridged, what is then shorter than `shortest` is dropped.
struct SaturationTracker {
  struct Open {
    var start: SaturationMark
    /// Where it has ended unless it goes on within the gap.
    var end: SaturationMark?
    var peakQueue: Int32
  }

  private(set) var open: Open?
  private(set) var isRaw = false

  mutating func see(queue: Int32) {
    if isRaw, let peak = open?.peakQueue, queue > peak { open?.peakQueue = queue }
  }

  /// The pool is saturated again: if the gap is short, the interval goes on.
  mutating func resume(at now: UInt64, queue: Int32, gap: UInt64) -> Bool {
    guard let end = open?.end, now &- end.time < gap else { return false }
    isRaw = true
    open?.end = nil
    see(queue: queue)
    return true
  }

  /// - Returns: the interval before, which is over for good.
  mutating func begin(_ mark: SaturationMark, queue: Int32) -> Open? {
    isRaw = true
    let done = open
    open = Open(start: mark, end: nil, peakQueue: queue)
    return done
  }

  mutating func end(mark: SaturationMark) {
    isRaw = false
    // Full for no time at all: two records of one instant, seen one after the other.
    if let start = open?.start.time, start == mark.time { open = nil } else { open?.end = mark }
  }

  mutating func take() -> Open? {
    defer { open = nil }
    return open
  }
}
