import ChainModel
import Testing

@Suite struct LatencyTests {
  private static let draws = 100_000

  /// Draws in order, in milliseconds.
  private func sorted(_ latency: Latency, seed: UInt64 = 5) -> [Double] {
    var random = IDGenerator(seed: seed)
    func uniform() -> Double { Double(random.next() >> 11) / Double(1 << 53) }
    return (0..<Self.draws).map { _ in latency.sample(uniform(), uniform()).seconds * 1_000 }.sorted()
  }

  private func percentile(_ share: Double, _ sorted: [Double]) -> Double { sorted[Int(Double(sorted.count) * share)] }

  @Test(
    arguments: [
      ("1s", .fixed(.seconds(1))), ("0ms", .zero), ("100ms..300ms", .uniform(.milliseconds(100), .milliseconds(300))),
      ("1.5s..1.5s", .uniform(.milliseconds(1_500), .milliseconds(1_500))),
      ("lognormal:50ms,0.5", .lognormal(median: .milliseconds(50), sigma: 0.5)),
      ("p50:10ms,p90:50ms,p99:1s", .percentiles(p50: .milliseconds(10), p90: .milliseconds(50), p99: .seconds(1))),
    ] as [(String, Latency)])
  func eachFormIsRead(text: String, latency: Latency) {
    #expect(Latency.parse(text) == latency)
    #expect(Latency.parse(latency.text) == latency)
  }

  @Test(
    arguments: [
      "", "1", "..", "1s..", "..1s", "2s..1s", "1s...2s", "100ms...2s", "1s..2s..3s", "-1s", "lognormal:",
      "lognormal:50ms",
      "lognormal:50ms,", "lognormal:50ms,-1", "lognormal:50ms,3.1", "lognormal:50ms,nan", "lognormal:50ms,inf",
      "lognormal:50ms,,0.5", "lognormal:50ms,0.5,1", "lognormal:x,0.5", "p50:10ms", "p50:10ms,p90:50ms",
      "p50:10ms,p90:50ms,p99:1s,", "p50:10ms,p90:50ms,p99:1s,p100:2s", "p50:50ms,p90:10ms,p99:1s",
      "p50:10ms,p90:50ms,p99:20ms", "p50:10ms,p99:1s,p90:50ms", "p50:,p90:,p99:", "P50:10ms,p90:50ms,p99:1s", "25h",
    ])
  func anythingElseIsNone(text: String) {
    #expect(Latency.parse(text) == nil)
  }

  @Test func theAdvertisedFormsAreForms() {
    let forms = Latency.forms.replacing(" or ", with: ", ").split(separator: ", ")
    #expect(forms.count == 4)
    #expect(forms.allSatisfy { Latency.parse($0) != nil })
  }

  @Test func aFixedOneIsAlwaysTheSame() {
    #expect(Set(sorted(.fixed(.milliseconds(3)))) == [3])
    #expect(Latency.zero.sample(0.9, 0.9) == .zero)
  }

  @Test func aUniformOneFillsItsRangeEvenly() {
    let draws = sorted(.uniform(.milliseconds(100), .milliseconds(300)))
    #expect(draws.allSatisfy { (100.0..<300.0).contains($0) })
    for share in [0.1, 0.25, 0.5, 0.75, 0.9] {
      #expect(abs(percentile(share, draws) - (100 + 200 * share)) < 3)
    }
  }

  @Test func aLognormalOneHasItsMedianAndSigma() {
    let draws = sorted(.lognormal(median: .milliseconds(50), sigma: 0.5))
    #expect(abs(percentile(0.5, draws) / 50 - 1) < 0.02)
    // One standard deviation of a normal is at 84.13 %: exp(0.5) = 1.6487.
    #expect(abs(percentile(0.8413, draws) / 50 - 1.6487) < 0.03)
    #expect(abs(percentile(0.1587, draws) / 50 - 1 / 1.6487) < 0.02)
  }

  @Test func percentilesAreMet() {
    let draws = sorted(.percentiles(p50: .milliseconds(10), p90: .milliseconds(50), p99: .seconds(1)))
    for (share, limit) in [(0.5, 10.0), (0.9, 50.0), (0.99, 1_000.0)] {
      let below = Double(draws.count { $0 <= limit }) / Double(draws.count)
      #expect(abs(below - share) < 0.006)
    }
    #expect(draws.allSatisfy { $0 >= 0 && $0 <= 1_500 })
  }

  @Test(
    arguments: [
      .fixed(.seconds(86_400)), .uniform(.zero, .seconds(86_400)), .lognormal(median: .seconds(86_400), sigma: 3),
      .percentiles(p50: .zero, p90: .zero, p99: .seconds(86_400)),
    ] as [Latency])
  func theExtremesOfADrawBreakNothing(latency: Latency) {
    for first in [0, 1e-300, 0.5, 0.9, 0.99, 1 - 1e-16] {
      for second in [0, 0.25, 0.5, 1 - 1e-16] {
        let drawn = latency.sample(first, second)
        #expect(drawn >= .zero && drawn <= .seconds(129_600))
      }
    }
  }
}
