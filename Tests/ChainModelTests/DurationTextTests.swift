import ChainModel
import Testing

@Suite struct DurationTextTests {
  @Test(
    arguments: [
      ("0s", 0), ("1ns", 1), ("800us", 800_000), ("800µs", 800_000), ("250ms", 250_000_000), ("1.5s", 1_500_000_000),
      ("0.5ms", 500_000), ("2m", 120_000_000_000), ("24h", 86_400_000_000_000), ("1.0004us", 1_000),
      ("007s", 7_000_000_000),
    ] as [(String, Int64)])
  func aNumberAndAUnitIsADuration(text: String, nanoseconds: Int64) {
    #expect(DurationText.parse(text) == .nanoseconds(nanoseconds))
  }

  @Test(
    arguments: [
      "", "s", "1", "-1s", "+1s", "1 s", " 1s", "1s ", "1e3s", "1.2.3s", ".5s", "5.s", ".s", "1S", "1sec", "１s", "½s",
      "nans", "infs", "0x1s", "24.1h", "1,5s", "1s2ms", String(repeating: "9", count: 400) + "s",
    ])
  func anythingElseIsNone(text: String) {
    #expect(DurationText.parse(text) == nil)
  }

  @Test(
    arguments: [
      (0, "0ns"), (1, "1ns"), (999, "999ns"), (1_000, "1us"), (1_500, "1.5us"), (250_000_000, "250ms"),
      (1_500_000_000, "1.5s"), (1_001_000_000, "1.001s"), (1_000_000_001, "1000000.001us"),
      (1_000_001_000, "1000.001ms"),
      (60_000_000_000, "60s"), (86_400_000_000_000, "86400s"),
    ] as [(Int64, String)])
  func theTextIsTheShortestThatIsExact(nanoseconds: Int64, text: String) {
    #expect(DurationText.format(.nanoseconds(nanoseconds)) == text)
  }

  @Test func whatIsFormattedParsesToTheSame() {
    var random = IDGenerator(seed: 11)
    for _ in 0..<20_000 {
      var nanoseconds = Int64(random.next() % 86_400_000_000_001)
      let rounding: Int64 = [1, 1_000, 1_000_000, 10_000_000, 1_000_000_000][Int(random.next() % 5)]
      nanoseconds = nanoseconds / rounding * rounding
      let text = DurationText.format(.nanoseconds(nanoseconds))
      #expect(DurationText.parse(text) == .nanoseconds(nanoseconds), "\(text)")
    }
  }
}
