package import Glibc

/// A value behind a lock that puts whoever has to wait to sleep at once: `Mutex` spins first, which is the wrong thing to
/// do where a hundred threads share two processors. Both are one block of memory: there is one for each connection.
package struct Locked<Value>: @unchecked Sendable {  // its value is touched within `withLock` only
  private final class Block: ManagedBuffer<Value, pthread_mutex_t> {
    deinit { _ = withUnsafeMutablePointerToElements { pthread_mutex_destroy($0) } }
  }

  @usableFromInline let block: ManagedBuffer<Value, pthread_mutex_t>

  package init(_ value: Value) {
    block = Block.create(minimumCapacity: 1) { block in
      _ = block.withUnsafeMutablePointerToElements { pthread_mutex_init($0, nil) }
      return value
    }
  }

  @inlinable package func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    try block.withUnsafeMutablePointers { value, mutex in
      pthread_mutex_lock(mutex)
      defer { pthread_mutex_unlock(mutex) }
      return try body(&value.pointee)
    }
  }
}
