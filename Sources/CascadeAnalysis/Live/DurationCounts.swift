/// How many durations fell into each range, 64 to an octave: a quantile read from it, the middle of a range, is within
/// 0.8 % of the exact one.
package struct DurationCounts: Sendable {
  private static let size = range(.max) + 1
  private var counts: [UInt32] = []

  package init() {}

  package mutating func add(_ nanoseconds: UInt64) {
    if counts.isEmpty { counts = Array(repeating: 0, count: Self.size) }
    counts[Self.range(nanoseconds)] &+= 1
  }

  private static func range(_ value: UInt64) -> Int {
    guard value >= 64 else { return Int(value) }
    let exponent = 63 - value.leadingZeroBitCount
    return (exponent - 5) * 64 + Int(value >> UInt64(exponent - 6) & 63)
  }

  private static func middle(_ range: Int) -> UInt64 {
    guard range >= 64 else { return UInt64(range) }
    let exponent = UInt64(range / 64 + 5)
    return UInt64(64 + range % 64) << (exponent - 6) | (1 << (exponent - 6)) / 2
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
      if rest <= 0 { return Self.middle(range) }
    }
    return nil
  }
}
