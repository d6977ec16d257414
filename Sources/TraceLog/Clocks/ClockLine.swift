/// The straight line between bounds that is furthest from all of them: how the difference of two clocks that run evenly
/// grows. After Huygens (Geng et al., NSDI 2018), which separates the same two sets of points.
///
/// A difference that stays the same is preferred where it fits nearly as well, and over a few seconds wherever it fits at
/// all: a rate from so little would lead astray what lies outside. The bound is the furthest that any line, with a rate that
/// a clock can have, gets from this one without leaving the bounds.
struct ClockLine {
  /// What Linux allows a clock to be corrected by, in parts of 1.
  private static let steepest = 500e-6
  /// Nanoseconds.
  private static let shortWindow = 5e9
  /// What rounding takes from a bound: each of its two times is a whole number of nanoseconds.
  private static let grain = 2.0

  /// Numbers are small near the anchor and the base, so that they are exact to the nanosecond.
  private let anchor: UInt64
  private let base: Int64
  private let least: [(time: Double, value: Double)]
  private let most: [(time: Double, value: Double)]
  private let window: (from: Double, to: Double)
  private var slope = 0.0
  private var height = 0.0
  private var bound = 0.0
  private var isUneven = false

  init?(_ bounds: ClockBounds) {
    let (lows, highs) = (bounds.least, bounds.most)
    guard let low = lows.first, let high = highs.first, let lastLow = lows.last, let lastHigh = highs.last else {
      return nil
    }
    let (from, to) = (min(low.time, high.time), max(lastLow.time, lastHigh.time))
    let (anchor, base) = (from + (to - from) / 2, high.value)
    func near(_ point: ClockBounds.Point, _ grain: Double) -> (time: Double, value: Double) {
      (Double(Int64(bitPattern: point.time &- anchor)), Double(point.value &- base) + grain)
    }
    (self.anchor, self.base) = (anchor, base)
    (least, most) = (lows.map { near($0, -Self.grain) }, highs.map { near($0, Self.grain) })
    window = (-Double(anchor - from), Double(to - anchor))
    fit()
  }

  /// The second clock read on the first: the difference is told by the first one's time.
  func clock(calls: Int) -> HostClock {
    // What a hostile log claims stays a number.
    let offset = base &+ Int64(max(-4e18, min(4e18, height.rounded())))
    return HostClock(
      anchor: anchor &+ UInt64(bitPattern: offset), reference: anchor, rate: slope * 1e6,
      bound: UInt64(min(9e18, bound.rounded(.up))), calls: calls, isUneven: isUneven)
  }

  // MARK: Fitting

  /// Lowest and highest height at the anchor that a line of this slope may have.
  private func heights(_ slope: Double) -> (low: Double, high: Double) {
    (
      least.reduce(-.infinity) { max($0, $1.value - slope * $1.time) },
      most.reduce(.infinity) { min($0, $1.value - slope * $1.time) }
    )
  }

  /// Negative where no line of this slope fits.
  private func room(_ slope: Double) -> Double {
    let (low, high) = heights(slope)
    return high - low
  }

  private mutating func fit() {
    let best = Self.highest(-Self.steepest, Self.steepest, room)
    let (most, flat) = (room(best), room(0))
    isUneven = max(most, flat) < 0
    let isShort = window.to - window.from < Self.shortWindow
    slope = flat >= 0 && (isShort || flat >= 0.9 * most) ? 0 : best
    let (low, high) = heights(slope)
    height = (low + high) / 2
    bound = isUneven ? unevenBound : evenBound(around: most < flat ? 0 : best)
  }

  /// Of lines that fit, how far the furthest is from this one, at either end of the window.
  private func evenBound(around best: Double) -> Double {
    let (lowest, steepest) = (edge(best, -Self.steepest), edge(best, Self.steepest))
    return [window.from, window.to].reduce(0) { bound, time in
      let here = height + slope * time
      let above = { (slope: Double) in heights(slope).high + slope * time }
      let below = { (slope: Double) in -heights(slope).low - slope * time }
      let top = above(Self.highest(lowest, steepest, above)) - here
      let bottom = below(Self.highest(lowest, steepest, below)) + here
      return max(bound, top, bottom)
    }
  }

  /// Without lines that fit, each bound still holds at its time: how far the furthest is from this line.
  private var unevenBound: Double {
    let above = most.reduce(0) { max($0, $1.value - slope * $1.time - height) }
    return least.reduce(above) { max($0, height + slope * $1.time - $1.value) }
  }

  /// The last slope from one that fits towards `end` that fits as well.
  private func edge(_ inside: Double, _ end: Double) -> Double {
    var (inside, outside) = (inside, end)
    guard room(outside) < 0 else { return outside }
    for _ in 0..<60 {
      let middle = (inside + outside) / 2
      if room(middle) >= 0 { inside = middle } else { outside = middle }
    }
    return inside
  }

  /// Where a function with one peak has it.
  private static func highest(_ from: Double, _ to: Double, _ function: (Double) -> Double) -> Double {
    var (from, to) = (from, to)
    for _ in 0..<80 {
      let third = (to - from) / 3
      if function(from + third) < function(to - third) { from += third } else { to -= third }
    }
    return (from + to) / 2
  }
}
