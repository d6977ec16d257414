import CascadeAnalysis
import ChainModel
import FoundationEssentials
import Glibc
import Testing
import TraceLog

/// A real log that has wrapped many times: what it still holds is enough for the dump and the audit, and what it has
/// lost misleads neither.
@Suite struct WrappedLogTests {
  /// A service with four event loops, of which the first takes nearly all requests, and workers that come and go.
  private final class Service {
    let folder: String
    let writer: LogWriter
    let loops: [Scribe]
    let route: UInt32
    var ids = IDGenerator(seed: 1)
    var requests = 0

    init() throws {
      folder = "/dev/shm/chainlab-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let path = "\(folder)/trace.log"
      try LogWriter.create(path: path, sizeMiB: 16, runID: "wrapped")
      let writer = try LogWriter(path: path, name: ServiceName.gateway.rawValue, ownThread: false)
      self.writer = writer
      route = writer.intern("GET /ping")
      loops = (1...4).map { writer.scribeOfLoop(thread: $0) }
      for loop in loops { announce(loop, .loop, "gateway-l\(loop.thread)") }
      writer.state("model", Record(kind: .model, detail: IOModel.blocking.code))
      writer.state("pool", Record(kind: .pool, other: 64, arg: 2))
      writer.state("fault", Record(kind: .fault, detail: 1, name: writer.intern("fault: latency=1s")))
    }

    deinit {
      writer.close()
      try? FileManager.default.removeItem(atPath: folder)
    }

    func snapshot() throws -> LogSnapshot { try LogReader(path: "\(folder)/trace.log").snapshot() }

    func announce(_ scribe: Scribe, _ role: ThreadRole, _ name: String) {
      let now = Monotonic.now()
      writer.state(
        "thread:\(scribe.thread)",
        Record(kind: .threadStart, time: now, other: now, detail: role.rawValue, name: writer.intern(name)), by: scribe)
    }

    func worker(_ thread: UInt32, _ name: String) -> Scribe {
      let scribe = writer.scribe(thread: thread)
      announce(scribe, .worker, name)
      return scribe
    }

    func retire(_ worker: Scribe) {
      writer.forget("thread:\(worker.thread)")
      worker.write(Record(kind: .threadStop, detail: ThreadRole.worker.rawValue))
    }

    /// A request on this worker, up to the call to user-service.
    func begin(on worker: Scribe) -> (trace: TraceID, span: UInt64, call: UInt64) {
      requests += 1
      let loop = requests % 100 < 97 ? loops[0] : loops[requests % 3 + 1]
      let (trace, span, call) = (ids.nextTrace(), ids.next(), ids.next())
      loop.write(Record(kind: .arrive, trace: trace, span: span, name: route))
      loop.write(Record(kind: .enqueue, trace: trace, span: span))
      worker.write(Record(kind: .dequeue, trace: trace, span: span, detail: IOModel.blocking.code))
      worker.write(
        Record(
          kind: .waitStart, trace: trace, span: span, other: call, detail: WaitCause.call.rawValue,
          name: writer.intern(ServiceName.userService.rawValue), arg: WaitFlags.held.rawValue))
      if requests % 50 == 0 { writer.help() }
      return (trace, span, call)
    }

    func request(on worker: Scribe) {
      let (trace, span, call) = begin(on: worker)
      worker.write(Record(kind: .waitEnd, trace: trace, span: span, other: call, arg: WaitFlags.held.rawValue))
      worker.write(Record(kind: .end, trace: trace, span: span, arg: 200))
    }
  }

  /// Four laps, in which 900 workers come and go.
  private static func wrapped() throws -> (Service, blocked: UInt32) {
    let service = try Service()
    let (first, second) = (service.worker(11, "gateway-w1"), service.worker(12, "gateway-w2"))
    for generation in 0..<900 as Range<UInt32> {
      let worker = service.worker(1_000 + generation, "gateway-w3")
      for _ in 0..<200 { service.request(on: worker) }
      service.request(on: second)
      service.retire(worker)
    }
    _ = service.begin(on: first)
    return (service, first.thread)
  }

  @Test(.timeLimit(.minutes(2))) func theDumpShowsTheLivingAndNobodyElse() throws {
    let (service, blocked) = try Self.wrapped()
    let snapshot = try service.snapshot()
    #expect(snapshot.loss.overwritten > 2 * 262_144 && snapshot.loss.dropped == 0)
    let dump = ThreadDump(snapshot)
    let gateway = try #require(dump.services.first)
    #expect(gateway.service == "gateway" && gateway.model == .blocking)
    #expect(gateway.faults == ["latency=1s"] && gateway.queueLimit == 64 && gateway.queued == 0)
    let names = gateway.threads.compactMap(\.hop.thread).sorted()
    #expect(names == ["gateway-l1", "gateway-l2", "gateway-l3", "gateway-l4", "gateway-w1", "gateway-w2"])
    #expect(gateway.threadsByState.threads == 2 && gateway.threadsByState.blocked == 1)
    let waiting = gateway.threads.filter { $0.hop.state != .idle }
    #expect(waiting.map(\.hop.tid) == [blocked] && waiting.map(\.hop.callee) == ["user-service"])
    #expect(waiting.allSatisfy { !$0.hop.isUncertain })
  }

  @Test(.timeLimit(.minutes(2))) func theAuditTellsWhatIsLostFromWhatIsWrong() throws {
    let (service, _) = try Self.wrapped()
    let audit = LogAudit(try service.snapshot())
    #expect(audit.isClean, "\(audit.text)")
    #expect(audit.checked.requests > 30_000 && audit.checked.threads > 100)
    #expect(audit.incomplete[.overwritten] ?? 0 > 0)
    #expect(audit.incomplete.keys.allSatisfy { $0 == .overwritten })
    #expect(audit.lost.overwritten > 0)
  }
}
