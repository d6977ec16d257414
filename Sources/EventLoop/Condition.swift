import ChainModel
import Glibc

/// A mutex with a condition variable on the monotonic clock: `Synchronization` has no way to wait.
package final class Condition: @unchecked Sendable {  // two constant pointers, whose targets are thread-safe
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  package init() {
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  package func withLock<Value>(_ body: () throws -> Value) rethrows -> Value {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  /// Within `withLock`: gives the lock up until signalled.
  package func wait() {
    pthread_cond_wait(condition, mutex)
  }

  /// Within `withLock`: the same, at most until a moment of `Monotonic`; false when it has come.
  package func wait(until nanoseconds: UInt64) -> Bool {
    guard nanoseconds < UInt64(Int64.max) else {
      wait()
      return true
    }
    var moment = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    return pthread_cond_timedwait(condition, mutex, &moment) != ETIMEDOUT
  }

  /// A place where one thread waits by itself, so that whoever has work chooses whom to wake. Used within `withLock`.
  package final class Place: @unchecked Sendable {  // a constant pointer, whose target is thread-safe
    fileprivate let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() { pthread_cond_init(condition, nil) }

    deinit {
      pthread_cond_destroy(condition)
      condition.deallocate()
    }

    /// Also without the lock.
    package func wake() { pthread_cond_signal(condition) }
  }

  /// Within `withLock`: gives the lock up until the place is woken.
  package func wait(at place: Place) { pthread_cond_wait(place.condition, mutex) }

  package func signal() {
    pthread_cond_signal(condition)
  }

  package func broadcast() {
    pthread_cond_broadcast(condition)
  }
}
