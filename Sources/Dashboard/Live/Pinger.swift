import ChainModel

/// How one of the page's own requests ended.
package enum PingOutcome: Hashable, Sendable {
  case answered(status: Int)
  case timedOut
  /// Nobody took the connection, or it ended before its answer.
  case unreachable

  /// A `RequestOutcome`, or `unreachable`.
  var name: String {
    switch self {
    case .answered(let status): RequestOutcome(status: status, errorType: "").rawValue
    case .timedOut: RequestOutcome.timedOut.rawValue
    case .unreachable: "unreachable"
    }
  }
}

/// When the gateway's `/ping` is asked, once a second while somebody looks, how long it took and how it ended: a request
/// that needs nothing from any other service, and that waits all the same when the gateway's threads are busy.
struct Pinger {
  private static let pause: UInt64 = 1_000_000_000
  /// So long is no waiting yet.
  private static let quick: UInt64 = 300_000_000

  /// Keys: `took_ns`, `outcome` (see `PingOutcome.name`), `status` (absent without an answer).
  struct Last: Encodable, Hashable, Sendable {
    var took: UInt64
    var outcome: String
    var status: Int?

    private enum CodingKeys: String, CodingKey {
      case outcome, status
      case took = "took_ns"
    }
  }

  private(set) var last: Last?
  private var askedAt: UInt64?
  private var nextAt: UInt64 = 0

  /// - Returns: whether one is due and none is under way; it counts as asked then.
  mutating func begin(at now: UInt64) -> Bool {
    guard askedAt == nil, now >= nextAt else { return false }
    (askedAt, nextAt) = (now, now &+ Self.pause)
    return true
  }

  mutating func end(_ outcome: PingOutcome, at now: UInt64) {
    defer { askedAt = nil }
    guard let askedAt else { return }
    last = Last(took: now &- askedAt, outcome: outcome.name)
    if case .answered(let status) = outcome { last?.status = status }
  }

  /// For how long the one that is under way has waited.
  func waiting(at now: UInt64) -> UInt64? {
    askedAt.map { now &- $0 }.flatMap { $0 > Self.quick ? $0 : nil }
  }
}
