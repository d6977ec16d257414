import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

/// What is told of a chain while its log still grows.
@Suite struct CascadeLiveTests {
  private static let log = ReferenceChain(duration: 3_000_000).log().snapshot
  private static let middle = TestLog.time(1_500_000)

  private final class Ended {
    var slices: [LaneSlice] = []
  }

  private func frame(_ log: LogSnapshot) -> CascadeFold.Frame {
    CascadeFold.Frame(
      runID: log.runID, origin: log.createdAt, moment: log.moment, completeSince: log.completeSince, loss: log.loss)
  }

  private func fold(_ log: LogSnapshot) -> CascadeFold {
    CascadeFold(processes: log.processes, strings: log.strings)
  }

  /// Blame may differ by the roundings of 1/N shares alone.
  private func expectSame(_ left: CascadeReport, _ right: CascadeReport) {
    #expect(left.blame.map(\.text) == right.blame.map(\.text))
    for (one, other) in zip(left.blame, right.blame) {
      #expect(abs(Int64(one.blamed) - Int64(other.blamed)) <= 4, "\(one.text)")
    }
    #expect(left.services.map(\.blockedTotal) == right.services.map(\.blockedTotal))
    #expect(left.services.map(\.queued) == right.services.map(\.queued))
    #expect(left.services.map(\.ended) == right.services.map(\.ended))
    #expect(left.threads == right.threads)
    #expect(left.saturations.map(\.service) == right.saturations.map(\.service))
    #expect(left.saturations.map(\.end) == right.saturations.map(\.end))
    #expect(left.verdict.kind == right.verdict.kind)
    #expect([left.from, left.to] == [right.from, right.to])
  }

  @Test func aWindowThatBeginsAgainIsTheWindowFromThatMomentOn() {
    let log = Self.log
    var live = fold(log)
    for record in log.records where record.time <= Self.middle { live.apply(record) }
    // Brings the fold's clock to where the window begins, as the next look at a live log does.
    live.apply(Record(kind: .dropped, time: Self.middle))
    live.beginWindow()
    for record in log.records where record.time > Self.middle { live.apply(record) }
    let windowed = CascadeReport(log, options: CascadeOptions(from: Self.middle))
    let report = live.interimReport(frame(log))
    expectSame(report, windowed)
    report.expectConservation()
  }

  /// Everything but blame is the same without it.
  @Test func aggregateFiguresNeedNoBlame() {
    for log in [Self.log, TestLog.wellBehaved().snapshot, TestLog.jam().snapshot] {
      let (with, without) = (CascadeReport(log), CascadeReport(log, options: CascadeOptions(blames: false)))
      #expect(without.threads == with.threads)
      #expect(without.services.map(\.blockedTotal) == with.services.map(\.blockedTotal))
      #expect(without.services.map(\.waitingTotal) == with.services.map(\.waitingTotal))
      #expect(without.services.map(\.queued) == with.services.map(\.queued))
      #expect(without.saturations == with.saturations)
      #expect(without.edges == with.edges)
      #expect(without.bystanders == with.bystanders)
      #expect(without.blame.isEmpty)
    }
  }

  @Test func aReportInBetweenChangesNothing() {
    let log = Self.log
    var live = fold(log)
    for (number, record) in log.records.enumerated() {
      live.apply(record)
      if number % 500 == 0 { #expect(live.interimReport(frame(log)).requests >= 0) }
    }
    #expect(WireJSON.encode(live.interimReport(frame(log))) == WireJSON.encode(CascadeReport(log)))
  }

  @Test(arguments: [300_000, 900_000, 2_999_000] as [UInt64]) func theMomentIsThatOfTheThreadDump(_ at: UInt64) throws {
    var log = Self.log
    log.records.removeAll { $0.time > TestLog.time(at) }
    log.takenAt = TestLog.time(at)
    var live = fold(log)
    for record in log.records { live.apply(record) }
    let moment = live.moment(from: log.createdAt)
    let dump = try JSON(ThreadDump(log))["services"].list
    #expect(moment.services.count == dump.count)
    for (service, other) in zip(moment.services, dump) {
      let workers = service.threads.filter { $0.role == "worker" }
      let pool = other["threads_by_state"]
      #expect(service.name == other["service"].text)
      #expect(workers.count { $0.state == "blocked" } == pool["blocked"].number)
      #expect(workers.count { $0.state == "running" } == pool["running"].number)
      #expect(service.pools.first?.queued == other["queued"].number)
    }
    let held = moment.edges.first { $0.caller == "gateway" && $0.callee == "order-service" }?.threads ?? 0
    #expect(held == moment.services[0].threads.count { $0.target == "order-service" })
  }

  @Test func slicesAreTheStatesThatAreCounted() {
    let log = Self.log
    var live = fold(log)
    let ended = Ended()
    live.onSlice = { ended.slices.append($0) }
    for record in log.records { live.apply(record) }
    var sums: [String: UInt64] = [:]
    var last: [UInt64: UInt64] = [:]
    for slice in ended.slices {
      guard case .thread(let tid) = slice.lane else { continue }
      let thread = UInt64(slice.process) << 32 | UInt64(tid)
      #expect(slice.start >= last[thread] ?? 0)
      last[thread] = slice.end
      sums[slice.cause == nil ? "running" : "blocked", default: 0] += slice.end - slice.start
    }
    for slice in live.openSlices {
      guard case .thread = slice.lane else { continue }
      sums[slice.cause == nil ? "running" : "blocked", default: 0] += log.moment - slice.start
    }
    let threads = CascadeReport(log).threads
    #expect(sums["running"] == threads.reduce(0) { $0 + $1.running })
    #expect(sums["blocked"] == threads.reduce(0) { $0 + $1.blockedTotal })
  }

  @Test func aQuantileIsWithinOnePercent() {
    var counts = DurationCounts()
    #expect(counts.quantile(0.5) == nil)
    for value in 1...1_000 as ClosedRange<UInt64> { counts.add(value * 1_000_000) }
    for share in [0.01, 0.5, 0.99, 1] {
      let (exact, read) = (share * 1e9, Double(counts.quantile(share) ?? 0))
      #expect(abs(read - exact) <= exact / 100, "\(share): \(read)")
    }
    let before = counts
    counts.add(7)
    counts.add(.max)
    #expect(counts.since(before).total == 2)
    #expect(counts.since(before).quantile(0.5) == 7)
    #expect(Double(counts.since(before).quantile(1) ?? 0) > Double(UInt64.max) * 0.99)
    #expect(DurationCounts().adding(counts).total == 1_002)
  }
}
