import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

@Suite struct KernelAgreementTests {
  private static let ports: [ReplicaName: Int] = [
    ReplicaName(.gateway): 8080, ReplicaName(.userService): 8081,
  ]

  /// A gateway whose only worker runs from 10 ms, calls user-service from 20 to 90 ms, and ends at 100 ms. A sample
  /// takes 30 µs.
  private func log(_ samples: [(at: UInt64, tid: UInt32, call: String?, port: Int?)]) -> LogSnapshot {
    var log = TestLog()
    let gateway = log.service(.gateway, 0, .blocking, threads: 1)
    let worker = gateway.pool[0]
    log.arrive(9_000, gateway.loop, 1, "GET /users/{username}/payment-status")
    log.dequeue(10_000, worker, 1, .blocking)
    log.wait(20_000, worker, 1, 2, .call, "user-service")
    log.endWait(90_000, worker, 1, 2)
    log.end(100_000, worker, 1)
    log.process("verify", 1)
    for sample in samples {
      let call = sample.call.map { log.strings.id(of: $0) }
      var record = KernelSample(
        pid: 1_000, thread: sample.tid, call: call, peerPort: sample.port, before: TestLog.time(sample.at),
        after: TestLog.time(sample.at + 30)
      ).record
      record.process = 1
      record.thread = 9
      record.word = UInt64(log.records.count + 1)
      log.records.append(record)
    }
    return log.snapshot
  }

  private func agreement(_ samples: (at: UInt64, tid: UInt32, call: String?, port: Int?)...) -> KernelAgreement {
    KernelAgreement(log(samples), ports: Self.ports)
  }

  @Test func aSampleSurvivesItsRecord() {
    let sample = KernelSample(pid: 4_194_304, thread: 77, call: 5, peerPort: 65_535, before: 1_000, after: 41_000)
    #expect(KernelSample(sample.record) == sample)
    let running = KernelSample(pid: 1, thread: 2, call: nil, peerPort: nil, before: 7, after: 7)
    #expect(KernelSample(running.record) == running)
  }

  @Test func theWorkerIsSeenInEachOfItsStates() {
    let result = agreement(
      (2_000, 1, "futex", nil), (15_000, 1, nil, nil), (30_000, 1, "poll", 8081), (40_000, 0, "epoll_wait", nil),
      (50_000, 1, "recvfrom", 8081), (120_000, 1, "futex", nil))
    #expect(result.holds)
    #expect((result.samples, result.total.compared, result.total.agree) == (6, 6, 6))
    #expect((result.peers.compared, result.peers.agree) == (2, 2))
    #expect(result.services[ReplicaName(.gateway)]?["blocked"]?.agree == 2)
    #expect(result.services[ReplicaName(.gateway)]?["idle"]?.agree == 3)
    #expect(result.services[ReplicaName(.gateway)]?["running"]?.agree == 1)
  }

  @Test(
    arguments: [
      (30_000, "poll", 8080, .wrongPeer), (30_000, "poll", nil, .wrongPeer), (30_000, nil, nil, .blockedButRunning),
      (30_000, "futex", nil, .asleepElsewhere), (15_000, "futex", nil, .runningButAsleep),
      (120_000, nil, nil, .idleButRunning),
    ] as [(UInt64, String?, Int?, KernelAgreement.Reason)])
  func aDisagreementIsNamed(at: UInt64, call: String?, port: Int?, reason: KernelAgreement.Reason) throws {
    let result = agreement((at, 1, call, port))
    #expect(!result.holds)
    #expect(result.reasons == [reason: 1])
    let item = try #require(result.disagreements.first)
    #expect(item.thread == "gateway-w1" && item.tid == 1 && item.at == at * 1_000 && item.reason == reason)
    #expect(result.text(limit: 5).contains("gateway-w1"))
    #expect(result.text(limit: 5).contains(reason.text))
  }

  @Test func theVerdictComesFirstWithItsLimitAndItsReason() {
    let good = agreement((30_000, 1, "poll", 8081)).text(limit: 5)
    #expect(good.hasPrefix("PASSED: "), "\(good)")
    let bad = agreement((15_000, 1, nil, nil), (30_000, 1, "futex", nil)).text(limit: 5)
    #expect(bad.hasPrefix("FAILED: 50 % of the states agree, at least 99 % must; most often: blocked"), "\(bad)")
    let peer = agreement((30_000, 1, "poll", 8080)).text(limit: 5)
    #expect(peer.contains("1 thread blocked in a call waited on a socket of another service, none may"), "\(peer)")
  }

  /// Its call begins at 20,000 µs.
  @Test(arguments: [19_980, 19_600, 20_300] as [UInt64])
  func aThreadThatMovesAroundTheLookIsNotCompared(at: UInt64) {
    let result = agreement((at, 1, nil, nil))
    #expect((result.moved, result.total.compared) == (1, 0))
  }

  @Test func aThreadThatServesNoRequestsIsCountedApart() {
    let result = agreement((30_000, 4_711, nil, nil), (31_000, 1, "poll", 8081))
    #expect((result.unknown, result.total.compared, result.samples) == (1, 1, 2))
    #expect(result.holds)
  }
}
