import ChainModel
import Testing

@Suite struct FigureTextTests {
  @Test(
    arguments: [
      (0, "0 ns"), (999, "999 ns"), (1_000, "1 µs"), (355_400, "355 µs"), (999_400, "999 µs"), (999_500, "1 ms"),
      (12_345_678, "12.3 ms"), (999_499_999, "999 ms"), (999_600_000, "1 s"), (7_598_079_000, "7.6 s"),
      (59_940_000_000, "59.9 s"), (59_960_000_000, "1 min"), (99_700_000_000, "1 min 40 s"),
      (3_599_500_000_000, "1 h"), (3_900_000_000_000, "1 h 5 min"), (86_400_000_000_000, "24 h"),
    ] as [(UInt64, String)])
  func aDurationHasThreeDigitsAndTheUnitThatFits(nanoseconds: UInt64, text: String) {
    #expect(FigureText.duration(nanoseconds) == text)
    #expect(FigureText.seconds(Double(nanoseconds) / 1e9) == text)
    #expect(FigureText.duration(.nanoseconds(Int64(nanoseconds))) == text)
  }

  @Test(
    arguments: [
      (0, "0"), (-0.0, "0"), (0.0123, "0.0123"), (0.99961, "1"), (3.966, "3.97"), (37.74, "37.7"), (99.96, "100"),
      (1234.6, "1,235"), (1_234_567, "1,234,567"), (-2.5, "−2.5"), (1e-11, "0.00000000001"), (-1e-14, "0"),
      (.infinity, "∞"), (-.infinity, "−∞"), (.nan, "–"),
    ] as [(Double, String)])
  func aNumberHasThreeDigitsAndATrueMinusSign(number: Double, text: String) {
    #expect(FigureText.number(number) == text)
    #expect(FigureText.rate(number) == "\(text)/s")
  }

  @Test(
    arguments: [
      (0, "0 %"), (-0.0, "0 %"), (0.00001, "< 0.01 %"), (-0.00001, "> −0.01 %"), (0.0123, "1.23 %"), (0.5, "50 %"),
      (0.94023, "94 %"), (0.9979, "99.8 %"), (0.99999, "99.9 %"), (1, "100 %"), (1.5, "150 %"), (-0.05, "−5 %"),
    ] as [(Double, String)])
  func aShareOfNotAllIsNotAllAndOfSomethingNotNothing(share: Double, text: String) {
    #expect(FigureText.share(share) == text)
  }

  /// Nothing that misses a limit is written as the limit.
  @Test func aShareThatIsHeldAgainstALimitIsRoundedDown() {
    #expect(FigureText.share(0.98999, rounding: .down) == "98.9 %")
    #expect(FigureText.share(0.94023, rounding: .down) == "94 %")
  }

  @Test(
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "0.977 KiB"), (1024, "1 KiB"), (54 << 20, "54 MiB"), (1000 << 20, "0.977 GiB"),
      (3 << 29, "1.5 GiB"), (5 << 40, "5 TiB"), (-2048, "−2 KiB"),
    ])
  func aSizeHasTheUnitThatFits(bytes: Int, text: String) {
    #expect(FigureText.bytes(bytes) == text)
  }

  @Test func whatWasCountedIsExact() {
    #expect(FigureText.count(12_020) == "12,020" && FigureText.count(999) == "999")
    #expect(FigureText.count(-1_000_000) == "−1,000,000")
    #expect(FigureText.count(1, "thread") == "1 thread" && FigureText.count(0, "thread") == "0 threads")
    #expect(FigureText.count(2, "reply", "replies") == "2 replies")
  }

  @Test func aRangeNamesItsUnitOnce() {
    #expect(FigureText.range("54 ms", "126 ms") == "54 to 126 ms")
    #expect(FigureText.range("639 ms", "1.48 s") == "639 ms to 1.48 s")
    #expect(FigureText.range("37.7/s", "40/s") == "37.7 to 40/s")
    #expect(FigureText.range("58 s", "1 min 2 s") == "58 s to 1 min 2 s")
    #expect(FigureText.range("5 %", "5 %") == "5 %")
  }

  @Test func aChangeHasASignUnlessNothingOfItShows() {
    #expect(FigureText.change(-0.05) { FigureText.share($0) } == "−5 %")
    #expect(FigureText.change(0.0123, FigureText.seconds) == "+12.3 ms")
    #expect(FigureText.change(-1e-12, FigureText.seconds) == "0 ns")
    #expect(FigureText.change(-0.0) { FigureText.share($0) } == "0 %")
  }

  @Test func aValueIsWrittenByItsUnit() {
    #expect(FigureText.value(7598.079, "ms") == "7.6 s" && FigureText.value(355, "µs") == "355 µs")
    #expect(FigureText.value(37.74, "/s") == "37.7/s" && FigureText.value(12.5, "%") == "12.5 %")
    #expect(FigureText.value(0.125, "share") == "12.5 %" && FigureText.value(2048, "B") == "2 KiB")
    #expect(FigureText.value(4, "") == "4" && FigureText.value(4.25, "threads") == "4.25 threads")
  }

  @Test func aMomentHasTheDecimalsAskedFor() {
    #expect(FigureText.moment(12_345_678_901) == "+12.346 s")
    #expect(FigureText.moment(12_345_678_901, decimals: 9) == "+12.345678901 s")
    #expect(FigureText.moment(1_500_000_000, decimals: 0) == "+2 s")
    #expect(FigureText.exactSeconds(1_000_000_001) == "1.000000001")
  }
}
