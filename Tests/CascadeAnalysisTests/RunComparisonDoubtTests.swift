import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

/// What a comparison does with runs that cannot tell everything, or nothing.
@Suite struct RunComparisonDoubtTests {
  /// The gateway's requests as an imported trace has them: spans, and nothing of threads, queues or waits.
  private func imported() -> TestLog {
    var log = TestLog()
    log.process("gateway", 0)
    let pen = TestLog.Pen(process: 0, thread: 1)
    for request in UInt64(0)..<200 {
      let start = request * 20_000
      log.write(
        .spanStart, start, pen, span: request + 1, detail: SpanKind.server.rawValue, name: "GET /users", arg: 1)
      log.write(.spanEnd, start + 15_000, pen, span: request + 1, arg: 200)
    }
    log.takenAt = 4_100_000
    return log
  }

  @Test func whatATraceDoesNotSayIsNotKnownAndNotZero() throws {
    let run = ComparedRun(imported().snapshot)
    #expect(run.entry == "gateway")
    let comparison = RunComparison([run], [SteadyRun().run()])
    for kind in [FigureKey.Kind.blocked, .waiting, .queued, .peakThreads, .saturated, .onset, .capture, .loopStalls] {
      let row = try #require(comparison.row(kind, "gateway"), "\(kind)")
      #expect(row.change == .notKnown)
      #expect(row.a == nil)
      #expect(row.b != nil)
    }
    for kind in [FigureKey.Kind.queueWaitMean, .threadAmplification, .requestAmplification] {
      #expect(comparison.row(kind)?.change == .notKnown)
    }
    #expect(comparison.row(.throughput)?.change == .withinNoise)
    #expect(comparison.row(.responseTimeP50)?.a?.value == 15_000_000)
    let text = comparison.text(width: 200)
    #expect(text.split(separator: "\n").contains { $0.contains("blocked threads") && $0.contains("not known") })
    let rows = try JSON(comparison)["rows"].list
    let blocked = try #require(rows.first { $0["figure"].text == "blocked" && $0["service"].text == "gateway" })
    #expect(blocked["a"] == .null)
    #expect(blocked["change"].text == "not_known")
    #expect(blocked["b"] != .null)
  }

  @Test func differentLoadsAreWarnedOf() {
    let a = SteadyRun()
    var load = a.load
    load.terms = [ComparedLoad.Term("clients", "32"), ComparedLoad.Term("path", "/users")]
    let comparison = RunComparison([a.run()], [a.run(load: load)])
    #expect(
      comparison.warnings == [
        "the loads differ: rate_per_s 50.0, none", "the loads differ: clients none, 32",
      ])
    let unknown = RunComparison([a.run()], [ComparedRun(a.log().snapshot, configuration: [])])
    #expect(unknown.warnings == ["the loads may differ: no load result is kept in run-1"])
    #expect(unknown.row(.throughput)?.change == .withinNoise)
  }

  @Test func aLogThatHasLostRecordsIsWarnedOf() {
    let run = SteadyRun()
    var snapshot = run.log().snapshot
    snapshot.loss.dropped = 12
    let lossy = ComparedRun(snapshot, load: run.load, configuration: [])
    #expect(RunComparison([run.run()], [lossy]).warnings == ["B, run run-1: its log is incomplete: 12 dropped"])
  }

  @Test func whatAWrappedLogHasLostIsLeftOut() {
    let run = SteadyRun()
    var snapshot = run.log().snapshot
    snapshot.completeSince = TestLog.time(1_000_000)
    snapshot.loss.overwritten = 1_000
    snapshot.records.removeAll { $0.time < snapshot.completeSince && $0.span != 0 }
    let wrapped = ComparedRun(snapshot, load: run.load, configuration: [])
    let comparison = RunComparison([run.run()], [wrapped])
    #expect(
      comparison.warnings == ["B, run run-1: its log has wrapped: what was before +1.000 s is lost, so it is left out"])
    #expect(wrapped.steadyFrom.map { $0 >= 1_000_000_000 } == true)
    for kind in [FigureKey.Kind.throughput, .responseTimeP50] {
      #expect(comparison.row(kind)?.change == .withinNoise)
    }
    // The onset may lie in what is lost.
    #expect(comparison.row(.onset, "gateway")?.change == .notKnown)
  }

  @Test func aRunWithoutALoadSaysSo() {
    let empty = ComparedRun(
      LogSnapshot(runID: "run-2", takenAt: TestLog.time(5), processes: [], strings: LogStrings(), records: []))
    let comparison = RunComparison([SteadyRun().run()], [empty])
    #expect(comparison.warnings.contains("B, run run-2: no request arrived in the time of its load"))
    #expect(comparison.rows.allSatisfy { $0.change == .notKnown })
    let short = SteadyRun(requests: 20).run()
    #expect(short.steadyFrom == nil)
    #expect(short.doubts == ["its load is too short to be cut into 10 slices"])
  }

  @Test func theJSONHasTheDocumentedKeys() throws {
    let comparison = RunComparison([SteadyRun().run()], [SteadyRun(gateway: .nonblocking, failing: 2).run()])
    let json = try JSON(comparison)
    #expect(json.keys == ["a", "b", "repetitions", "rows", "schema", "settings", "warnings"])
    #expect(json["schema"].number == 1)
    let run = try #require(json["a"].list.first)
    #expect(
      run.keys == [
        "entry", "load", "load_from_ns", "load_to_ns", "most_blamed", "most_blamed_share", "requests", "run_id",
        "slices",
        "steady_from_ns", "steady_to_ns", "verdict",
      ])
    let row = try #require(json["rows"].list.first { $0["figure"].text == "errors" })
    #expect(row.keys == ["a", "b", "change", "difference", "figure", "type", "unit"])
    #expect(row["b"].keys == ["count", "high", "low", "repetitions", "value"])
    #expect(json["rows"].list.first { $0["figure"].text == "onset" }?["a"].keys == ["none", "repetitions"])
    #expect(json["settings"].list.first?.keys == ["a", "b", "service", "setting"])
  }

  @Test func theTextTellsWhatWasChangedBeforeWhatItChanged() throws {
    let text = RunComparison([SteadyRun().run()], [SteadyRun(gateway: .nonblocking).run()]).text(width: 200)
    let lines = text.split(separator: "\n").map(String.init)
    let cause = try #require(lines.firstIndex(of: "WHAT WAS CHANGED"))
    let effect = try #require(lines.firstIndex(of: "WHAT IT CHANGED"))
    #expect(cause < effect)
    #expect(lines[cause..<effect].contains { $0.contains("io_model") && $0.contains("blocking ⇒ nonblocking") })
    #expect(lines[effect...].contains { $0.contains("blocked threads (B)") && $0.hasSuffix("removed") })
    #expect(lines[effect...].contains { $0.contains("response time p50") && $0.hasSuffix("within noise") })
    for width in [40, 60, 100] {
      let narrow = RunComparison([SteadyRun().run()], [SteadyRun().run()]).text(width: width)
      #expect(narrow.split(separator: "\n").allSatisfy { $0.count <= max(60, width) })
    }
  }

  /// Each log is made from its number, so a failure can be had again.
  @Test(.timeLimit(.minutes(3))) func damagedLogsNeverStopIt() {
    let right = SteadyRun(requests: 60).log().snapshot
    let options = CompareOptions(slices: 5, bin: 20_000_000, trim: 20_000_000)
    let sound = ComparedRun(right, options: options)
    #expect(sound.steadyFrom != nil)
    var steady = 0
    for seed in UInt64(0)..<1_500 {
      var numbers = IDGenerator(seed: seed)
      var snapshot = right
      for _ in 0...(numbers.next() % 6) { Self.damage(&snapshot, &numbers) }
      let startedAt = numbers.next() % 3 == 0 ? numbers.next() : TestLog.time(0)
      let load = ComparedLoad(startedAt: startedAt, duration: numbers.next() >> (numbers.next() % 64), terms: [])
      let run = ComparedRun(snapshot, load: numbers.next() % 2 == 0 ? load : nil, options: options)
      if run.steadyFrom != nil { steady += 1 }
      let comparison = RunComparison([sound], [run])
      #expect(!comparison.text(width: 100).isEmpty)
      // Stops the program if a number is none.
      #expect(!WireJSON.encode(comparison).isEmpty)
    }
    // Else the damage would hide what is tested.
    #expect(steady > 130)
  }

  private static func damage(_ snapshot: inout LogSnapshot, _ numbers: inout IDGenerator) {
    guard !snapshot.records.isEmpty else { return }
    let place = Int(numbers.next() % UInt64(snapshot.records.count))
    let bit = numbers.next() % 64
    switch numbers.next() % 9 {
    case 0: snapshot.records.remove(at: place)
    case 1: snapshot.records[place].time ^= 1 << bit
    case 2: snapshot.records[place].span ^= 1 << bit
    case 3: snapshot.records[place].other ^= 1 << bit
    case 4: snapshot.records[place].kindCode ^= 1 << UInt8(bit % 8)
    case 5: snapshot.records[place].detail ^= 1 << UInt8(bit % 8)
    case 6: snapshot.takenAt ^= 1 << bit
    case 7: snapshot.completeSince ^= 1 << bit
    default: snapshot.records.swapAt(place, Int(numbers.next() % UInt64(snapshot.records.count)))
    }
  }
}
