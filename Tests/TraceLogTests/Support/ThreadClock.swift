import Glibc

/// Processor time of the calling thread, in nanoseconds: what other threads take meanwhile is not counted.
enum ThreadClock {
  static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
