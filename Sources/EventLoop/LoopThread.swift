import CPlatform
import Glibc

/// A thread that turns an event loop of its own.
package final class LoopThread: @unchecked Sendable {  // `thread` is written before anybody else has the object
  package let loop = EventLoop()
  package let name: String
  private var thread = pthread_t()

  /// - Parameter name: of the thread, as debuggers and `top -H` show it; at most 15 bytes.
  package init(_ name: String = "loop") {
    self.name = name
    let result = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(loop).toOpaque())
    precondition(result == 0, "an event loop's thread cannot be started: \(String(cString: strerror(result)))")
    loop.execute { chain_set_thread_name(name) }
  }

  /// Waits for the loop's last turn. To be called once, from another thread.
  package func stop() {
    loop.stop()
    pthread_join(thread, nil)
  }

  /// Runs the body on the loop, and waits for it. From another thread.
  package func sync<Value>(_ body: @escaping () -> Value) -> Value {
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
