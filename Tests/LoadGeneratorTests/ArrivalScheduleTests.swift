import LoadGenerator
import Testing

@Suite struct ArrivalScheduleTests {
  @Test func fixedArrivalsAreEvenlySpacedAndDoNotDrift() {
    let arrivals = Array(ArrivalSchedule(rate: 3, spacing: .fixed, length: .seconds(1000), seed: 1))
    #expect(arrivals.count == 3000)
    #expect(arrivals.map(\.index) == Array(0..<3000))
    for arrival in arrivals {
      #expect(abs(Double(arrival.offset) - Double(arrival.index) * 1e9 / 3) <= 1)
    }
  }

  @Test func nothingIsDueAtOrAfterTheEnd() {
    let fixed = Array(ArrivalSchedule(rate: 10, spacing: .fixed, length: .seconds(1), seed: 1))
    #expect(fixed.count == 10)
    #expect(fixed.last?.offset == 900_000_000)
    let poisson = Array(ArrivalSchedule(rate: 1000, spacing: .poisson, length: .seconds(1), seed: 1))
    #expect(poisson.allSatisfy { $0.offset < 1_000_000_000 })
  }

  @Test func poissonGapsHaveTheMeanAndTheSpreadOfAnExponentialDistribution() throws {
    let offsets = ArrivalSchedule(rate: 200, spacing: .poisson, length: .seconds(500), seed: 42).map(\.offset)
    let gaps = zip(offsets.dropFirst(), offsets).map { Double($0) - Double($1) }
    let mean = gaps.reduce(0, +) / Double(gaps.count)
    let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
    #expect(abs(mean / 5e6 - 1) < 0.02)
    #expect(abs(variance.squareRoot() / mean - 1) < 0.02)
    // Of an exponential distribution, 1/e lies above the mean.
    let above = Double(gaps.count { $0 > mean }) / Double(gaps.count)
    #expect(abs(above - 0.368) < 0.01)
  }

  @Test func theSeedAloneDecidesThePoissonTimes() {
    func times(_ seed: UInt64) -> [Arrival] {
      Array(ArrivalSchedule(rate: 100, spacing: .poisson, length: .seconds(2), seed: seed))
    }
    #expect(times(7) == times(7))
    #expect(times(7) != times(8))
  }

  @Test(arguments: LoadPlan.Spacing.allCases)
  func arrivalsComeInOrder(spacing: LoadPlan.Spacing) {
    let offsets = ArrivalSchedule(rate: 50_000, spacing: spacing, length: .seconds(1), seed: 3).map(\.offset)
    #expect(offsets == offsets.sorted())
    #expect((49_000...51_000).contains(offsets.count))
  }
}
