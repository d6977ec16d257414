/// A scale from its first tick to its last, which has 0 on it.
package struct Axis {
  package let ticks: [Double]
  private let least: Double
  private let most: Double

  /// - Parameter values: what must have room; those that are not finite do not count, and none may be further from 0 than
  ///   1e300, so that no difference is infinite.
  package init(_ values: [Double]) {
    let known = values.filter(\.isFinite).map { min(max($0, -1e300), 1e300) }
    let (low, high) = (min(known.min() ?? 0, 0), max(known.max() ?? 0, 0))
    let step = Self.step(high - low >= 1e-300 ? high - low : 1)
    let first = (low / step).rounded(.down)
    let last = max((high / step).rounded(.up), first + 1)
    ticks = (0...Int(last - first)).map { (first + Double($0)) * step }
    (least, most) = (first * step, last * step)
  }

  /// Where on the scale, from 0 to 1; what does not fit stands at its end.
  package func share(_ value: Double) -> Double {
    guard !value.isNaN else { return 0 }
    return (min(max(value, least), most) - least) / (most - least)
  }

  /// 1, 2 or 5 times a power of ten, so that there are at most ten of them.
  private static func step(_ span: Double) -> Double {
    var decade = 1.0
    while decade * 10 <= span { decade *= 10 }
    while decade > span { decade /= 10 }
    let ratio = span / decade
    return ratio < 2 ? decade / 5 : ratio < 5 ? decade / 2 : decade
  }
}
