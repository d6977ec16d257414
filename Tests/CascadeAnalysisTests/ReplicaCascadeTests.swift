import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

/// A gateway with four threads before two replicas of payment-service with two threads each.
@Suite struct ReplicaCascadeTests {
  private struct Chain {
    var log: TestLog
    let gateway: (loop: TestLog.Pen, pool: [TestLog.Pen])
    let payments: [(loop: TestLog.Pen, pool: [TestLog.Pen])]

    init() {
      var log = TestLog()
      gateway = log.service(.gateway, 0, .blocking, threads: 4)
      let first = log.service(.paymentService, 1, .blocking, threads: 2)
      log.process("payment-service-2", 2, model: .blocking, at: 50)
      let loop = log.thread(2, 200, "payment2-l1", .loop)
      let pool = [log.thread(2, 201, "payment2-w1", .worker), log.thread(2, 202, "payment2-w2", .worker)]
      payments = [first, (loop, pool)]
      log.takenAt = 2_000_000
      self.log = log
    }

    /// A request takes a thread of the gateway, which calls a replica; there it takes a thread, unless all are taken.
    mutating func send(_ number: Int, on worker: Int, to replica: Int, thread: Int?) {
      let (span, start) = (UInt64(number + 1) * 10, UInt64(1_000 + number * 10))
      log.blocked(
        start, loop: gateway.loop, worker: gateway.pool[worker], span, from: 0, route: routes[.gateway] ?? "",
        calls: span + 1, replica == 0 ? "payment-service" : "payment-service-2")
      log.arrive(start + 1, payments[replica].loop, span + 2, from: span + 1, routes[.paymentService] ?? "")
      log.write(.enqueue, start + 1, payments[replica].loop, span: span + 2)
      guard let thread else { return }
      log.dequeue(start + 2, payments[replica].pool[thread], span + 2, .blocking)
      log.wait(start + 3, payments[replica].pool[thread], span + 2, span + 3, .sleep, "bank")
    }

    mutating func answer(_ number: Int, on worker: Int, from replica: Int, thread: Int) {
      let (span, end) = (UInt64(number + 1) * 10, UInt64(1_005 + number * 10))
      log.endWait(end, payments[replica].pool[thread], span + 2, span + 3)
      log.end(end + 1, payments[replica].pool[thread], span + 2)
      log.endWait(end + 2, gateway.pool[worker], span, span + 1)
      log.endClient(end + 3, gateway.pool[worker], span + 1)
      log.end(end + 4, gateway.pool[worker], span)
    }

    /// Requests for which the gateway has no thread.
    mutating func queue(_ count: Int) {
      for number in 0..<count {
        let span = UInt64(9_000 + number)
        log.arrive(2_000, gateway.loop, span, routes[.gateway] ?? "")
        log.write(.enqueue, 2_000, gateway.loop, span: span)
      }
    }

    func report() -> CascadeReport {
      let report = CascadeReport(log.snapshot)
      report.expectConservation()
      return report
    }
  }

  @Test func whatAllReplicasDoIsTheServices() throws {
    var chain = Chain()
    for number in 0..<4 { chain.send(number, on: number, to: number % 2, thread: number / 2) }
    chain.queue(30)
    let report = chain.report()
    let top = try #require(report.verdict.top)
    #expect(report.verdict.kind == .rootCause)
    #expect(top.service == "payment-service" && top.cause == .sleep)
    #expect(top.text.hasPrefix("payment-service (2 replicas) ") && top.text.contains("bank"), "\(top.text)")
    // Taken apart, they are the states of two; together four threads slept while the gateway was full.
    let parts = report.blame.filter { $0.cause == .sleep }
    #expect(parts.map(\.service).sorted() == ["payment-service", "payment-service-2"])
    #expect(top.own == 4 * report.verdict.duration && top.ownBlocked == top.own)
    // Of each second that four threads slept, others waited one: the gateway's.
    #expect(abs((report.amplification?.value ?? 0) - 1) < 0.01)
    #expect(!report.findings.contains { $0.check == .unevenReplicas })
    #expect(report.events.contains { $0.service == "payment-service-2" && $0.what == "started" })
  }

  @Test func aReplicaThatIsFullAloneIsNamed() throws {
    var chain = Chain()
    chain.send(0, on: 0, to: 0, thread: 0)
    chain.answer(0, on: 0, from: 0, thread: 0)
    for number in 1...4 { chain.send(number, on: number - 1, to: 1, thread: number < 3 ? number - 1 : nil) }
    chain.queue(30)
    let report = chain.report()
    let top = try #require(report.verdict.top)
    #expect(report.verdict.kind == .rootCause)
    #expect(top.service == "payment-service-2" && top.text.hasPrefix("payment-service-2 "), "\(top.text)")
    #expect(report.order.contains("payment-service-2") && !report.order.contains("payment-service"))
    let finding = try #require(report.findings.first { $0.check == .unevenReplicas })
    #expect(finding.service == "payment-service-2")
    #expect(finding.text.hasPrefix("payment-service-2 was saturated while payment-service had"), "\(finding.text)")
  }

  @Test func aReplicaThatHasStoppedIsNoPartOfAChainThatGoesOn() {
    var chain = Chain()
    chain.queue(1)
    #expect(
      ThreadDump(chain.log.snapshot).services.map(\.service) == ["gateway", "payment-service", "payment-service-2"])
    chain.log.write(.processStop, 1_500_000, TestLog.Pen(process: 2, thread: 1_002))
    chain.log.processes[2].fate = .stopped
    #expect(ThreadDump(chain.log.snapshot).services.map(\.service) == ["gateway", "payment-service"])
    let events = CascadeReport(chain.log.snapshot).events.filter { $0.service == "payment-service-2" }
    #expect(events.map(\.what) == ["started", "stopped"])
  }
}
