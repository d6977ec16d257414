/// A level and its exact integral over time, in nanoseconds.
struct Gauge {
  private(set) var level = 0
  private(set) var peak = 0
  private var since: UInt64 = 0
  private var sum: UInt64 = 0

  @inline(__always)
  mutating func change(by delta: Int, at now: UInt64) {
    sum &+= UInt64(level) &* (now &- since)
    since = now
    level += delta
    if level > peak { peak = level }
  }

  func area(until now: UInt64) -> UInt64 { sum &+ UInt64(level) &* (now &- since) }
}
