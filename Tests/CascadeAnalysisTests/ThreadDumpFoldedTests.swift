import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

/// The dump of a system that is larger than a screen.
@Suite struct ThreadDumpFoldedTests {
  private static func lines(_ log: TestLog, limit: Int = 4) -> [String] {
    ThreadDump(log.snapshot).text(width: 120, limit: limit, isFolded: true).split(
      separator: "\n", omittingEmptySubsequences: false
    ).map(String.init)
  }

  @Test func servicesInTheSameStateStandInOneLine() {
    var log = TestLog()
    for number in 1...40 {
      log.service(ServiceName("service-\(number)"), UInt16(number), number == 7 ? .async : .blocking, threads: 4)
    }
    #expect(
      Self.lines(log) == [
        "service-1…6, 8…40  39 × 4 threads  4 idle",
        "service-7          async  1 loop  1 idle  4 hired threads  4 idle",
      ])
  }

  @Test func threadsThatWaitForTheSameAreCounted() {
    let lines = Self.lines(TestLog.jam(), limit: 1)
    #expect(
      lines == [
        "12 ×  gateway  blocked 702 ms…812 ms  calling user-service    GET /users/ada/payment-status",
        "      └ user-service  blocked 701 ms…811 ms  calling order-service",
        "         └ order-service  blocked 699 ms…809 ms  calling payment-service",
        "            └ payment-service  blocked 696 ms…806 ms  sleep (fault: latency=1s)",
        "  … 4 more wait for requests still queued at order-service", "",
        "gateway          16 threads  16 blocked  12 queued", "order-service    12 threads  12 blocked  4 queued",
        "user-service     16 threads  16 blocked", "payment-service  12 threads  12 blocked  fault latency=1s",
      ])
  }

  /// What most have waited longest for stands first, however few wait for it.
  @Test func theMostWaitingStandsFirst() {
    var log = TestLog()
    let gateway = log.service("gateway", 0, .blocking, threads: 4)
    for (worker, (at, callee)) in zip(
      gateway.pool, [(UInt64(999_000), "user"), (998_000, "user"), (100_000, "bank"), (997_000, "user")])
    {
      log.blocked(
        at, loop: gateway.loop, worker: worker, UInt64(worker.thread), from: 0, route: "GET /", calls: at, callee)
    }
    #expect(
      Self.lines(log) == [
        "1 ×   gateway  blocked 900 ms  calling bank    GET /", "      └ at bank, which is not traced",
        "3 ×   gateway  blocked 1 ms…3 ms  calling user    GET /", "      └ at user, which is not traced", "",
        "gateway  4 threads  4 blocked",
      ])
  }

  @Test func aDeadServiceStandsByItself() {
    var log = TestLog()
    for number in 1...10 { log.service(ServiceName("s\(number)"), UInt16(number), .blocking, threads: 2) }
    log.processes[3].fate = .died
    log.processes[4].fate = .died
    let lines = Self.lines(log)
    #expect(lines.count == 3 && lines[0].hasPrefix("s4 ") && lines[1].hasPrefix("s5 "), "\(lines)")
    #expect(lines[2] == "s1…3, 6…10  8 × 2 threads  2 idle", "\(lines)")
  }
}
