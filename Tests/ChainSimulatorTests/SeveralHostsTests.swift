import CascadeAnalysis
import ChainModel
import ChainSimulator
import ChainTestSupport
import FoundationEssentials
import Glibc
import Testing
import TraceLog

/// A run whose log is cut into those of several hosts, with clocks far apart, tells the same as before.
@Suite struct SeveralHostsTests {
  private static let hosts = [
    HostSplit("blue", ["gateway"], ahead: 20_000_000_000),
    HostSplit("green", ["user-service"], ahead: 25_000_123_456),
    HostSplit("red", ["order-service"], ahead: 12_999_345_679, rate: 50),
    HostSplit("violet", ["payment-service"], ahead: 143_456_789_012, rate: -20),
  ]

  /// A slow payment, 100 µs from service to service.
  private static func run() throws -> LogSnapshot {
    var plan = SimulatedLogTests.plan(SimulatedLogTests.mixes[5])
    plan.system.hop = .microseconds(100)
    return try plan.record(runID: "over-hosts").log
  }

  private final class Folder {
    let path = FileManager.default.temporaryDirectory.appending(path: "hosts-\(UUID().uuidString)").path

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  /// With what is no service, the load that is simulated, beside the gateway.
  private static func hosts(of log: LogSnapshot) -> [HostSplit] {
    var hosts = hosts
    hosts[0].processes.formUnion(log.processes.filter { $0.place == nil }.map(\.name))
    return hosts
  }

  @Test(.timeLimit(.minutes(2))) func cascadeThreadsAndAuditAreAsOnOneHost() throws {
    let (log, folder) = (try Self.run(), Folder())
    let hosts = Self.hosts(of: log)
    let sources = try log.split(hosts, to: folder.path)
    let merged = try LogReader(sources).snapshot()

    // Every clock is found.
    #expect(merged.hosts.map(\.name) == hosts.map(\.name))
    for (host, found) in zip(hosts, merged.hosts) {
      let bound = try #require(found.clock.bound, "\(found.text)")
      #expect(abs(found.clock.rate - host.rate) < 3, "\(found.text)")
      for time in [log.records.first?.time ?? 0, log.records.last?.time ?? 0] {
        let back = found.clock.corrected(host.shows(time, from: log.createdAt))
        let error = Int64(bitPattern: back &- hosts[0].shows(time, from: log.createdAt)).magnitude
        #expect(error <= bound + 20_000 && error < 20_000, "\(found.text): \(error) ns off at \(time)")
      }
    }
    #expect(merged.records.count == log.records.count && merged.processes.count == log.processes.count)
    #expect(merged.loss == log.loss && merged.isFinished)

    let (before, after) = (LogAudit(log), LogAudit(merged))
    #expect(after.isClean, "\(after.text)")
    #expect(after.checked == before.checked)
    #expect(after.text.contains("I7") && !before.text.contains("I7"))
    #expect(after.parents.unknown == before.parents.unknown, "\(after.text)")

    let (was, told) = (CascadeReport(log), CascadeReport(merged))
    #expect(told.verdict.kind == was.verdict.kind && told.verdict.kind == .rootCause)
    #expect(told.verdict.top?.text == was.verdict.top?.text)
    #expect(told.order == was.order && told.requests == was.requests)
    #expect(abs((told.verdict.top?.share ?? 0) - (was.verdict.top?.share ?? 1)) < 0.01)
    #expect(told.unbalanced == 0)

    let (dump, was2) = (ThreadDump(merged), ThreadDump(log))
    #expect(dump.services.map(\.service) == was2.services.map(\.service))
    #expect(dump.services.map(\.queued) == was2.services.map(\.queued))
    #expect(dump.services.map(\.threadsByState) == was2.services.map(\.threadsByState))
    #expect(dump.misfits == was2.misfits)
  }

  @Test(.timeLimit(.minutes(2))) func aScanGivesWhatASnapshotHolds() throws {
    let (log, folder) = (try Self.run(), Folder())
    let sources = try log.split(Self.hosts(of: log), to: folder.path)
    let snapshot = try LogReader(sources).snapshot()
    for scan in [try LogReader(sources).scan(), try LogReader(sources).catchUp()] {
      var records: [Record] = []
      let missing = scan.forEachBatch { batch in
        for index in batch.indices { records.append(batch[index]) }
      }
      #expect(missing == 0 && records.count == snapshot.records.count)
      #expect(zip(records, records.dropFirst()).allSatisfy { $0.time <= $1.time })
      #expect(
        zip(records, snapshot.records).allSatisfy {
          $0.time == $1.time && scan.overview.strings[$0.name] == snapshot.strings[$1.name]
        })
      #expect(scan.overview.hosts == snapshot.hosts)
      #expect(CascadeReport(scan).summary == CascadeReport(snapshot).summary)
    }
    // A follower has everything, and nothing twice.
    let reader = try LogReader(sources)
    let first = try reader.catchUp()
    #expect(first.recordCount == log.records.count)
    #expect(try reader.readNew().records.isEmpty)
  }

  @Test(.timeLimit(.minutes(2))) func aTraceIsNestedAndSaysHowSureItIs() throws {
    let (log, folder) = (try Self.run(), Folder())
    let merged = try LogReader(try log.split(Self.hosts(of: log), to: folder.path)).snapshot()
    let entry = try #require(
      TraceList(log, limit: 1_000).traces.first { $0.services.count == 4 && $0.state == .ended && $0.status == 200 })
    let before = try #require(TraceWaterfall(log, trace: entry.trace))
    let after = try #require(TraceWaterfall(merged, trace: entry.trace))
    #expect(after.rows.map(\.span.id) == before.rows.map(\.span.id))
    #expect(abs(Int64(bitPattern: after.duration &- before.duration)) < 40_000)
    #expect(after.criticalPath.totals.first?.text == before.criticalPath.totals.first?.text)
    let payment = try #require(after.rows.first { $0.span.service == "payment-service" && $0.span.kind == .server })
    #expect(payment.span.host == "violet" && payment.span.clockBound != nil && payment.span.isAcrossHosts)
    // Both ways to the reference lead through the same hosts: what those are wrong by is wrong for both alike.
    let order = try #require(after.rows.first { $0.span.service == "order-service" && $0.span.kind == .server })
    let bounds = merged.hosts.map { $0.clock.bound ?? 0 }
    #expect(order.span.clockBound == bounds[2] - bounds[1] && payment.span.clockBound == bounds[3] - bounds[2])
    let text = after.text(width: 300)
    #expect(
      text.contains("on violet +") && text.contains(" ± ") && text.contains("host  red  clock −7.000"), "\(text)")
    let json = String(decoding: WireJSON.encode(after), as: UTF8.self)
    for key in ["on_host", "clock_bound_ns", "clock_offset_ns", "clock_rate_ppm"] { #expect(json.contains(key)) }
    #expect(!before.text(width: 300).contains("±"), "on one host, all times are of one clock")
  }

  /// Its log is there, but no call to it or from it has ever succeeded.
  @Test(.timeLimit(.minutes(2))) func aHostThatNoCallTellsOfIsNotPlacedInSilence() throws {
    var log = try Self.run()
    let calls = Set(
      log.records.filter { $0.kind == .waitStart && log.strings[$0.name] == "payment-service" }.map(\.other))
    for index in log.records.indices where log.records[index].kind == .waitEnd {
      if calls.contains(log.records[index].other) { log.records[index].detail = WaitOutcome.timeout.rawValue }
    }
    let folder = Folder()
    var hosts = Self.hosts(of: log)
    hosts[3].wallError = -2_000_000_000
    let merged = try LogReader(try log.split(hosts, to: folder.path)).snapshot()
    #expect(merged.hosts.map(\.isClockKnown) == [true, true, true, false])
    #expect(merged.loss.unknownClocks == ["violet"] && !merged.loss.isNothing)
    for text in [LogAudit(merged).text, merged.loss.text] {
      #expect(text.contains("the clock of violet is unknown"), "\(text)")
    }
    // With a wall clock that is wrong, audit sees what no other invariant does.
    let audit = LogAudit(merged)
    #expect(audit.counts[.callOrder] ?? 0 > 0, "\(audit.text)")
    #expect(audit.violations.contains { $0.description.contains("how their clocks stand is not known") })
    #expect(LogAudit(log).counts[.callOrder] == nil)
  }

  @Test func aLogThatWasCutOffGivesWhatIsThere() throws {
    let (log, folder) = (try Self.run(), Folder())
    let sources = try log.split(Self.hosts(of: log), to: folder.path)
    // In the middle of its only segment.
    let count = log.records.count { log.process($0)?.name == "payment-service" }
    let file = try File(sources[3].path)
    file.cut(at: file.size - (32_768 - count / 2) * Layout.recordSize)
    let merged = try LogReader(sources).snapshot()
    let left = merged.records.count { merged.process($0)?.name == "payment-service" }
    #expect(left == count / 2 && merged.loss.damaged == count - count / 2)
    #expect(merged.records.count == log.records.count - merged.loss.damaged)
    #expect(!LogAudit(merged).isClean)
    #expect(CascadeReport(try LogReader(sources).scan()).lost.damaged == merged.loss.damaged)
  }

  /// The error names the file, which is named after the host.
  @Test func aFileThatIsNoLogNamesItsHost() throws {
    let (log, folder) = (try Self.run(), Folder())
    let hosts = Self.hosts(of: log)
    func refusal(_ change: (File) -> Void) throws -> String {
      let sources = try log.split(hosts, to: "\(folder.path)/\(UUID().uuidString)")
      change(try File(sources[1].path))
      do throws(TraceLogError) {
        _ = try LogReader(sources)
        return ""
      } catch {
        return error.description
      }
    }
    #expect(try refusal { _ in } == "")
    #expect(try refusal { $0.write([0, 1, 2, 3], at: 0) }.contains("green.log is not a chainlab trace log"))
    #expect(
      try refusal { $0.write([9, 0, 0, 0], at: Layout.Header.version) }.contains(
        "green.log is a trace log of version 9"))
    #expect(
      try refusal { $0.write(Array("another".utf8), at: Layout.Header.runID) }
        .contains("green.log is not a chainlab trace log: it is that of run another"))
    #expect(try refusal { $0.cut(at: 100) }.contains("green.log is not a chainlab trace log"))
  }

  /// Changes a log behind everybody's back.
  private final class File {
    private let descriptor: Int32

    init(_ path: String) throws {
      descriptor = open(path, O_RDWR | O_CLOEXEC)
      try #require(descriptor >= 0)
    }

    deinit { close(descriptor) }

    var size: Int { Int(lseek(descriptor, 0, SEEK_END)) }

    func write(_ bytes: [UInt8], at offset: Int) {
      let count = pwrite(descriptor, bytes, bytes.count, off_t(offset))
      #expect(count == bytes.count)
    }

    func cut(at size: Int) {
      let result = ftruncate(descriptor, off_t(size))
      #expect(result == 0)
    }
  }
}
