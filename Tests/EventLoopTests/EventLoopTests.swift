import ChainModel
import EventLoop
import Glibc
import Synchronization
import Testing

/// What everybody relies on who has a callback on a loop.
@Suite struct EventLoopTests {
  /// Work that work brings about, in each way it can: the loop must not go to sleep over it.
  @Test(.timeLimit(.minutes(1))) func theLoopNeverSleepsWithWork() {
    let loop = EventLoop()
    var rounds = 0
    var isLateDone = false
    func next() {
      rounds += 1
      switch rounds {
      case 1...500: loop.execute { next() }
      case 501...1000: loop.schedule(at: 0) { next() }
      case 1001...1500: Task(executorPreference: loop) { next() }
      case 1501...2000: loop.schedule(at: Monotonic.now() + 10_000) { loop.execute { next() } }
      default: loop.stop()
      }
    }
    // What is queued at the very end of a turn is no exception.
    loop.atEndOfTurn = {
      loop.atEndOfTurn = nil
      loop.execute { isLateDone = true }
    }
    loop.execute { next() }
    let began = Monotonic.now()
    loop.run()
    #expect(rounds == 2001)
    #expect(isLateDone)
    // With nothing else to wake it, one sleep too many would have been for ever; one that ends by chance is long.
    #expect(Monotonic.now() - began < 20_000_000_000)
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

  /// An async function stays on the loop, whatever resumes it.
  @Test(.timeLimit(.minutes(1))) func anAsyncFunctionStaysOnItsLoop() {
    let thread = LoopThread()
    defer { thread.stop() }
    let loop = thread.loop
    let condition = Condition()
    var places: [Bool] = []
    var isDone = false
    Task(executorPreference: loop) {
      places.append(loop.isCurrent)
      await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
        loop.schedule(after: .milliseconds(1)) { continuation.resume() }
      }
      places.append(loop.isCurrent)
      await Task.yield()
      places.append(loop.isCurrent)
      condition.withLock {
        isDone = true
        condition.signal()
      }
    }
    condition.withLock { while !isDone { condition.wait() } }
    #expect(places == [true, true, true])
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
