import ChainModel

/// How long a service that died stays down: the longer, the more often it has died without a good life in between.
package struct RestartPolicy: Hashable, Sendable {
  package static let first = Duration.milliseconds(100)
  package static let longest = Duration.seconds(1)
  /// Who served this long has earned a quick restart again.
  package static let goodLife = Duration.seconds(10)

  private var next = RestartPolicy.first

  package init() {}

  /// - Parameters:
  ///   - readySince: when it had become ready, in `Monotonic` nanoseconds; nil if it never had.
  ///   - now: when it died.
  /// - Returns: the delay before it is started again.
  package mutating func died(readySince: UInt64?, at now: UInt64) -> Duration {
    if let readySince, now &- readySince >= Self.goodLife.nanoseconds { next = Self.first }
    defer { next = min(next * 2, Self.longest) }
    return next
  }
}
