import ChainModel

/// Sums at the edge of a saturation interval; the difference of two tells what happened in between.
struct SaturationEdge {
  var blame = WaitForest.Sums()
  var pool = PoolGauge.Sums()
  /// Requests that the service had answered.
  var ended = 0
}

/// What is known where a saturation interval begins.
struct SaturationMark {
  var edge: SaturationEdge
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

/// The edges of a pool's saturation that is open, with what was known at them.
struct OpenSaturation {
  var start: SaturationMark
  /// Where it has ended unless it goes on; means nothing before it has paused. A pool may pause at every other record.
  var end = SaturationEdge()
  var peakQueue: Int32

  init(start: SaturationMark, peakQueue: Int32) {
    (self.start, self.peakQueue) = (start, peakQueue)
  }

  mutating func pause(_ forest: inout WaitForest) { forest.sums(into: &end.blame) }
}
