/// Finds the steady part of a series: the middle of up to three pieces, each as near to a constant as can be (least
/// squares). The piece before it is the warm-up, the one behind it the load's end; neither is longer than the steady part,
/// else an odd second would pass for it.
///
/// A break must earn its place: as in the Bayesian information criterion each has a price, of `breakPrice`·ln n. The
/// criterion's own 2 is for values that know nothing of each other. Requests in flight do: where neighbours correlate by
/// 0.6, 2 cuts three of four steady series of 200 bins, and 6 one of twenty.
/// Prefix sums give the error of any piece at once; n bins cost n²/2 looks, and there are at most `binLimit`.
package struct SteadyFit: Hashable, Sendable {
  package static let binLimit = 1024
  package static let breakPrice = 6.0
  /// Squared errors per bin that count as none.
  private static let floor = 1e-6

  /// The bins of the middle piece.
  package let bins: Range<Int>

  /// Nil for no bins, or more than `binLimit`.
  package init?(_ series: [Double]) {
    guard !series.isEmpty, series.count <= Self.binLimit, series.allSatisfy(\.isFinite) else { return nil }
    let errors = PieceErrors(series)
    let count = series.count
    var best: [Best?] = [nil, nil, nil]
    for start in 0...(count / 2) {
      let before = errors.of(0..<start)
      // From the shortest end on that makes the middle piece the longest.
      for end in max(2 * start, (count + start + 1) / 2, 1)...count {
        let breaks = (start > 0 ? 1 : 0) + (end < count ? 1 : 0)
        let found = Best(
          bins: start..<end, error: before + errors.of(start..<end) + errors.of(end..<count))
        if found.isBetter(than: best[breaks], tolerance: errors.tolerance) { best[breaks] = found }
      }
    }
    let scored = best.enumerated().compactMap { breaks, found in
      found.map { (bins: $0.bins, score: Self.score($0.error, count: count, breaks: breaks)) }
    }
    guard let chosen = scored.min(by: { $0.score < $1.score }) else { return nil }
    bins = chosen.bins
  }

  private static func score(_ error: Double, count: Int, breaks: Int) -> Double {
    let n = Double(count)
    return n * logarithm(max(error / n, floor)) + breakPrice * Double(breaks) * logarithm(n)
  }

  /// The natural logarithm of a positive number, to 12 digits: this target takes nothing from the C library. With m the
  /// significand, ln x = e·ln 2 + 2·artanh((m − 1)/(m + 1)).
  static func logarithm(_ value: Double) -> Double {
    let step = (value.significand - 1) / (value.significand + 1)
    var (power, sum) = (step, 0.0)
    for odd in stride(from: 1.0, through: 25, by: 2) {
      sum += power / odd
      power *= step * step
    }
    return Double(value.exponent) * 0.693_147_180_559_945_3 + 2 * sum
  }

  private struct Best {
    var bins: Range<Int>
    var error: Double

    /// Of equal ones the longest.
    func isBetter(than other: Best?, tolerance: Double) -> Bool {
      guard let other else { return true }
      if abs(error - other.error) <= tolerance { return bins.count > other.bins.count }
      return error < other.error
    }
  }
}

/// The squared error of every piece of a series around its own mean.
private struct PieceErrors {
  private var sums = [0.0]
  private var squares = [0.0]

  init(_ series: [Double]) {
    // Around the mean, the sums stay small and their differences exact enough.
    let mean = series.reduce(0, +) / Double(series.count)
    for value in series {
      sums.append(sums[sums.count - 1] + value - mean)
      squares.append(squares[squares.count - 1] + (value - mean) * (value - mean))
    }
  }

  /// Errors that differ by less are equal.
  var tolerance: Double { (squares.last ?? 0) * 1e-12 }

  func of(_ piece: Range<Int>) -> Double {
    guard !piece.isEmpty else { return 0 }
    let sum = sums[piece.upperBound] - sums[piece.lowerBound]
    return max(0, squares[piece.upperBound] - squares[piece.lowerBound] - sum * sum / Double(piece.count))
  }
}
