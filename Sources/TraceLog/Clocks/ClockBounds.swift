/// What calls prove of the difference between two clocks over time: of each stretch of time the tightest bound on either
/// side. It takes any number of calls and keeps little.
package struct ClockBounds: Sendable {
  /// That the difference was at least, or at most, so much at a time.
  struct Point: Hashable, Sendable {
    var time: UInt64
    var value: Int64
  }

  private struct Stretch {
    var least: Point?
    var most: Point?

    // Of equal ones the earlier, so that it does not matter in which order calls come.
    mutating func add(least point: Point) {
      if least.map({ ($0.value, point.time) < (point.value, $0.time) }) ?? true { least = point }
    }

    mutating func add(most point: Point) {
      if most.map({ (point.value, point.time) < ($0.value, $0.time) }) ?? true { most = point }
    }
  }

  private static let limit = 256

  private var stretches: [UInt64: Stretch] = [:]
  /// A stretch is so many nanoseconds long, as a power of 2: about a millisecond, and longer where there are many.
  private var shift: UInt64 = 20
  package private(set) var calls = 0

  package init() {}

  /// Adds a call.
  /// - Parameters:
  ///   - ahead: between what and what it says that the difference lies.
  ///   - leastAt: when the lower bound held, on the first clock.
  ///   - mostAt: when the upper one did.
  package mutating func add(_ ahead: ClockInterval, leastAt: UInt64, mostAt: UInt64) {
    calls += 1
    stretches[mostAt >> shift, default: Stretch()].add(most: Point(time: mostAt, value: ahead.most))
    stretches[leastAt >> shift, default: Stretch()].add(least: Point(time: leastAt, value: ahead.least))
    while stretches.count > Self.limit { widen() }
  }

  private mutating func widen() {
    shift += 1
    var wider: [UInt64: Stretch] = [:]
    for (place, stretch) in stretches {
      if let least = stretch.least { wider[place >> 1, default: Stretch()].add(least: least) }
      if let most = stretch.most { wider[place >> 1, default: Stretch()].add(most: most) }
    }
    stretches = wider
  }

  /// In the order of time.
  var least: [Point] { stretches.values.compactMap(\.least).sorted { $0.time < $1.time } }
  var most: [Point] { stretches.values.compactMap(\.most).sorted { $0.time < $1.time } }

  /// The second clock, read on the first; nil without a call.
  package var clock: HostClock? { ClockLine(self)?.clock(calls: calls) }
}
