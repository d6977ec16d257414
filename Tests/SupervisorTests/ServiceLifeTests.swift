import ChainModel
import Supervisor
import Testing

@Suite struct ServiceLifeTests {
  @Test func aServiceIsStartedThenAskedThenLeftAlone() {
    var life = ServiceLife()
    #expect(life.step(at: 0) == .spawn)
    life.spawned()
    #expect(life.step(at: 1) == .askWhetherReady)
    #expect(life.pause(at: 1) == ServiceLife.askEvery)
    life.becameReady(at: 2)
    #expect(life.isReady)
    #expect(life.step(at: 3) == nil)
    #expect(life.pause(at: 3) == nil)
    #expect(life.restarts == 0)
  }

  @Test func aDeadServiceWaitsForItsNextStart() {
    var life = ServiceLife()
    life.spawned()
    life.becameReady(at: 0)
    let now: UInt64 = 5_000_000_000
    #expect(life.died(at: now) == .milliseconds(100))
    #expect(!life.isReady)
    #expect(life.step(at: now + 99_999_999) == nil)
    #expect(life.pause(at: now + 40_000_000) == .milliseconds(60))
    #expect(life.step(at: now + 100_000_000) == .spawn)
    life.spawned()
    #expect(life.restarts == 1)
    #expect(life.step(at: now + 100_000_001) == .askWhetherReady)
  }

  @Test func aServiceThatCannotBeStartedIsTriedEverMoreSlowly() {
    var life = ServiceLife()
    #expect(life.died(at: 0) == .milliseconds(100))
    #expect(life.died(at: 0) == .milliseconds(200))
    #expect(life.restarts == 0)
  }
}
