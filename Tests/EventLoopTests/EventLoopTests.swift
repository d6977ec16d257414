import ChainModel
import EventLoop
import Glibc
import Synchronization
import Testing

/// What everybody relies on who has a callback on a loop.
@Suite struct EventLoopTests {
  /// Work that brings about more, in each way it can.
  private final class Rounds: @unchecked Sendable {  // touched on its loop only
    let loop = EventLoop()
    var count = 0

    func next() {
      count += 1
      switch count {
      case 1...500: loop.execute { self.next() }
      case 501...1000: loop.schedule(at: 0) { self.next() }
      case 1001...1500: Task(executorPreference: loop) { self.next() }
      case 1501...2000: loop.schedule(at: Monotonic.now() + 10_000) { self.loop.execute { self.next() } }
      default: loop.stop()
      }
    }
  }

  /// The loop must not go to sleep over work that is there: nothing else would wake it.
  @Test(.timeLimit(.minutes(1))) func theLoopNeverSleepsWithWork() {
    let rounds = Rounds()
    let loop = rounds.loop
    var isLateDone = false
    // What is queued at the very end of a turn is no exception.
    loop.atEndOfTurn = {
      loop.atEndOfTurn = nil
      loop.execute { isLateDone = true }
    }
    loop.execute { rounds.next() }
    loop.run()
    #expect(rounds.count == 2001)
    #expect(isLateDone)
  }

  /// Whoever brings work just as the loop goes to sleep wakes it.
  @Test(.timeLimit(.minutes(1))) func noJobFromAnotherThreadIsForgotten() {
    let (left, right) = (LoopThread(), LoopThread())
    defer {
      left.stop()
      right.stop()
    }
    let done = Atomic(0)
    let condition = Condition()
    let count = 20_000
    @Sendable func bounce(_ number: Int) {
      guard number < count else {
        condition.withLock {
          done.add(1, ordering: .relaxed)
          condition.broadcast()
        }
        return
      }
      (number % 2 == 0 ? left : right).loop.execute { bounce(number + 1) }
    }
    // Several at once, so that some come while the loop is awake and some while it falls asleep.
    for _ in 0..<3 { bounce(0) }
    condition.withLock { while done.load(ordering: .relaxed) < 3 { condition.wait() } }
    #expect(done.load(ordering: .relaxed) == 3)
  }

  @Test(.timeLimit(.minutes(1))) func jobsOfOneThreadKeepTheirOrder() {
    let thread = LoopThread()
    defer { thread.stop() }
    var seen: [Int] = []
    for number in 0..<10_000 { thread.loop.execute { seen.append(number) } }
    #expect(thread.sync { seen } == Array(0..<10_000))
  }

  /// Where an async function was after each thing that might have taken it elsewhere.
  private final class Places: @unchecked Sendable {  // touched on its loop only, until it stops
    let loop = EventLoop()
    var seen: [Bool] = []

    func walk() async {
      seen.append(loop.isCurrent)
      await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
        loop.schedule(after: .milliseconds(1)) { continuation.resume() }
      }
      seen.append(loop.isCurrent)
      await Task.yield()
      seen.append(loop.isCurrent)
      loop.stop()
    }
  }

  /// An async function stays on the loop, whatever resumes it.
  @Test(.timeLimit(.minutes(1))) func anAsyncFunctionStaysOnItsLoop() {
    let places = Places()
    places.loop.execute { Task(executorPreference: places.loop) { await places.walk() } }
    places.loop.run()
    #expect(places.seen == [true, true, true])
  }

  /// Timers that are called off do not heap up.
  @Test(.timeLimit(.minutes(1))) func whatIsCalledOffIsForgotten() {
    let loop = EventLoop()
    final class Witness {}
    weak var held: Witness?
    var ran = 0
    do {
      let witness = Witness()
      held = witness
      let timer = loop.schedule(after: .seconds(3600)) { withExtendedLifetime(witness) { ran += 1 } }
      timer.cancel()
    }
    #expect(held == nil)
    for _ in 0..<100_000 { loop.schedule(after: .seconds(3600)) { ran += 1 }.cancel() }
    loop.schedule(after: .milliseconds(1)) { loop.stop() }
    loop.run()
    #expect(ran == 0)
  }
}
