import ChainModel
import Experiments
import Testing

/// What a benchmark says of a figure, from its paired measurements.
@Suite struct BenchFigureTests {
  private static func verdict(_ values: [Double]) -> BenchFigure.Verdict {
    BenchFigure("part", "figure", PairedSample(values: values), "ns", .atMost(100)).verdict
  }

  @Test func aTargetIsMetOrMissedOnlyWhereTheWholeIntervalSaysSo() {
    #expect(Self.verdict([90, 91, 92, 93, 94]) == .met)
    #expect(Self.verdict([110, 111, 112, 113, 114]) == .missed)
    #expect(Self.verdict([90, 95, 99, 105, 110]) == .undecided)
    #expect(Self.verdict([90, 91, 92, 93]) == .undecided, "four measurements decide nothing")
  }

  @Test func theIntervalOfTheMedianNarrowsWithTheMeasurements() throws {
    let few = try #require(PairedSample(values: (0..<5).map(Double.init)).interval)
    let many = try #require(PairedSample(values: (0..<400).map { Double($0) / 100 }).interval)
    #expect(few == 0...4)
    #expect(many.contains(2) && many.upperBound - many.lowerBound < 0.5, "\(many)")
  }

  @Test func theReportHasOneLineForEachFigure() {
    let missing = BenchFigure("log", "a record", missing: "no memory", .atMost(100))
    let report = BenchReport(figures: [
      missing, BenchFigure("log", "b", PairedSample(values: [1, 2, 3, 4, 5]), "s", nil),
    ])
    let lines = report.text.split(separator: "\n")
    #expect(lines[0].hasPrefix("PART") && lines[0].hasSuffix("VERDICT"))
    #expect(lines[1].contains("not decided") && lines[2].contains("3 s") && lines[2].contains("measured"))
    #expect(report.text.hasSuffix("a record: no memory"))
  }
}
