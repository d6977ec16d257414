import EventLoop
import Glibc

/// A loop that turns on a thread of its own, for as long as a test takes.
final class LoopThread: @unchecked Sendable {  // `thread` is written before the loop turns
  let loop = EventLoop()
  private var thread = pthread_t()

  init() {
    let result = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(loop).toOpaque())
    precondition(result == 0, "pthread_create: \(result)")
  }

  func stop() {
    loop.stop()
    pthread_join(thread, nil)
  }

  /// On the loop, and waits for it.
  func sync<Value>(_ body: @escaping () -> Value) -> Value {
    let condition = Condition()
    var value: Value?
    loop.execute {
      let result = body()
      condition.withLock {
        value = result
        condition.signal()
      }
    }
    return condition.withLock {
      while true {
        if let value { return value }
        condition.wait()
      }
    }
  }
}
