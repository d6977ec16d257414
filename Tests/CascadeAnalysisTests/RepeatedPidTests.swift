import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

/// In a container every service is process 1, and two hosts count their pids from the same beginning.
@Suite struct RepeatedPidTests {
  private var log: TestLog {
    var log = TestLog()
    for (slot, name) in ["gateway", "user-service", "order-service"].enumerated() {
      log.process(name, UInt16(slot), pid: 1, fate: name == "user-service" ? .died : .running, model: .blocking)
      let worker = log.thread(UInt16(slot), 10, "\(name)-w1", .worker)
      log.arrive(100, worker, UInt64(slot) + 50, "GET /")
      log.dequeue(101, worker, UInt64(slot) + 50, .blocking)
    }
    log.process("supervisor", 9, pid: 7)
    log.write(.processDied, 500, TestLog.Pen(process: 9, thread: 7), other: 9, name: "user-service", arg: 1)
    return log
  }

  @Test func aDeathIsThatOfTheServiceThatItNames() throws {
    let dump = ThreadDump(log.snapshot)
    #expect(dump.deaths.map(\.service) == ["user-service"])
    #expect(try #require(dump.deaths.first).exit == "signal 9")
    #expect(dump.services.first { $0.service == "order-service" }?.state == "running")
    #expect(LogAudit(log.snapshot).incomplete[.unjoined] == nil)
    let events = CascadeReport(log.snapshot).events.filter { $0.what.contains("died") }
    #expect(events.map(\.service) == ["user-service"])
  }

  /// A sample is of a process on the host of the process that took it.
  @Test func aSampleIsComparedOnItsOwnHost() {
    var log = log
    log.process("verify", 10, pid: 20)
    log.records.append(
      KernelSample(
        pid: 1, thread: 10, call: nil, peerPort: nil, before: TestLog.time(10_000), after: TestLog.time(10_001)
      ).record)
    log.records[log.records.count - 1].process = 10
    for (index, host) in [0, 1, 2, 0, 2].enumerated() { log.processes[index].host = host }
    var snapshot = log.snapshot
    snapshot.hosts = ["blue", "green", "red"].map { LogHost(name: $0, clock: .same) }
    let agreement = KernelAgreement(snapshot, ports: [:])
    #expect(agreement.total.compared == 1 && agreement.services.keys.map(\.text) == ["order-service"])
  }
}
