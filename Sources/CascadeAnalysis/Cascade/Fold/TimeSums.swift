/// Counts that change now and then, each with its sum over time: ∫ count dt, in count × nanoseconds.
///
/// A sum is brought up to date when its count changes, so that a change costs the same however many counts there are.
struct TimeSums {
  private(set) var counts: [Int32] = []
  private var sums: [UInt64] = []
  private var since: [UInt64] = []

  mutating func grow(to size: Int, now: UInt64) {
    while counts.count < size {
      counts.append(0)
      sums.append(0)
      since.append(now)
    }
  }

  mutating func add(_ index: Int, _ delta: Int32, now: UInt64) {
    sums[index] &+= UInt64(truncatingIfNeeded: counts[index]) &* (now &- since[index])
    since[index] = now
    counts[index] &+= delta
  }

  mutating func resetSums(now: UInt64) {
    for index in sums.indices { (sums[index], since[index]) = (0, now) }
  }

  func sum(_ index: Int, now: UInt64) -> UInt64 {
    guard index < counts.count else { return 0 }
    return sums[index] &+ UInt64(truncatingIfNeeded: counts[index]) &* (now &- since[index])
  }
}
