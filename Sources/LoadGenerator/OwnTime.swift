/// The time that a loop has had for itself. It stands still while the loop is late: what a pause of the whole process adds
/// to a response is not the server's doing, and no reason for more connections. Times are `Monotonic` nanoseconds.
struct OwnTime {
  /// When the loop is to look next.
  private var lookAt: UInt64
  /// How much later than that it has looked, in all.
  private(set) var lost: UInt64 = 0

  init(from start: UInt64) {
    lookAt = start
  }

  /// Comparable with other times of the same loop alone.
  func at(_ now: UInt64) -> UInt64 { min(now, lookAt) &- lost }

  /// The loop looks.
  mutating func look(_ now: UInt64) {
    if now > lookAt { lost += now - lookAt }
    lookAt = .max
  }

  /// It has done all there was to do, and is to look again then.
  mutating func rest(until moment: UInt64) { lookAt = moment }
}
