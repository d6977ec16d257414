import CascadeAnalysis
import ChainModel
import FoundationEssentials
import Glibc
import Testing

@Suite struct SteadyFitTests {
  /// Numbers from 0 to 1, always the same ones for a seed.
  struct Noise {
    private var numbers: IDGenerator

    init(seed: UInt64) { numbers = IDGenerator(seed: seed) }

    mutating func next() -> Double { Double(numbers.next() >> 11) / Double(1 << 53) }
  }

  private func noisy(_ levels: [(level: Double, bins: Int)], seed: UInt64) -> [Double] {
    var noise = Noise(seed: seed)
    return levels.flatMap { level, bins in (0..<bins).map { _ in level + noise.next() - 0.5 } }
  }

  /// The definition, piece by piece, without prefix sums: of every cut the error and the price of its breaks.
  private func slowly(_ series: [Double]) -> Double {
    func error(_ piece: ArraySlice<Double>) -> Double {
      let mean = piece.reduce(0, +) / Double(max(1, piece.count))
      return piece.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    return cuts(series.count).map { score(series, $0, error) }.min() ?? 0
  }

  /// Every piece that is no shorter than what lies before it or behind it.
  private func cuts(_ count: Int) -> [Range<Int>] {
    (0..<count).flatMap { start in (start + 1...count).map { start..<$0 } }
      .filter { $0.count >= $0.lowerBound && $0.count >= count - $0.upperBound }
  }

  private func score(
    _ series: [Double], _ bins: Range<Int>, _ error: (ArraySlice<Double>) -> Double
  ) -> Double {
    let n = Double(series.count)
    let breaks = (bins.lowerBound > 0 ? 1.0 : 0) + (bins.upperBound < series.count ? 1 : 0)
    let sum = error(series[..<bins.lowerBound]) + error(series[bins]) + error(series[bins.upperBound...])
    return n * log(max(sum / n, 1e-6)) + SteadyFit.breakPrice * breaks * log(n)
  }

  @Test func aConstantSeriesIsSteadyThroughout() {
    for count in [1, 2, 3, 50, SteadyFit.binLimit] {
      #expect(SteadyFit(Array(repeating: 7, count: count))?.bins == 0..<count)
    }
  }

  @Test(arguments: [20, 40, 200]) func noiseAloneIsNotCut(_ bins: Int) {
    for seed in UInt64(0)..<50 { #expect(SteadyFit(noisy([(20, bins)], seed: seed))?.bins == 0..<bins) }
  }

  /// Requests in flight know of each other from one bin to the next.
  @Test func slowNoiseIsSeldomCut() {
    var uncut = 0
    for seed in UInt64(0)..<100 {
      var noise = Noise(seed: seed)
      var level = 0.0
      let series = (0..<100).map { _ in
        level = 0.6 * level + noise.next() - 0.5
        return 20 + level
      }
      if SteadyFit(series)?.bins == 0..<100 { uncut += 1 }
    }
    #expect(uncut >= 80)
  }

  @Test(arguments: UInt64(0)..<20) func theRampAndTheDrainAreCutOff(_ seed: UInt64) throws {
    let ramp = (0..<20).map { (level: Double($0), bins: 1) }
    let fit = try #require(SteadyFit(noisy(ramp + [(20, 150), (2, 12)], seed: seed)))
    // The last steps of the ramp are as near to the plateau as to the ramp's mean.
    #expect(fit.bins.lowerBound >= 8 && fit.bins.lowerBound <= 20)
    #expect(fit.bins.upperBound == 170)
  }

  @Test(arguments: UInt64(0)..<20) func aShortBurstIsNotTheSteadyPart(_ seed: UInt64) throws {
    let fit = try #require(SteadyFit(noisy([(5, 60), (60, 3), (5, 60)], seed: seed)))
    #expect(fit.bins.count >= 60)
  }

  /// A restless beginning differs from the rest by its level, be it ever so little: the rest is the steady part.
  @Test(arguments: UInt64(0)..<20) func theLongestPieceIsTheSteadyPart(_ seed: UInt64) throws {
    let quiet = Array(repeating: 3.3, count: 90)
    let fit = try #require(SteadyFit(noisy([(4, 30)], seed: seed) + quiet))
    #expect(fit.bins.upperBound == 120 && fit.bins.count >= 85)
  }

  @Test func exactStepsAreFoundExactly() {
    let series = Array(repeating: 1.0, count: 30) + Array(repeating: 9, count: 40) + Array(repeating: 0, count: 5)
    #expect(SteadyFit(series)?.bins == 30..<70)
  }

  @Test(arguments: UInt64(0)..<60) func itIsTheBestOfAllCuts(_ seed: UInt64) throws {
    var noise = Noise(seed: seed)
    let levels = (0..<3).map { _ in (level: noise.next() * 10, bins: 1 + Int(noise.next() * 12)) }
    let series = noisy(levels, seed: seed &+ 1_000)
    let fit = try #require(SteadyFit(series))
    let found = score(series, fit.bins) { piece in
      let mean = piece.reduce(0, +) / Double(max(1, piece.count))
      return piece.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    }
    #expect(abs(found - slowly(series)) < 1e-6)
  }

  @Test func whatIsNoSeriesHasNoFit() {
    #expect(SteadyFit([]) == nil)
    #expect(SteadyFit(Array(repeating: 1, count: SteadyFit.binLimit + 1)) == nil)
    #expect(SteadyFit([1, .nan, 2]) == nil)
    #expect(SteadyFit([1, .infinity]) == nil)
  }
}
