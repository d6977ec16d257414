import ChainModel
import Glibc

/// Waits for what cannot be waited for: processes that are no children of ours, files that others write.
package enum Patience {
  /// Looks every 10 ms.
  /// - Returns: whether it came true in time.
  package static func wait(_ duration: Duration, until condition: () -> Bool) -> Bool {
    let deadline = Deadline(after: duration, from: Monotonic.now())
    while !condition() {
      guard !deadline.hasPassed(at: Monotonic.now()) else { return false }
      usleep(10_000)
    }
    return true
  }
}
