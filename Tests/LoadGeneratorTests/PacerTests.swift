import LoadGenerator
import Testing

@Suite struct PacerTests {
  @Test func eachRequestIsSentWhenItIsDue() {
    var world = World(rate: 1000, responseTime: 300_000)
    world.run(until: 1_000_000_000)
    #expect(world.sent == 1000)
    #expect(world.latest == 0)
    #expect(world.opened == 1)
    #expect(world.pacer.late == 0 && world.pacer.held == 0)
  }

  /// A thousand at once, and not one too late.
  @Test func aServerThatTakesASecondGetsTheConnectionsThatThisTakes() {
    var world = World(rate: 1000, responseTime: 1_000_000_000)
    world.run(until: 3_000_000_000)
    #expect(world.sent == 3000)
    #expect(world.latest == 0)
    #expect(world.opened == 1000)
  }

  /// As before, when it has been fast for so long that the mean says nothing else.
  @Test func aServerThatBecomesSlowHoldsNobodyUp() {
    var world = World(rate: 1000, responseTime: 300_000)
    world.run(until: 2_000_000_000)
    world.responseTime = 200_000_000
    world.run(until: 3_000_000_000)
    #expect(world.sent == 3000)
    #expect(world.latest == 0)
    #expect((200...201).contains(world.opened))
  }

  @Test(arguments: [300_000, 20_000_000] as [UInt64])
  func aPauseOfItsOwnOpensFewConnectionsAndIsMadeUpFor(responseTime: UInt64) {
    var world = World(rate: 2000, responseTime: responseTime)
    world.run(until: 1_000_000_000)
    let before = world.opened
    world.now += 1_000_000_000
    world.run(until: 2_200_000_000)
    #expect(world.latest > 900_000_000)
    #expect(world.pacer.late > 990_000_000)
    world.latest = 0
    world.run(until: 4_800_000_000)
    // Not the 2,000 that were due at once.
    #expect(world.opened <= before + 50)
    world.latest = 0
    world.run(until: 5_000_000_000)
    #expect(world.latest < 1_000_000)
    #expect(world.sent == 10_000)
  }

  @Test func whatIsDueWhenTooManyAreUnansweredIsNotSent() {
    var world = World(rate: 100, responseTime: 10_000_000_000, limit: 7)
    world.run(until: 1_000_000_000)
    #expect(world.sent == 7)
    #expect(world.refused == 93)
  }

  @Test func whatIsStillUnsentASecondAfterTheEndIsDropped() {
    var world = World(rate: 100, responseTime: 1_000_000)
    world.now = 1_000_000_000
    world.run(until: 1_001_000_000)
    world.now = 6_000_000_001
    world.run(until: 7_000_000_000)
    #expect(world.sent > 0 && world.dropped == 500 - world.sent)
    #expect(world.pacer.isOver)
  }
}

/// A generator and a server without a clock: the server answers each request after the same time.
private struct World {
  var pacer: Pacer
  var responseTime: UInt64
  var now: UInt64 = 0
  var sent = 0
  var refused = 0
  var dropped = 0
  var opened = 0
  /// How late requests were sent, at most.
  var latest: UInt64 = 0
  private var idle = 0
  private var inFlight: [(begunAt: UInt64, endsAt: UInt64)] = []

  init(rate: Double, responseTime: UInt64, limit: Int = 10_000) {
    let arrivals = ArrivalSchedule(rate: rate, spacing: .fixed, length: .seconds(5), seed: 1)
    pacer = Pacer(AnyIterator(arrivals.makeIterator()), rate: rate, limit: limit, start: 0, end: 5_000_000_000)
    self.responseTime = responseTime
  }

  mutating func run(until end: UInt64) {
    while now < end {
      for request in inFlight where request.endsAt <= now {
        pacer.ended(begunAt: request.begunAt, at: now)
        idle += 1
      }
      inFlight.removeAll { $0.endsAt <= now }
      pacer.look(at: now)
      let wait = act()
      now = min(end, inFlight.map(\.endsAt).min() ?? .max, wait)
    }
  }

  /// - Returns: until when there is nothing to do.
  private mutating func act() -> UInt64 {
    while true {
      let connections = Pacer.Connections(
        inFlight: inFlight.count, open: inFlight.count + idle, isOneIdle: idle > 0, oldest: inFlight.first?.begunAt)
      switch pacer.next(at: now, connections) {
      case .send(let arrival):
        sent += 1
        latest = max(latest, now - pacer.dueAt(arrival))
        if idle > 0 { idle -= 1 } else { opened += 1 }
        inFlight.append((pacer.ownTime(at: now), now + responseTime))
      case .refuse: refused += 1
      case .drop: dropped += 1
      case .wait(let moment): return moment
      case .finish: return .max
      }
    }
  }
}
