import ChainModel
import Testing
import TraceExport
import TraceLog

@Suite struct FoldedExportTests {
  @Test(arguments: [UInt64.max, SampleLog.createdAt + 9_000_000])
  func stacksAddUpToTheTimeThatThreadsWereBlocked(until: UInt64) throws {
    let log = SampleLog(requests: 40).snapshot(until: until)
    var blocked = SampleLog.blockedTime(log)
    let ended = Set(log.records.lazy.filter { $0.kind == .waitEnd && $0.waitFlags.contains(.held) }.map(\.other))
    let last = log.records.last?.time ?? 0
    for record in log.records
    where record.kind == .waitStart && record.waitFlags.contains(.held) && !ended.contains(record.other) {
      blocked += last - record.time
    }
    #expect(blocked > 0)
    #expect(FoldedExport.stacks(log).values.reduce(0, +) == blocked)
  }

  @Test func aStackIsTheChainOfServicesAndTheWait() throws {
    let log = SampleLog(requests: 40).snapshot()
    var bytes: [UInt8] = []
    _ = try FoldedExport.write(log) { bytes += $0 }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    let stacks = lines.compactMap { $0.split(separator: " ").dropLast().joined(separator: " ") }
    #expect(stacks.contains("gateway;user-service;order-service;payment-service;wait sleep fault: latency=1ms"))
    #expect(stacks.contains("gateway;wait call user-service"))
    #expect(stacks.contains("gateway;wait db orders by user"))
    #expect(Set(stacks).count == lines.count)
    for line in lines { #expect(line.wholeMatch(of: /[^;\n]+(;[^;\n]+)* [1-9][0-9]*/) != nil, "\(line)") }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [RecordKind.arrive, .spanStart])
  func callersThatRunInACircleEndSomewhere(_ kind: RecordKind) {
    var log = SampleLog(requests: 2).snapshot()
    for index in log.records.indices where log.records[index].kind == kind {
      log.records[index].other = log.records[index].span
    }
    let stacks = FoldedExport.stacks(log)
    #expect(!stacks.isEmpty)
    #expect(stacks.keys.allSatisfy { $0.split(separator: ";").count <= 129 })
  }
}
