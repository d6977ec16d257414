import ChainModel
import Glibc

/// Time on a processor, of this thread alone: whoever has to share one takes longer by the clock, and does no less.
enum ProcessorTime {
  /// Nanoseconds since the thread began.
  static var ofThread: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Keeps a processor busy until the thread has had this much of it.
  static func burn(until end: UInt64) {
    while ofThread < end {}
  }

  static func burn(_ duration: Duration) { burn(until: ofThread &+ duration.nanoseconds) }
}
