import ChainModel
import EventLoop
import Synchronization
import Testing

/// A loop on a thread of its own, for as long as a test takes.
@Suite struct TimersTests {
  /// In the order of their moments, those of one moment in the order in which they were made; never before.
  @Test(.timeLimit(.minutes(1))) func timersRunInTheirOrderAndNeverEarly() {
    let loop = EventLoop()
    var seen: [Int] = []
    var early = 0
    let start = Monotonic.now()
    for (number, delay) in [3, 1, 2, 1, 0, 5, 4, 1].enumerated() {
      let due = start + UInt64(delay) * 2_000_000
      loop.schedule(at: due) {
        if Monotonic.now() < due { early += 1 }
        seen.append(number)
        if seen.count == 8 { loop.stop() }
      }
    }
    loop.run()
    #expect(seen == [4, 1, 3, 7, 2, 0, 6, 5])
    #expect(early == 0)
  }
}
