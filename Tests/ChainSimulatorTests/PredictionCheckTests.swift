import ChainSimulator
import Testing

@Suite struct PredictionCheckTests {
  @Test func theErrorIsAShareOfWhatWasMeasured() throws {
    let rows = PredictionCheck.entryRows(
      predicted: ["throughput": 11, "goodput": 9], measured: ["throughput": 10, "goodput": 0])
    #expect(rows.map(\.name).prefix(2) == ["throughput", "goodput"])
    #expect(rows[0].error == 0.1 && rows[0].difference == 1)
    #expect(rows[1].error == nil && rows[1].difference == 9, "there is no share of nothing")
    #expect(rows[2].predicted == nil && rows[2].measured == nil && rows[2].difference == nil)
  }

  @Test func anOnsetHasADifferenceAndNoShare() throws {
    let rows = PredictionCheck.rows(
      of: "gateway", predicted: ["saturated_ms(gateway)": 5_020, "busy(gateway)": 3],
      measured: ["saturated_ms(gateway)": 5_000, "busy(gateway)": 4, "busy(user-service)": 9])
    let onset = try #require(rows.first { $0.name == PredictionCheck.onset })
    #expect(onset.difference == 20 && onset.error == nil)
    let held = try #require(rows.first { $0.name == "busy threads" })
    #expect(held.error == -0.25 && held.service == "gateway")
    #expect(rows.count == 6)
  }
}
