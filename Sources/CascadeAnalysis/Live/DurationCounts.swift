/// How many durations fell into each of 512 ranges, eight to an octave: a quantile read from it is at most 12.5 % too
/// large.
package struct DurationCounts: Sendable {
  private static let size = 512
  private var counts: [UInt32] = []

  package init() {}

  package mutating func add(_ nanoseconds: UInt64) {
    if counts.isEmpty { counts = Array(repeating: 0, count: Self.size) }
    counts[Self.range(nanoseconds)] &+= 1
  }

  private static func range(_ value: UInt64) -> Int {
    guard value >= 8 else { return Int(value) }
    let exponent = 63 - value.leadingZeroBitCount
    return (exponent - 2) * 8 + Int(value >> UInt64(exponent - 3) & 7)
  }

  /// The largest number that falls into a range.
  private static func limit(_ range: Int) -> UInt64 {
    guard range >= 8 else { return UInt64(range) }
    let exponent = range / 8 + 2
    return UInt64(8 + range % 8 + 1) << UInt64(exponent - 3) &- 1
  }

  package func adding(_ other: DurationCounts) -> DurationCounts { combined(other, &+) }

  /// What was counted since an earlier state of the same counts.
  package func since(_ earlier: DurationCounts) -> DurationCounts { combined(earlier, &-) }

  private func combined(_ other: DurationCounts, _ operation: (UInt32, UInt32) -> UInt32) -> DurationCounts {
    guard !other.counts.isEmpty else { return self }
    var result = self
    if result.counts.isEmpty { result.counts = Array(repeating: 0, count: Self.size) }
    for index in result.counts.indices { result.counts[index] = operation(result.counts[index], other.counts[index]) }
    return result
  }

  package var total: Int { counts.reduce(0) { $0 + Int($1) } }

  /// Reads a quantile.
  /// - Parameter share: from 0 to 1.
  /// - Returns: nanoseconds; nil if nothing was counted.
  package func quantile(_ share: Double) -> UInt64? {
    let total = total
    guard total > 0 else { return nil }
    var rest = max(1, Int((Double(total) * share).rounded(.up)))
    for (range, count) in counts.enumerated() {
      rest -= Int(count)
      if rest <= 0 { return Self.limit(range) }
    }
    return nil
  }
}
