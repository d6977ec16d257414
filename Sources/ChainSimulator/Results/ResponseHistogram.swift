/// Counts of times in nanoseconds, in buckets of at most 0.8 % width.
package struct ResponseHistogram: Hashable, Sendable {
  private static let bits = 7
  private var counts = [Int](repeating: 0, count: (64 - bits) << bits)
  package private(set) var count = 0
  private var sum = 0.0
  package private(set) var longest: UInt64 = 0

  package init() {}

  /// Of all that the others have counted.
  package init(merging others: [ResponseHistogram]) {
    guard let first = others.first else { return }
    self = first
    for other in others.dropFirst() where other.count > 0 {
      for bucket in counts.indices { counts[bucket] += other.counts[bucket] }
      count += other.count
      sum += other.sum
      longest = max(longest, other.longest)
    }
  }

  mutating func add(_ time: UInt64) {
    counts[Self.bucket(time)] += 1
    count += 1
    sum += Double(time)
    longest = max(longest, time)
  }

  private static func bucket(_ time: UInt64) -> Int {
    let shift = max(0, 64 - time.leadingZeroBitCount - bits - 1)
    return shift << bits + Int(time >> UInt64(shift))
  }

  /// The middle of a bucket.
  private static func middle(_ bucket: Int) -> Double {
    guard bucket >= 2 << bits else { return Double(bucket) }
    let shift = bucket >> bits - 1
    let low = UInt64(bucket - shift << bits) << UInt64(shift)
    return Double(low) + Double(UInt64(1) << UInt64(shift)) / 2
  }

  /// In seconds; 0 when nothing was counted.
  package var mean: Double { count == 0 ? 0 : sum / Double(count) / 1e9 }

  /// In seconds, of at least this share of all; 0 when nothing was counted.
  package func percentile(_ share: Double) -> Double {
    let rank = max(1, Int((share * Double(count)).rounded(.up)))
    var seen = 0
    for (bucket, number) in counts.enumerated() where number > 0 {
      seen += number
      if seen >= rank { return min(Self.middle(bucket), Double(longest)) / 1e9 }
    }
    return 0
  }
}
