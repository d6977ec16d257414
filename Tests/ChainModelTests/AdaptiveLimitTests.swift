import ChainModel
import Testing

@Suite struct AdaptiveLimitTests {
  private static let millisecond: UInt64 = 1_000_000

  /// Requests that come to one loop, each so long after the one before.
  private struct Arrivals {
    var limit = AdaptiveLimit(most: 5000, at: 0)
    var now: UInt64 = 0
    var refused = 0

    mutating func come(
      _ count: Int, every gap: UInt64, waited: UInt64, inFlight: Int = 10, least: Int = 40
    ) {
      for _ in 0..<count {
        now += gap
        if !limit.arrive(waited: waited, inFlight: inFlight, least: least, at: now) { refused += 1 }
      }
    }
  }

  @Test func whoWaitsForOthersIsNoOverload() {
    var arrivals = Arrivals()
    for inFlight in stride(from: 0, to: 5_000, by: 5) {
      arrivals.come(1, every: Self.millisecond / 2, waited: 4 * Self.millisecond, inFlight: inFlight)
    }
    #expect(arrivals.refused == 0 && !arrivals.limit.isInForce)
  }

  @Test func aBurstIsNoOverload() {
    var arrivals = Arrivals()
    for _ in 0..<10 {
      // 400 at once, the last of which waits for 200 ms; then nothing.
      for place in 0..<400 {
        arrivals.come(1, every: Self.millisecond / 2, waited: UInt64(place) * Self.millisecond / 2, inFlight: place)
      }
      arrivals.now += 500 * Self.millisecond
    }
    #expect(arrivals.refused == 0)
  }

  @Test func oneWhoWaitedLongIsNoOverload() {
    var arrivals = Arrivals()
    for _ in 0..<20 {
      arrivals.come(1, every: 20 * Self.millisecond, waited: 300 * Self.millisecond)
      arrivals.come(19, every: 5 * Self.millisecond, waited: 0)
    }
    #expect(!arrivals.limit.isInForce)
  }

  @Test func aQueueThatStandsBringsTheLimitDownByTheGradient() {
    var arrivals = Arrivals()
    arrivals.come(490, every: Self.millisecond, waited: 100 * Self.millisecond, inFlight: 1000)
    #expect(!arrivals.limit.isInForce)
    arrivals.come(11, every: Self.millisecond, waited: 100 * Self.millisecond, inFlight: 1000)
    #expect(arrivals.limit.isInForce)
    // 1,000 being served and 100 unread, of which half the wait is the target.
    #expect((540...560).contains(arrivals.limit.limit), "\(arrivals.limit.limit)")
    arrivals.come(10, every: Self.millisecond, waited: 100 * Self.millisecond, inFlight: 1000)
    #expect(arrivals.refused >= 10)
  }

  @Test func asManyAsABlockingServiceHoldsAreServedHoweverLongTheyWait() {
    var arrivals = Arrivals()
    for _ in 0..<50 {
      arrivals.come(20, every: 10 * Self.millisecond, waited: 300 * Self.millisecond, inFlight: 9)
    }
    #expect(arrivals.limit.limit == 40 && arrivals.refused == 0)
  }

  @Test func waitsThatBeganBeforeTheLimitFellDoNotBringItDownAgain() {
    var arrivals = Arrivals()
    func workedFor(_ arrivals: inout Arrivals) {
      arrivals.limit.note(.threads, 1000 * Self.millisecond, since: arrivals.now - 1000 * Self.millisecond)
      arrivals.come(1, every: 10 * Self.millisecond, waited: 0, inFlight: 2000)
    }
    arrivals.now = 2000 * Self.millisecond
    for _ in 0..<12 { workedFor(&arrivals) }
    let fallen = arrivals.limit.limit
    #expect(fallen == 100)
    // For a second, those that waited before are still being worked for; the limit neither falls nor rises.
    for _ in 0..<75 { workedFor(&arrivals) }
    #expect(arrivals.limit.limit == fallen)
    for _ in 0..<40 { workedFor(&arrivals) }
    #expect(arrivals.limit.limit < fallen)
  }

  @Test func whenNobodyWaitsAnyMoreTheLimitRisesAndIsGone() {
    var arrivals = Arrivals()
    arrivals.come(501, every: Self.millisecond, waited: 1000 * Self.millisecond, inFlight: 500)
    #expect(arrivals.limit.isInForce)
    arrivals.come(3000, every: Self.millisecond, waited: 4 * Self.millisecond, inFlight: 5)
    #expect(!arrivals.limit.isInForce)
  }

  /// A loop that serves a request in 1 ms and refuses one in 20 µs, asked for ten times as many as it can serve.
  @Test func atTenTimesItsCapacityALoopServesNearlyWhatItCan() {
    var (limit, now, next): (AdaptiveLimit, UInt64, UInt64) = (AdaptiveLimit(most: 5000, at: 0), 0, 0)
    var (served, waits): (Int, [UInt64]) = (0, [])
    while now < 10_000 * Self.millisecond {
      now = max(now, next)
      let waited = now - next
      next += 100_000
      if limit.arrive(waited: waited, inFlight: 0, least: 34, at: now) {
        served += 1
        if now > 1000 * Self.millisecond { waits.append(waited) }
        now += Self.millisecond
      } else {
        now += 20_000
      }
    }
    // 9,000 a second are refused, which takes 180 ms of each second.
    #expect(served > 7_800, "\(served)")
    #expect((waits.max() ?? 0) < 500 * Self.millisecond, "\(waits.max() ?? 0)")
  }

  /// Eight threads for 112 ms each, asked for ten times as many as they can serve.
  @Test func atTenTimesTheirCapacityThreadsStayBusyAndTheirQueueShort() {
    var limit = AdaptiveLimit(most: 5000, at: 0)
    var queue: [UInt64] = []
    var free = Array(repeating: UInt64(0), count: 8)
    var (served, refused, longest): (Int, Int, UInt64) = (0, 0, 0)
    for number in 0..<7_140 {
      let now = UInt64(number) * 1_400_000
      while let first = queue.first, let thread = free.indices.min(by: { free[$0] < free[$1] }), free[thread] <= now {
        queue.removeFirst()
        let start = max(free[thread], first)
        limit.note(.threads, start - first, since: first)
        // Those that came before the limit are gone by then.
        if now > 4_000 * Self.millisecond { longest = max(longest, start - first) }
        free[thread] = start + 112 * Self.millisecond
        served += 1
      }
      let inFlight = queue.count + free.filter { $0 > now }.count
      if limit.arrive(waited: 0, inFlight: inFlight, least: 72, at: now) { queue.append(now) } else { refused += 1 }
    }
    #expect(served > 680, "\(served)")
    #expect(refused > 6_000)
    #expect(longest < 1_800 * Self.millisecond, "\(longest)")
  }
}
