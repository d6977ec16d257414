#if canImport(Glibc)
  import Glibc
#endif

/// `CLOCK_MONOTONIC`: the one clock of all processes of a host, in nanoseconds.
package enum Monotonic {
  package static func now() -> UInt64 { read(CLOCK_MONOTONIC) }

  /// Nanoseconds to add to a monotonic time to get Unix time.
  package static func wallOffset() -> UInt64 {
    let before = now()
    let wall = read(CLOCK_REALTIME)
    let after = now()
    return wall &- (before &+ (after &- before) / 2)
  }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}

/// The instant after which nobody wants the answer any more, in `Monotonic` nanoseconds. It travels with the request as
/// the milliseconds that remain (`header`), so that it means the same on every host.
package struct Deadline: Hashable, Comparable, Sendable {
  package static let header = "chainlab-timeout-ms"
  package static let never = Deadline(nanoseconds: .max)

  package var nanoseconds: UInt64

  package init(nanoseconds: UInt64) {
    self.nanoseconds = nanoseconds
  }

  package init(after duration: Duration, from now: UInt64) {
    let (sum, overflow) = now.addingReportingOverflow(duration.nanoseconds)
    nanoseconds = overflow ? .max : sum
  }

  /// The header's value: decimal milliseconds. Anything else counts as no deadline sent.
  package init?(header value: String, receivedAt now: UInt64) {
    guard (1...12).contains(value.utf8.count) else { return nil }
    var milliseconds: UInt64 = 0
    for byte in value.utf8 {
      guard (48...57).contains(byte) else { return nil }
      milliseconds = milliseconds * 10 + UInt64(byte - 48)
    }
    self.init(after: .milliseconds(Int64(milliseconds)), from: now)
  }

  /// What is left at `now`; zero once it has passed.
  package func remaining(at now: UInt64) -> Duration {
    guard nanoseconds > now else { return .zero }
    return .nanoseconds(Int64(clamping: nanoseconds - now))
  }

  package func hasPassed(at now: UInt64) -> Bool { now >= nanoseconds }

  package static func < (left: Deadline, right: Deadline) -> Bool { left.nanoseconds < right.nanoseconds }
}

extension Duration {
  /// Whole nanoseconds, clamped to `0 ... UInt64.max`.
  package var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (scaled, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = scaled.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
    return overflow || carry ? .max : sum
  }

  package var milliseconds: UInt64 { nanoseconds / 1_000_000 }

  /// For whoever must not be told that it is over before it is.
  package var millisecondsRoundedUp: UInt64 { nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1) }

  package var seconds: Double { Double(nanoseconds) / 1e9 }
}
