import ChainModel
import Glibc

/// Threads of the kernel's, not of Swift's pool: they may block and they run at the same time.
enum Threads {
  private final class Start {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
      self.body = body
    }
  }

  /// Runs the body on so many threads at once and waits for all of them.
  static func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    for thread in (0..<count).map({ index in start { body(index) } }) { pthread_join(thread, nil) }
  }

  static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { argument in
        argument.map { Unmanaged<Start>.fromOpaque($0).takeRetainedValue().body() }
        return nil
      }, Unmanaged.passRetained(Start(body)).toOpaque())
    precondition(result == 0, "pthread_create: \(result)")
    return thread
  }
}

/// Waits until something can be observed.
/// - Returns: false when it could not be within ten seconds.
func poll(_ condition: () throws -> Bool) rethrows -> Bool {
  let end = Monotonic.now() + 10_000_000_000
  while Monotonic.now() < end {
    if try condition() { return true }
    usleep(200)
  }
  return try condition()
}
