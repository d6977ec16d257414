import ChainModel

/// When the gateway's `/ping` is asked, once a second while somebody looks, and how long it took: a request that needs
/// nothing from any other service, and that waits all the same when the gateway's threads are taken.
struct Pinger {
  private static let pause: UInt64 = 1_000_000_000
  /// So long is no waiting yet.
  private static let quick: UInt64 = 300_000_000

  /// Nanoseconds; nil if no answer came.
  private(set) var last: UInt64?
  private var askedAt: UInt64?
  private var nextAt: UInt64 = 0

  /// - Returns: whether one is due and none is under way; it counts as asked then.
  mutating func begin(at now: UInt64) -> Bool {
    guard askedAt == nil, now >= nextAt else { return false }
    (askedAt, nextAt) = (now, now &+ Self.pause)
    return true
  }

  mutating func end(answered: Bool, at now: UInt64) {
    last = answered ? askedAt.map { now &- $0 } : nil
    askedAt = nil
  }

  /// For how long the one that is under way has waited.
  func waiting(at now: UInt64) -> UInt64? {
    askedAt.map { now &- $0 }.flatMap { $0 > Self.quick ? $0 : nil }
  }
}
