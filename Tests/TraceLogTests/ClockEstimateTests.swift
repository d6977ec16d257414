import ChainModel
import Testing
import TraceLog

/// How hosts' clocks stand to each other, from the calls between them, where the truth is known.
@Suite struct ClockEstimateTests {
  /// SplitMix64.
  private struct Dice {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
      return mixed ^ (mixed >> 31)
    }

    /// From 0 to 1.
    mutating func share() -> Double { Double(next() >> 11) / Double(1 << 53) }

    mutating func between(_ low: Double, _ high: Double) -> Double { low + share() * (high - low) }
  }

  /// Nanoseconds, one way: so much at least, and now and then far more.
  private struct Delay {
    var least: Double
    var more: Double

    func draw(_ dice: inout Dice) -> Double {
      let queued = dice.share() < 0.05 ? dice.between(0, 20 * more) : 0
      return least + dice.between(0, more) + queued
    }
  }

  /// What a clock that is ahead and runs fast shows at a true time.
  private struct Clock {
    var ahead: Int64
    var rate = 0.0

    func shows(_ time: Double) -> UInt64 { UInt64(bitPattern: Int64(time + time * rate / 1e6) &+ ahead) }
  }

  private static let start = 5e12

  private func add(
    _ count: Int, over seconds: Double, from caller: (Int, Clock), to callee: (Int, Clock), out: Delay, back: Delay,
    _ dice: inout Dice, _ estimate: inout ClockEstimate
  ) {
    for _ in 0..<count {
      let sent = Self.start + dice.between(0, seconds * 1e9)
      let arrived = sent + out.draw(&dice)
      let answered = arrived + dice.between(1e4, 5e6)
      let returned = answered + back.draw(&dice)
      estimate.add(
        CallTimes(
          sent: caller.1.shows(sent), arrived: callee.1.shows(arrived), answered: callee.1.shows(answered),
          returned: caller.1.shows(returned)), from: caller.0, to: callee.0)
    }
  }

  /// How far a corrected time is from the truth, in nanoseconds, at worst within the time of the calls.
  private func error(_ found: HostClock, of clock: Clock, readOn reference: Clock, seconds: Double) -> Double {
    (0...10).map { step in
      let time = Self.start + seconds * 1e9 * Double(step) / 10
      return abs(Double(Int64(bitPattern: found.corrected(clock.shows(time)) &- reference.shows(time))))
    }.max() ?? 0
  }

  private static let loopback = Delay(least: 15_000, more: 120_000)

  @Test(arguments: 1...50) func theTruthIsWithinTheBoundWhateverTheNetworkDoes(seed: Int) throws {
    var dice = Dice(state: UInt64(seed))
    let callee = Clock(
      ahead: Int64(dice.between(-2e11, 2e11)), rate: seed % 3 == 0 ? dice.between(-100, 100) : 0)
    let caller = Clock(ahead: Int64(dice.between(-1e9, 1e9)))
    let out = Delay(least: dice.between(1e4, 3e6), more: dice.between(0, 2e6))
    let back = Delay(least: dice.between(1e4, 3e6), more: dice.between(0, 2e6))
    let (count, seconds) = (Int(dice.between(1, 3_000)), dice.between(0.1, 120))
    var estimate = ClockEstimate(hosts: 2)
    add(count, over: seconds, from: (0, caller), to: (1, callee), out: out, back: back, &dice, &estimate)
    if seed % 2 == 0 {
      add(count, over: seconds, from: (1, callee), to: (0, caller), out: back, back: out, &dice, &estimate)
    }
    let found = try #require(estimate.clocks(readOn: 0)[1])
    let bound = try #require(found.bound)
    // Within the calls: of one call alone, nobody knows the rate.
    let error = error(found, of: callee, readOn: caller, seconds: count > 100 ? seconds : 0)
    let slack = count > 100 ? seconds * 1e9 / Double(count) * 20 * 500e-6 : seconds * 1e9 * 500e-6
    #expect(error <= Double(bound) + slack, "\(found.text): \(error) ns off")
    #expect(!found.isUneven && found.calls == count * (seed % 2 == 0 ? 2 : 1))
  }

  @Test(arguments: 1...10) func withoutDelayTheErrorIsAFewMicroseconds(seed: Int) throws {
    var dice = Dice(state: UInt64(seed))
    let (caller, callee) = (Clock(ahead: 0), Clock(ahead: 123_456_789_012))
    var estimate = ClockEstimate(hosts: 2)
    add(
      3_600, over: 12, from: (0, caller), to: (1, callee), out: Self.loopback, back: Self.loopback, &dice, &estimate)
    let found = try #require(estimate.clocks(readOn: 0)[1])
    let bound = try #require(found.bound)
    let error = error(found, of: callee, readOn: caller, seconds: 12)
    #expect(error <= 20_000 && error <= Double(bound) && bound <= 200_000, "\(found.text): \(error) ns off")
  }

  @Test(arguments: [-50.0, 50, 20]) func aClockThatDriftsIsFollowed(rate: Double) throws {
    var dice = Dice(state: 7)
    let (caller, callee) = (Clock(ahead: 0), Clock(ahead: -7_000_654_321, rate: rate))
    var estimate = ClockEstimate(hosts: 2)
    add(
      10_000, over: 30, from: (0, caller), to: (1, callee), out: Self.loopback, back: Self.loopback, &dice, &estimate)
    let found = try #require(estimate.clocks(readOn: 0)[1])
    #expect(abs(found.rate - rate) <= 3, "\(found.text)")
    #expect(error(found, of: callee, readOn: caller, seconds: 30) <= 20_000, "\(found.text)")
    // And read the other way round.
    let inverse = try #require(estimate.clocks(readOn: 1)[0])
    #expect(error(inverse, of: caller, readOn: callee, seconds: 30) <= 20_000, "\(inverse.text)")
    #expect(abs(inverse.rate + rate) <= 3)
  }

  /// Unequal delays cannot be seen; the bound says so.
  @Test func unequalDelaysCostHalfTheirDifference() throws {
    var dice = Dice(state: 3)
    let (caller, callee) = (Clock(ahead: 0), Clock(ahead: 5_000_123_456))
    var estimate = ClockEstimate(hosts: 2)
    add(
      3_600, over: 12, from: (0, caller), to: (1, callee), out: Delay(least: 700_000, more: 600_000),
      back: Delay(least: 200_000, more: 600_000), &dice, &estimate)
    let found = try #require(estimate.clocks(readOn: 0)[1])
    let error = error(found, of: callee, readOn: caller, seconds: 12)
    #expect((200_000...300_000).contains(error) && error <= Double(found.bound ?? 0), "\(found.text): \(error) ns off")
  }

  @Test func boundsAddUpFromHostToHost() throws {
    var dice = Dice(state: 11)
    let clocks = [
      Clock(ahead: 0), Clock(ahead: 5_000_123_456), Clock(ahead: -7_000_654_321, rate: 30), Clock(ahead: 9),
    ]
    var estimate = ClockEstimate(hosts: 5)
    for host in 0..<3 {
      add(
        2_000, over: 20, from: (host, clocks[host]), to: (host + 1, clocks[host + 1]), out: Self.loopback,
        back: Self.loopback, &dice, &estimate)
    }
    let found = estimate.clocks(readOn: 0)
    #expect(found[0] == .same)
    #expect(found[4] == nil, "nobody called it")
    let bounds = try (1...3).map { try #require(found[$0]?.bound) }
    #expect(bounds[0] < bounds[1] && bounds[1] < bounds[2])
    for host in 1...3 {
      let clock = try #require(found[host])
      #expect(error(clock, of: clocks[host], readOn: clocks[0], seconds: 20) <= 60_000, "\(clock.text)")
    }
  }

  @Test func theNarrowestWayIsTaken() throws {
    var dice = Dice(state: 13)
    let clocks = [Clock(ahead: 0), Clock(ahead: 1_000_000), Clock(ahead: -1_000_000)]
    var estimate = ClockEstimate(hosts: 3)
    let far = Delay(least: 5e6, more: 1e6)
    add(500, over: 5, from: (0, clocks[0]), to: (2, clocks[2]), out: far, back: far, &dice, &estimate)
    for (caller, callee) in [(0, 1), (1, 2)] {
      add(
        500, over: 5, from: (caller, clocks[caller]), to: (callee, clocks[callee]), out: Self.loopback,
        back: Self.loopback, &dice, &estimate)
    }
    let found = try #require(estimate.clocks(readOn: 0)[2])
    #expect(try #require(found.bound) < 1_000_000, "\(found.text)")
  }

  @Test func aClockThatIsSetMeanwhileIsSaidToBeUneven() throws {
    var dice = Dice(state: 17)
    let caller = Clock(ahead: 0)
    var estimate = ClockEstimate(hosts: 2)
    for (part, ahead) in [Int64(1_000_000_000), 1_010_000_000].enumerated() {
      for _ in 0..<500 {
        let sent = Self.start + (Double(part) * 10 + dice.between(0, 10)) * 1e9
        let callee = Clock(ahead: ahead)
        let arrived = sent + Self.loopback.draw(&dice)
        let returned = arrived + 1e6 + Self.loopback.draw(&dice)
        estimate.add(
          CallTimes(
            sent: caller.shows(sent), arrived: callee.shows(arrived), answered: callee.shows(arrived + 1e6),
            returned: caller.shows(returned)), from: 0, to: 1)
      }
    }
    let found = try #require(estimate.clocks(readOn: 0)[1])
    #expect(found.isUneven && found.text.hasSuffix("uneven"))
    let bound = Double(try #require(found.bound))
    for (second, ahead) in [(5.0, Int64(1_000_000_000)), (15, 1_010_000_000)] {
      let time = Self.start + second * 1e9
      let error = Double(Int64(bitPattern: found.corrected(Clock(ahead: ahead).shows(time)) &- caller.shows(time)))
      #expect(abs(error) <= bound, "\(found.text): \(error) ns off")
    }
  }

  /// Calls are joined in no order.
  @Test func theOrderOfCallsDoesNotMatter() {
    let calls = (UInt64(0)..<5_000).map { call in
      let sent = 1_000_000_000 + call * 7_777_777
      return CallTimes(sent: sent, arrived: sent + 5_100, answered: sent + 5_200, returned: sent + 300)
    }
    func clock(_ calls: [CallTimes]) -> HostClock? {
      var bounds = ClockBounds()
      for call in calls { bounds.add(call.ahead, leastAt: call.returned, mostAt: call.sent) }
      return bounds.clock
    }
    let inOrder = clock(calls)
    #expect(inOrder?.offset == 5_000 && clock(calls.reversed()) == inOrder)
    let odd = calls.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
    #expect(clock(odd + calls.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)) == inOrder)
  }

  @Test func onlyCallsThatSucceededAreEvidence() {
    func estimate(_ outcome: WaitOutcome) -> HostClock? {
      var estimate = ClockEstimate(hosts: 2)
      estimate.take(Record(kind: .waitStart, time: 1_000, span: 1, other: 7, detail: WaitCause.call.rawValue), of: 0)
      // It was given up before the callee had done its work.
      estimate.take(Record(kind: .waitEnd, time: 9_000, span: 1, other: 7, detail: outcome.rawValue), of: 0)
      estimate.take(Record(kind: .arrive, time: 51_500, span: 2, other: 7), of: 1)
      estimate.take(Record(kind: .end, time: 58_500, span: 2, arg: 200), of: 1)
      estimate.join()
      return estimate.clocks(readOn: 0)[1]
    }
    #expect(estimate(.ok).map { $0.offset } == 50_000)
    for outcome in WaitOutcome.allCases where outcome != .ok { #expect(estimate(outcome) == nil, "\(outcome)") }
  }

  /// A load generator records no waits.
  @Test func callsOfAnInstrumentAreItsSpans() {
    var estimate = ClockEstimate(hosts: 2)
    estimate.take(Record(kind: .processStart, time: 1, process: 3), of: 0)
    for (span, error) in [(UInt64(7), UInt32(0)), (8, 5)] {
      estimate.take(
        Record(kind: .spanStart, time: span * 1_000, span: span, process: 3, detail: SpanKind.client.rawValue), of: 0)
      estimate.take(
        Record(kind: .spanEnd, time: span * 1_000 + 800, span: span, process: 3, name: error, arg: 200), of: 0)
      estimate.take(Record(kind: .arrive, time: 100_000 + span * 1_000 + 300, span: span + 90, other: span), of: 1)
      estimate.take(Record(kind: .end, time: 100_000 + span * 1_000 + 500, span: span + 90, arg: 200), of: 1)
    }
    estimate.join()
    let found = estimate.clocks(readOn: 0)[1]
    #expect(found?.calls == 1 && found?.offset == 100_000)
  }

  @Test func aTimeIsReadThereAndBack() {
    for rate in [0.0, 50, -499] {
      let clock = HostClock(anchor: 130_000_000_000, reference: 7_000_000_000, rate: rate, bound: 1)
      for time in [UInt64(0), 7_000_000_000, 3_600_000_000_000] {
        let back = clock.corrected(clock.recorded(time))
        #expect(abs(Int64(bitPattern: back &- time)) <= 1, "\(rate) \(time)")
        #expect(abs(Int64(bitPattern: clock.inverted.recorded(clock.recorded(time)) &- time)) <= 3)
      }
      #expect(clock.corrected(5) == 0, "before the other clock's zero")
      #expect(clock.corrected(.max) == .max)
    }
  }

  @Test func aClockIsToldInWords() {
    let clock = HostClock(
      anchor: 5_000_368_200, reference: 0, rate: 0.3, bound: 577_000, calls: 3_600)
    #expect(clock.text == "+5.000368 s ± 577 µs, 0.3 ppm")
    #expect(LogHost(name: "green", clock: clock).text == "green  clock +5.000368 s ± 577 µs, 0.3 ppm (3,600 calls)")
    let unknown = HostClock(anchor: 0, reference: 2_000_000_000)
    #expect(unknown.text == "−2.000000 s, bound unknown")
  }
}
