import ChainModel
import Testing
import TraceExport
import TraceLog

@Suite struct PerfettoExportTests {
  private static func document(_ log: LogSnapshot, threadStates: Bool = true) throws -> JSON {
    var bytes: [UInt8] = []
    _ = try PerfettoExport.write(log, threadStates: threadStates) { bytes += $0 }
    return try JSON(bytes)
  }

  @Test(arguments: [UInt64.max, SampleLog.createdAt + 9_000_000])
  func theImporterTakesEverything(until: UInt64) throws {
    for seed in UInt64(1)...4 {
      let log = SampleLog(seed: seed, requests: 30).snapshot(until: until)
      let read = try PerfettoReader(Self.document(log))
      #expect(read.processNames.count == log.processes.count)
      #expect(read.threadNames.count == log.records.count { $0.kind == .threadStart })
      #expect(read.slices.count > 30)
      #expect(read.asynchronous.count > 30)
    }
  }

  @Test func aLaneShowsWhatIsOnItsThreadAlone() throws {
    let log = SampleLog(requests: 30).snapshot()
    let read = try PerfettoReader(Self.document(log))
    for dequeue in log.records where dequeue.kind == .dequeue && dequeue.detail == IOModel.blocking.code {
      let end = try #require(log.records.first { $0.kind == .end && $0.span == dequeue.span })
      let slice = try #require(read.slices.first { $0.span == SpanID(rawValue: dequeue.span).hex && $0.depth == 0 })
      #expect(slice.thread.tid == Int(dequeue.thread))
      #expect(slice.start == dequeue.time - log.createdAt)
      #expect(slice.end == end.time - log.createdAt)
    }
    let waits = log.records.filter { $0.kind == .waitStart && $0.waitFlags.contains(.held) }
    #expect(read.slices.count { $0.category == "wait" } == waits.count)
    #expect(
      read.slices.contains { $0.name == "blocked: call order-service" || $0.name == "blocked: call user-service" })
    let queued = read.asynchronous.filter { $0.name == "queued" }
    #expect(queued.count == log.records.count { $0.kind == .enqueue })
  }

  @Test(arguments: [true, false]) func arrowsLeadFromWaitToWorkAndBack(isBlocking: Bool) throws {
    let sample =
      isBlocking
      ? SampleLog(requests: 30, models: Array(repeating: .blocking, count: 4)) : SampleLog(requests: 30)
    let log = sample.snapshot()
    let read = try PerfettoReader(Self.document(log))
    let calls = read.flows.filter { $0.category == "call" }
    let replies = read.flows.filter { $0.category == "reply" }
    let called = log.records.count { $0.kind == .spanStart && $0.other != 0 }
    // On an event loop that other work has taken over, there is no slice for an arrow to begin in.
    #expect(isBlocking ? calls.count == called : calls.count * 10 >= called * 9)
    #expect(isBlocking ? replies.count == called : replies.count * 10 >= called * 9)
    for flow in calls + replies {
      #expect(read.processNames[flow.from.thread.pid] != read.processNames[flow.to.thread.pid])
      #expect(flow.from.start <= flow.to.end)
    }
    for flow in calls where flow.from.category == "wait" {
      #expect(flow.from.name.hasPrefix("blocked: call "))
      #expect(flow.to.category == "span")
      #expect(flow.from.start <= flow.to.start && flow.to.end <= flow.from.end)
    }
  }

  /// The same as invariant I1: what a thread does adds up to its life.
  @Test func statesOfAThreadFollowOneAnotherWithoutGap() throws {
    let log = SampleLog(requests: 30).snapshot()
    let read = try PerfettoReader(Self.document(log))
    let threads = Dictionary(grouping: read.states) { $0.thread }
    #expect(threads.count == log.records.count { $0.kind == .threadStart })
    for states in threads.values {
      let sorted = states.sorted { $0.start < $1.start }
      for (state, next) in zip(sorted, sorted.dropFirst()) {
        #expect(state.end == next.start)
        #expect(state.name != next.name || state.blockedOn != next.blockedOn)
      }
      #expect(Set(sorted.map(\.name)).isSubset(of: ["I", "Running", "Waiting"]))
      for state in sorted { #expect((state.blockedOn != nil) == (state.name == "Waiting")) }
    }
    #expect(read.states.contains { $0.blockedOn == "call:user-service" })
    let blocked = read.states.filter { $0.name == "Waiting" }.reduce(0) { $0 + $1.end - $1.start }
    #expect(blocked == SampleLog.blockedTime(log))
    #expect(try PerfettoReader(Self.document(log, threadStates: false)).states.isEmpty)
  }

  @Test func countersEndAtZeroAndKeepToThePool() throws {
    let read = try PerfettoReader(Self.document(SampleLog(requests: 60).snapshot()))
    var last: [String: [String: Int]] = [:]
    for counter in read.counters {
      for (series, value) in counter.values {
        #expect(value >= 0)
        if series == "busy" || series == "blocked" { #expect(value <= 3) }
      }
      last["\(counter.pid) \(counter.name)"] = counter.values
    }
    #expect(last.count > 5)
    for values in last.values { #expect(values.values.allSatisfy { $0 == 0 }, "\(values)") }
  }

  @Test func theOriginStandsInTheMetadata() throws {
    let log = SampleLog(requests: 3).snapshot()
    let document = try Self.document(log)
    #expect(document["metadata"]["run"].text == log.runID)
    #expect(document["metadata"]["origin_unix_ns"].text == String(log.createdAt + log.wallOffset))
  }
}

extension SampleLog {
  /// Nanoseconds that threads were blocked: its waits never overlap on a thread.
  static func blockedTime(_ log: LogSnapshot) -> UInt64 {
    var open: [UInt64: UInt64] = [:]
    var sum: UInt64 = 0
    for record in log.records where record.waitFlags.contains(.held) {
      if record.kind == .waitStart { open[record.other] = record.time }
      if record.kind == .waitEnd { sum += record.time - (open.removeValue(forKey: record.other) ?? record.time) }
    }
    return sum
  }
}
