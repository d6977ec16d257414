import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

/// The reference case: pools 8/4/2, 50 requests a second, the database held 100 ms for each.
@Suite struct ReferenceCaseTests {
  static let smaller: [(ServiceName, Int)] = [(.gateway, 8), (.orderService, 4), (.paymentService, 1)]
  private let report = CascadeReport(ReferenceChain().log().snapshot)

  private func onset(_ service: String, _ report: CascadeReport) -> UInt64? {
    report.saturations.first { $0.service == service }?.onset
  }

  @Test func saturationTravelsFromTheCalleeToTheFront() {
    #expect(report.order == ["payment-service", "order-service", "gateway"])
    #expect(onset("payment-service", report) == 44_000_000)
    #expect(onset("order-service", report) == 82_000_000)
    #expect(onset("gateway", report) == 180_000_000)
    #expect(report.saturations.allSatisfy { $0.isOpen && $0.character == .byWaiting && $0.intervals == 1 })
    #expect(report.edges.map(\.callee) == ["payment-service", "order-service"])
    #expect(report.edges.map(\.caller) == ["order-service", "gateway"])
    #expect(report.edges.map(\.lag) == [38_000_000, 98_000_000])
    #expect(report.edges.allSatisfy { $0.kind == .propagated && $0.heldShare == 1 })
  }

  @Test func littlesLawHoldsForEveryOnset() {
    let predictions = report.saturations.compactMap(\.prediction)
    #expect(predictions.count == 3)
    #expect(predictions.allSatisfy { $0.holds })
    #expect(predictions.map { ($0.arrivals * 100).rounded() } == [5_000, 5_000, 5_000])
    #expect(predictions.map(\.freeThreads) == [2, 4, 8])
    #expect(predictions.map(\.earliest) == [40_000_000, 80_000_000, 160_000_000])
    #expect(predictions.allSatisfy { $0.loadThreads > Double($0.freeThreads) })
  }

  @Test func theVerdictNamesTheDatabase() throws {
    #expect(report.verdict.kind == .rootCause)
    #expect(report.verdict.unit == .threads)
    #expect(report.verdict.basis == "gateway")
    let top = try #require(report.verdict.top)
    #expect(top.text == "payment-service db write")
    // With the thread that writes, which is blocked itself; of what the others waited it is 99.1 %: see below.
    #expect((top.share * 1000).rounded() == 992)
    #expect(report.verdict.runnerUp?.text == "payment-service running")
    #expect(
      report.verdict.chain.joined(separator: " → ")
        == "gateway-w2 blocked, calling order-service → order-w2 blocked, calling payment-service → payment-w2 blocked, "
        + "db write")
  }

  @Test func amplificationIsNearItsCeiling() throws {
    let amplification = try #require(report.amplification)
    #expect((amplification.value * 100).rounded() == 1_247)
    #expect(amplification.ceiling == 13)
    #expect(amplification.depth == 2)
    let held = report.services.map { ($0.heldByRoot * 100).rounded() / 100 }
    #expect(held == [7.58, 3.88, 0.97])
    let row = try #require(report.blame.first)
    #expect(row.held == 24_857_250_000)
    #expect(row.own == 1_994_000_000)
    #expect((Self.othersShare(report) * 1000).rounded() == 991)
  }

  @Test(arguments: [UInt64(10_000), 15_000, 18_000]) func withoutAQueueAmplificationIsTheDepth(_ hold: UInt64) throws {
    let report = CascadeReport(ReferenceChain(hold: hold).log().snapshot)
    let amplification = try #require(report.amplification)
    #expect(amplification.value == 2)
    #expect(amplification.depth == 2)
    #expect(report.saturations.isEmpty)
    #expect(report.verdict.kind == .nothingSaturated)
  }

  @Test func aSmallerPoolMovesNeitherVerdictNorOrder() throws {
    let report = CascadeReport(ReferenceChain(pools: Self.smaller).log().snapshot)
    #expect(report.order == ["payment-service", "order-service", "gateway"])
    #expect(report.verdict.kind == .rootCause)
    #expect(report.verdict.top?.text == "payment-service db write")
    #expect((Self.othersShare(report) * 1000).rounded() == 983)
  }

  /// The first cause's share of what threads waited that were not in that state themselves.
  private static func othersShare(_ report: CascadeReport) -> Double {
    let all = report.blame.reduce(0) { $0 + $1.held }
    return Double(report.blame.first?.held ?? 0) / Double(all)
  }

  @Test func theTextTellsItInOrder() {
    let text = report.text(width: 200)
    let parts = ["WHAT HAPPENED", "THE ORDER", "WHY", "WHAT IT COST", "WHAT WOULD HELP"]
    #expect(text.split(separator: "\n").filter { !$0.hasPrefix(" ") }.map(String.init) == parts)
    #expect(
      text.contains("payment-service saturated 2/2 at +0.04 s → order-service +0.08 s → gateway +0.18 s"))
    #expect(text.contains("12.4 of the 13 other threads were held by payment-service db write on average"))
    #expect(text.contains("held on average: gateway 7.58/8, order-service 3.88/4, payment-service 0.968/2"))
    for width in [40, 60, 100] {
      #expect(report.text(width: width).split(separator: "\n").allSatisfy { $0.count <= max(width, 60) })
    }
  }
}
