/// What one side of a comparison says of a figure.
///
/// Keys: `value` (of the run, over its steady part; of several runs their median), `low` and `high` (between which the
/// repetitions lie: see `spread`), `repetitions`, `count` (of errors: how many), or `none` (true: there was none, as no onset
/// where nothing was ever saturated).
package struct ComparedSide: Encodable, Hashable, Sendable {
  package var value: Double?
  package var low: Double?
  package var high: Double?
  package var repetitions: Int
  package var count: Int?

  package var isNone: Bool { value == nil }

  /// Nil if no run knows the figure.
  init?(_ figures: [RunFigure?], byRun: Bool) {
    let known = figures.compactMap { $0 }
    guard !known.isEmpty else { return nil }
    let values = known.compactMap(\.value).sorted()
    let slices = byRun ? [] : known.flatMap(\.slices)
    value = Self.median(values)
    (low, high) = Self.spread(slices.isEmpty ? values : slices, values)
    repetitions = slices.isEmpty ? values.count : slices.count
    let counts = known.compactMap(\.count)
    count = counts.isEmpty ? nil : counts.reduce(0, +)
  }

  /// The lowest and the highest repetition, less a tenth of them at each end, and never without the value itself.
  ///
  /// If chance alone deals the repetitions to A and B, two fives do not overlap once in 126 times, and the middle eights of two
  /// tens once in 915. With the tenth, a single slice that is still part of the warm-up does not hide a change.
  private static func spread(_ repetitions: [Double], _ values: [Double]) -> (low: Double?, high: Double?) {
    let left = repetitions.count / 10
    let middle = repetitions.sorted().dropFirst(left).dropLast(left)
    let value = median(values).map { [$0] } ?? []
    return ((middle + value).min(), (middle + value).max())
  }

  private static func median(_ sorted: [Double]) -> Double? {
    guard let last = sorted.last else { return nil }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : middle == 0 ? last : (sorted[middle - 1] + sorted[middle]) / 2
  }

  private enum CodingKeys: String, CodingKey {
    case value, low, high, repetitions, count, none
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    if isNone { try keys.encode(true, forKey: .none) }
    try keys.encodeIfPresent(value, forKey: .value)
    try keys.encodeIfPresent(low, forKey: .low)
    try keys.encodeIfPresent(high, forKey: .high)
    try keys.encode(repetitions, forKey: .repetitions)
    try keys.encodeIfPresent(count, forKey: .count)
  }
}

/// A figure on both sides, and what became of it from A to B.
///
/// Keys: `figure` (see `FigureKey.Kind`), `service`, `type` (of errors), `unit` (`/s`, `ns`, `1`, `share`), `a` and `b` (see
/// `ComparedSide`; absent: not known), `change` (see `Change`), `ratio` (b/a) and `difference` (b − a) where both have values,
/// `single` (true: one observation a side, so that noise cannot be told).
package struct ComparedRow: Encodable, Sendable {
  package enum Change: String, Encodable, Sendable {
    case more
    case less
    /// A has none of it.
    case added
    /// B has none of it.
    case removed
    /// The repetitions of A and B overlap, or they differ by less than figures show.
    case withinNoise = "within_noise"
    /// One side does not know it.
    case notKnown = "not_known"
  }

  /// Of a figure: half of the last of three digits.
  private static let leastChange = 0.005

  package let key: FigureKey
  package let a: ComparedSide?
  package let b: ComparedSide?

  package var change: Change {
    guard let a, let b else { return .notKnown }
    guard let valueA = a.value, let valueB = b.value, let lowA = a.low, let lowB = b.low, let highA = a.high,
      let highB = b.high
    else { return a.isNone == b.isNone ? .withinNoise : a.isNone ? .added : .removed }
    if lowA <= highB, lowB <= highA { return .withinNoise }
    if highA == 0 { return .added }
    if highB == 0 { return .removed }
    if abs(valueB - valueA) <= Self.leastChange * max(abs(valueA), abs(valueB)) { return .withinNoise }
    return valueB > valueA ? .more : .less
  }

  package var difference: Double? {
    guard let a = a?.value, let b = b?.value else { return nil }
    return b - a
  }

  /// Nil where A is zero.
  package var ratio: Double? {
    guard let a = a?.value, let b = b?.value, a != 0 else { return nil }
    return b / a
  }

  /// One observation a side: a difference may be noise, and nothing can tell.
  package var isSingle: Bool { (a?.repetitions ?? 0) <= 1 && (b?.repetitions ?? 0) <= 1 && a != nil && b != nil }

  /// Zero or none on both sides, all the time.
  var isNothing: Bool { a != nil && b != nil && [a, b].allSatisfy { ($0?.high ?? 0) == 0 } }

  private enum CodingKeys: String, CodingKey {
    case figure, service, type, unit, a, b, change, ratio, difference, single
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(key.kind.rawValue, forKey: .figure)
    try keys.encodeIfPresent(key.service, forKey: .service)
    try keys.encodeIfPresent(key.type, forKey: .type)
    try keys.encode(key.unit.rawValue, forKey: .unit)
    try keys.encodeIfPresent(a, forKey: .a)
    try keys.encodeIfPresent(b, forKey: .b)
    try keys.encode(change, forKey: .change)
    try keys.encodeIfPresent(ratio, forKey: .ratio)
    try keys.encodeIfPresent(difference, forKey: .difference)
    if isSingle { try keys.encode(true, forKey: .single) }
  }
}
