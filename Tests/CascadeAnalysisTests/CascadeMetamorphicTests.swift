import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

/// What may change and what may not when a log is changed in a known way.
@Suite struct CascadeMetamorphicTests {
  private let base = CascadeReport(ReferenceChain().log().snapshot)

  /// What the run was, without how long anything took.
  private func shape(_ report: CascadeReport) -> [String] {
    report.order + report.edges.map { "\($0.callee)⇒\($0.caller) \($0.kind)" }
      + report.blame.map { "\($0.text) \(($0.share * 1e6).rounded())" }
      + ["\(report.verdict.kind)", "\(((report.amplification?.value ?? 0) * 1e6).rounded())"]
  }

  /// Differences of single nanoseconds are roundings of 1/N shares.
  private func expectBlame(_ report: CascadeReport, is factor: UInt64, times base: CascadeReport) {
    #expect(report.blame.map(\.text) == base.blame.map(\.text))
    for (row, known) in zip(report.blame, base.blame) {
      let difference = Int64(row.blamed) - Int64(known.blamed * factor)
      #expect(abs(difference) <= 2 * Int64(factor))
    }
  }

  @Test(arguments: [UInt64(2), 3, 7]) func timesScaleEverythingButShares(_ factor: UInt64) {
    let report = CascadeReport(ReferenceChain(scale: factor).log().snapshot)
    #expect(shape(report) == shape(base))
    #expect(report.services.map(\.blockedTotal) == base.services.map { $0.blockedTotal * factor })
    #expect(report.services.map(\.queued) == base.services.map { $0.queued * factor })
    #expect(report.services.map(\.waitingTotal) == base.services.map { $0.waitingTotal * factor })
    #expect(report.saturations.map(\.onset) == base.saturations.map { $0.onset * factor })
    expectBlame(report, is: factor, times: base)
    if factor == 2 { #expect(report.blame.first.map { ($0.held + 500_000) / 1_000_000 } == 49_715) }
    report.expectConservation()
  }

  @Test func theWallClockDoesNotMatter() {
    var snapshot = ReferenceChain().log().snapshot
    snapshot.wallOffset = 1_700_000_000_000_000_000
    #expect(CascadeReport(snapshot).text(width: 200) == base.text(width: 200))
  }

  @Test func threadIdsDoNotMatter() {
    let permuted = CascadeReport(ReferenceChain(tid: { UInt32(5_000 - $0 * 100 - $1 * 7) }).log().snapshot)
    #expect(shape(permuted) == shape(base))
    #expect(permuted.services == base.services)
    expectBlame(permuted, is: 1, times: base)
    permuted.expectConservation()
  }

  @Test func aWaitCutInTwoIsTheSameWait() {
    let cut = CascadeReport(ReferenceChain(cutsWaits: true).log().snapshot)
    #expect(shape(cut) == shape(base))
    #expect(cut.services == base.services)
    #expect(cut.blame == base.blame)
  }

  @Test func idleTimeChangesDenominatorsOnly() {
    var log = ReferenceChain(duration: 1_000_000).log()
    log.records.removeAll { $0.time > TestLog.time(900_000) }
    let end = log.records.map(\.time).max() ?? 0
    // Everybody goes home: what is open ends at one moment.
    var open: [UInt64: Record] = [:]
    for record in log.snapshot.records {
      if record.kind == .arrive { open[record.span] = record }
      if record.kind == .end { open[record.span] = nil }
    }
    for record in open.values.sorted(by: { $0.span < $1.span }) {
      log.write(
        .end, (end - TestLog.createdAt) / 1_000 + 1, TestLog.Pen(process: record.process, thread: record.thread),
        span: record.span)
    }
    log.takenAt = 1_000_000
    let short = CascadeReport(log.snapshot)
    log.takenAt = 9_000_000
    let long = CascadeReport(log.snapshot)
    #expect(long.blame == short.blame)
    #expect(long.services.map(\.blocked) == short.services.map(\.blocked))
    #expect(long.services.map(\.queued) == short.services.map(\.queued))
    #expect(long.saturations == short.saturations)
    #expect(long.window == 9 * short.window)
    #expect(long.services[0].meanBlocked * 9 - short.services[0].meanBlocked < 1e-9)
    long.expectConservation()
  }

  @Test func theOrderOfWritingAcrossProcessesDoesNotMatter() {
    // Within a process records keep their order; those of one instant in different processes may come in any.
    var snapshot = ReferenceChain().log().snapshot
    let rounds = 5
    for round in 0..<rounds {
      var dice = IDGenerator(seed: UInt64(round))
      let ranks = (0..<8).map { _ in dice.next() }
      snapshot.records = snapshot.records.enumerated().sorted { left, right in
        let (a, b) = (left.element, right.element)
        if a.time != b.time { return a.time < b.time }
        if a.process != b.process { return ranks[Int(a.process)] < ranks[Int(b.process)] }
        return left.offset < right.offset
      }.map(\.element)
      let shuffled = CascadeReport(snapshot)
      #expect(shape(shuffled) == shape(base))
      #expect(shuffled.services == base.services)
      expectBlame(shuffled, is: 1, times: base)
      shuffled.expectConservation()
    }
  }

  @Test func theReferenceCaseIsConserved() { base.expectConservation() }

  @Test func aWindowCountsOnlyWhatLiesInIt() {
    let snapshot = ReferenceChain().log().snapshot
    let edge = TestLog.time(700_000)
    let first = CascadeReport(snapshot, options: CascadeOptions(to: edge))
    let second = CascadeReport(snapshot, options: CascadeOptions(from: edge))
    first.expectConservation()
    second.expectConservation()
    #expect(first.window + second.window == base.window)
    for (index, whole) in base.services.enumerated() {
      #expect(first.services[index].blockedTotal + second.services[index].blockedTotal == whole.blockedTotal)
      #expect(first.services[index].queued + second.services[index].queued == whole.queued)
      #expect(first.services[index].waitingTotal + second.services[index].waitingTotal == whole.waitingTotal)
    }
  }
}
