import EventLoop

/// A value behind a lock that puts whoever has to wait to sleep at once: `Mutex` spins first, which is the wrong thing to
/// do where a hundred threads share two processors.
final class Locked<Value>: @unchecked Sendable {  // its value is touched within `withLock` only
  private let condition = Condition()
  private var value: Value

  init(_ value: Value) {
    self.value = value
  }

  func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    try condition.withLock { try body(&value) }
  }
}
