import ChainModel
import Testing

@Suite struct CircuitBreakerTests {
  /// A breaker with a clock of the test's own, and what it says.
  private final class Bench {
    var breaker: CircuitBreaker
    var now: UInt64 = 0
    var changes: [CircuitBreaker.Change] = []

    init(share: Double = 0.5, calls: Int = 4, openFor: Duration = .seconds(5)) {
      breaker = CircuitBreaker(share: share, calls: calls, openFor: openFor)
    }

    /// Nil when the call is refused.
    func ask() -> Int? {
      guard case .pass(let generation, let change) = breaker.ask(now: now) else { return nil }
      if let change { changes.append(change) }
      return generation
    }

    func report(_ hasFailed: Bool?, _ generation: Int) {
      if let change = breaker.report(hasFailed: hasFailed, generation: generation, now: now) { changes.append(change) }
    }

    /// Calls one after another, for as long as they are let pass.
    func call(_ outcomes: Bool?...) {
      for hasFailed in outcomes { if let generation = ask() { report(hasFailed, generation) } }
    }
  }

  @Test func itOpensWhenTheShareOfTheLastCallsHasFailed() {
    let bench = Bench()
    bench.call(true, true, true)
    #expect(bench.breaker.state == .closed, "three calls are not four")
    bench.call(false)
    #expect(bench.changes == [.init(state: .open, failed: 3, rejected: 0)])
    let other = Bench()
    other.call(true, false, false, false, true)
    #expect(other.breaker.state == .closed, "one of the last four")
    other.call(true)
    #expect(other.changes == [.init(state: .open, failed: 2, rejected: 0)])
  }

  @Test func whatSaysNothingIsNotCounted() {
    let bench = Bench(share: 1, calls: 2)
    bench.call(true, nil, nil, nil)
    #expect(bench.breaker.state == .closed)
    bench.call(true)
    #expect(bench.breaker.state == .open)
  }

  @Test func openItRefusesUntilItsTimeIsOver() {
    let bench = Bench()
    bench.now = 1_000_000_000
    bench.call(true, true, true, true)
    bench.now += 4_999_999_999
    for _ in 0..<7 { #expect(bench.ask() == nil) }
    bench.now += 1
    #expect(bench.ask() != nil)
    #expect(bench.changes.last == .init(state: .halfOpen, failed: 4, rejected: 7))
  }

  @Test func halfOpenItLetsOneCallAtATimeTry() throws {
    let bench = Bench()
    bench.call(true, true, true, true)
    bench.now = 5_000_000_000
    let trial = try #require(bench.ask())
    #expect(bench.ask() == nil)
    // A trial that was given up says nothing: the next one tries.
    bench.report(nil, trial)
    #expect(bench.breaker.state == .halfOpen)
    let next = try #require(bench.ask())
    #expect(bench.ask() == nil)
    bench.report(false, next)
    #expect(bench.changes.map(\.state) == [.open, .halfOpen, .closed])
    #expect(bench.changes.last?.rejected == 2)
    // It has forgotten the failures from before.
    bench.call(true, false, false)
    #expect(bench.breaker.state == .closed)
  }

  @Test func aTrialThatFailsOpensItForAnotherTime() throws {
    let bench = Bench()
    bench.call(true, true, true, true)
    bench.now = 5_000_000_000
    bench.call(true)
    #expect(bench.changes.map(\.state) == [.open, .halfOpen, .open])
    bench.now = 9_999_999_999
    #expect(bench.ask() == nil)
    bench.now += 1
    #expect(bench.ask() != nil)
  }

  @Test func callsThatBeganBeforeAChangeAreNotCountedAfterIt() throws {
    let bench = Bench()
    let old = try (0..<3).map { _ in try #require(bench.ask()) }
    bench.call(true, true, true, true)
    bench.now = 5_000_000_000
    let trial = try #require(bench.ask())
    bench.report(false, old[0])
    bench.report(true, old[1])
    #expect(bench.breaker.state == .halfOpen, "only the trial counts")
    #expect(bench.ask() == nil)
    bench.report(false, trial)
    bench.report(true, old[2])
    #expect(bench.breaker.state == .closed)
  }
}
