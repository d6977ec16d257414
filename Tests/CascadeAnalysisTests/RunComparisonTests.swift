import CascadeAnalysis
import ChainModel
import Testing
import TraceLog

@Suite struct RunComparisonTests {
  private func compare(_ a: SteadyRun, _ b: SteadyRun) -> RunComparison { RunComparison([a.run()], [b.run()]) }

  private func isInside(_ side: ComparedSide) -> Bool {
    guard let value = side.value, let low = side.low, let high = side.high else { return side.isNone }
    return low <= value && value <= high
  }

  // MARK: What does not differ

  @Test func identicalRunsDifferInNothing() {
    let comparison = compare(SteadyRun(failing: 7), SteadyRun(failing: 7))
    #expect(comparison.rows.count > 20)
    #expect(comparison.rows.allSatisfy { $0.change == .withinNoise })
    #expect(comparison.settings.isEmpty)
    #expect(comparison.warnings.isEmpty)
    #expect(comparison.repetitions == .slices)
    for row in comparison.rows where row.key.kind != .onset {
      #expect(row.a.map { $0.repetitions >= 5 || $0.isNone } == true, "\(row.key)")
    }
  }

  /// The same chain, other random numbers: what one slice is to the next, one run is to the other.
  @Test(arguments: UInt64(2)..<12) func chanceIsWithinNoise(_ seed: UInt64) {
    let comparison = compare(SteadyRun(), SteadyRun(seed: seed))
    #expect(comparison.rows.allSatisfy { $0.change == .withinNoise })
    #expect(comparison.rows.compactMap(\.a).allSatisfy(isInside))
    #expect(comparison.rows.compactMap(\.b).allSatisfy(isInside))
  }

  @Test func theFiguresAreThoseOfTheRun() throws {
    let comparison = compare(SteadyRun(), SteadyRun())
    let run = comparison.a[0]
    #expect(run.entry == "gateway")
    // 40 bins of 100 ms, less 100 ms at both ends.
    #expect(run.steadyFrom == 101_000_000)
    #expect(run.steadyTo.map { $0 > 3_700_000_000 && $0 <= 3_901_000_000 } == true)
    #expect(comparison.row(.throughput)?.a.map { abs(($0.value ?? 0) - 50) < 1 } == true)
    #expect(comparison.row(.responseTimeP50)?.a?.value.map { $0 > 14_000_000 && $0 < 18_000_000 } == true)
    #expect(comparison.row(.queueWaitMean)?.a?.value == 100_000)
    // Little's law: 50 a second, each blocked for the call's 15.7 ms on average.
    #expect(comparison.row(.blocked, "gateway")?.a?.value.map { $0 > 0.70 && $0 < 0.86 } == true)
    #expect(comparison.row(.peakThreads, "gateway")?.a?.value == 5)
    let amplification = try #require(comparison.row(.threadAmplification)?.a?.value)
    #expect(amplification > 0.9 && amplification < 1.1)
    #expect(comparison.row(.onset, "gateway")?.a?.isNone == true)
  }

  // MARK: What does

  @Test func doubledTimesAreTwiceAsLongAndHalfAsMany() throws {
    let comparison = compare(SteadyRun(), SteadyRun(scale: 2))
    for kind in [FigureKey.Kind.responseTimeP50, .responseTimeP95, .responseTimeP99, .queueWaitMean] {
      let row = try #require(comparison.row(kind))
      #expect(row.ratio == 2)
      #expect(row.change == .more)
    }
    let throughput = try #require(comparison.row(.throughput))
    #expect(throughput.change == .less)
    #expect(throughput.ratio.map { abs($0 - 0.5) < 1e-9 } == true)
    // Means are of the time they are taken over.
    for service in ["gateway", "payment-service"] {
      for kind in [FigureKey.Kind.blocked, .waiting, .queued, .capture, .saturated] {
        let row = try #require(comparison.row(kind, service))
        #expect(row.change == .withinNoise)
        #expect(abs((row.a?.value ?? -1) - (row.b?.value ?? -2)) < 1e-6, "\(kind) \(service)")
      }
    }
  }

  @Test func notToBlockRemovesBlockedThreadsAndNothingElse() throws {
    let comparison = compare(SteadyRun(), SteadyRun(gateway: .nonblocking))
    #expect(
      comparison.settings.contains(
        RunComparison.SettingChange(service: "gateway", setting: "io_model", a: "blocking", b: "nonblocking")))
    #expect(comparison.row(.blocked, "gateway")?.change == .removed)
    #expect(comparison.row(.capture, "gateway")?.change == .removed)
    #expect(comparison.row(.peakThreads, "gateway")?.change == .less)
    #expect(comparison.row(.threadAmplification)?.change == .removed)
    // The callee's capacity is what it was, and so is what the callers wait for.
    for key in [FigureKey.Kind.throughput, .responseTimeP50, .responseTimeP99, .requestAmplification] {
      #expect(comparison.row(key)?.change == .withinNoise)
    }
    #expect(comparison.row(.waiting, "gateway")?.change == .withinNoise)
    #expect(comparison.row(.blocked, "payment-service")?.change == .withinNoise)
    let back = RunComparison(comparison.b, comparison.a)
    #expect(back.row(.blocked, "gateway")?.change == .added)
    #expect(back.row(.peakThreads, "gateway")?.change == .more)
  }

  @Test func aSlowerCalleeIsSlowerEverywhere() {
    let comparison = compare(SteadyRun(), SteadyRun(slower: 15_000))
    for kind in [FigureKey.Kind.responseTimeP50, .responseTimeP95, .responseTimeP99, .inFlight] {
      #expect(comparison.row(kind)?.change == .more)
    }
    for service in ["gateway", "payment-service"] {
      #expect(comparison.row(.blocked, service)?.change == .more)
      #expect(comparison.row(.waiting, service)?.change == .more)
    }
    #expect(comparison.row(.throughput)?.change == .withinNoise)
  }

  @Test func errorsAreToldByType() throws {
    let comparison = compare(SteadyRun(), SteadyRun(failing: 2))
    let row = try #require(comparison.row(.errors, type: "timeout"))
    #expect(row.change == .added)
    #expect(row.a?.count == 0)
    #expect(row.b?.count.map { $0 > 80 } == true)
    #expect(comparison.row(.throughput)?.change == .less)
    #expect(comparison.row(.arrivals)?.change == .withinNoise)
  }

  /// The steady part may begin a little early: one slice of ten is not what the others are.
  @Test func oneOddSliceDoesNotHideAChange() throws {
    let comparison = compare(SteadyRun(), SteadyRun(failing: 2, healthy: 20))
    let row = try #require(comparison.row(.errors, type: "timeout"))
    #expect(row.change == .added)
    #expect(row.b?.low.map { $0 > 20 } == true)
    #expect(
      compare(SteadyRun(), SteadyRun(failing: 2, healthy: 100)).row(.errors, type: "timeout")?.change == .withinNoise)
  }

  @Test func saturationIsAddedWithItsOnset() throws {
    func run(_ hold: UInt64) -> ComparedRun {
      ComparedRun(
        ReferenceChain(hold: hold, duration: 8_000_000).log().snapshot, configuration: [],
        options: CompareOptions(slices: 5))
    }
    let comparison = RunComparison([run(10_000)], [run(100_000)])
    for (service, onset) in [("payment-service", 44.0), ("order-service", 82), ("gateway", 180)] {
      let row = try #require(comparison.row(.onset, service))
      #expect(row.change == .added)
      #expect(row.b?.value == onset * 1e6)
      #expect(comparison.row(.saturated, service)?.change == .added)
      #expect(comparison.row(.blocked, service)?.change == .more)
    }
    #expect(comparison.row(.threadAmplification)?.change == .more)
    #expect(comparison.row(.threadAmplification)?.a?.value == 2)
    #expect(comparison.b[0].mostBlamed?.text == "payment-service db write")
    let later = RunComparison([run(100_000)], [run(80_000)])
    #expect(later.row(.onset, "gateway")?.isSingle == true)
  }

  // MARK: Repetitions

  @Test func fiveRunsASideAreTheRepetitions() {
    func runs(_ seeds: Range<UInt64>, slower: UInt64 = 0) -> [ComparedRun] {
      seeds.map { SteadyRun(seed: $0, slower: slower).run() }
    }
    let same = RunComparison(runs(1..<6), runs(6..<11))
    #expect(same.repetitions == .runs)
    #expect(same.rows.compactMap(\.a).allSatisfy { $0.repetitions == 5 || $0.isNone })
    #expect(same.row(.throughput)?.change == .withinNoise)
    let slower = RunComparison(runs(1..<6), runs(6..<11, slower: 5_000))
    #expect(slower.row(.responseTimeP50)?.change == .more)
    let few = RunComparison(runs(1..<5), runs(6..<11))
    #expect(few.repetitions == .slices)
    #expect(few.row(.throughput)?.a?.repetitions == 40)
  }

  /// Whatever the ranges say: nobody is told that 50 ms have become 50 ms.
  @Test func whatLooksTheSameIsNoChange() throws {
    func runs(slower: UInt64) -> [ComparedRun] { Array(repeating: SteadyRun(slower: slower).run(), count: 5) }
    for (slower, change) in [(20, ComparedRow.Change.withinNoise), (5_000, .more)] {
      let row = try #require(RunComparison(runs(slower: 0), runs(slower: UInt64(slower))).row(.responseTimeP50))
      #expect(row.change == change, "\(slower) µs slower: \(String(describing: row.ratio))")
      #expect(row.difference ?? 0 > 0)
    }
  }

  // MARK: Settings

  @Test func whatTheLogSaysTakesThePlaceOfWhatWasConfigured() {
    let configured = [
      RunSetting(service: "gateway", name: "io_model", value: "blocking"),
      RunSetting(service: "gateway", name: "timeout_ms", value: "20000"),
    ]
    var other = configured
    other[1].value = "500"
    var log = SteadyRun().log()
    // Switched after the start, as at run time, and a fault.
    let pen = TestLog.Pen(process: 0, thread: 1)
    log.write(.model, 10, pen, detail: IOModel.async.code)
    log.write(.fault, 11, pen, detail: 1, name: "fault: latency=1s")
    let a = SteadyRun().run(configured)
    let b = ComparedRun(log.snapshot, load: SteadyRun().load, configuration: other)
    let comparison = RunComparison([a], [b])
    #expect(
      comparison.settings == [
        RunComparison.SettingChange(service: "gateway", setting: "fault", a: "none", b: "latency=1s"),
        RunComparison.SettingChange(service: "gateway", setting: "io_model", a: "blocking", b: "async"),
        RunComparison.SettingChange(service: "gateway", setting: "timeout_ms", a: "20000", b: "500"),
      ])
  }
}
