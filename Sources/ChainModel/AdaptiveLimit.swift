/// Decides, at one event loop, which requests a service takes in and which it refuses because it has more to do than it
/// can: a limit on the requests in flight that follows from how long they wait for the service *itself*.
///
/// It goes by the time that requests wait for what the service owns, its loop and the threads that work for the loop, not
/// by response times: those grow with every slow callee, whom to wait for costs nothing here. Queueing time as the sign of
/// overload is DAGOR's (Zhou et al., "Overload Control for Scaling WeChat Microservices", SoCC 2018, section 4.1).
///
/// - **When there is overload**: when even the shortest wait of an interval was longer than the target, and of some
///   intervals in a row. A burst has someone who waits briefly; only a queue that stands has none. (CoDel: Nichols and
///   Jacobson, RFC 8289, section 3.)
/// - **How far the limit falls**: to in flight × target / shortest wait, for with a throughput that is given, what waits is
///   as long as the wait (Little 1961). That is the gradient of Netflix's concurrency-limits, limit × RTT without load /
///   RTT, with the wait measured in place of estimated from the smallest RTT. Only waits that began after the limit
///   last fell count, so that nothing is punished twice.
/// - **How it rises**: by 5 % an interval, then by 10, 20 and 40 %, until it falls again or is out of force.
/// - **How low it goes**: never below what a blocking service of the same settings holds, its threads and its queue, so
///   that the IO models stay comparable and the last few requests are served however long each takes.
///
/// Requests that the loop has not read yet are in flight too: as many as arrive in the time that one waits (Little again).
///
/// All times in nanoseconds.
package struct AdaptiveLimit: Sendable {
  /// What requests wait for.
  package enum Resource: Int, CaseIterable, Sendable {
    /// From their arrival at the host until the loop reads them.
    case loop
    /// Until a hired or store thread begins to work for them.
    case threads

    /// In how many intervals a queue must stand before the limit comes into force. A loop reads what hundreds of new
    /// clients send at once in less; threads have no such bursts to bear, since each request has one thread at a time.
    fileprivate var patience: Int { self == .loop ? 5 : 2 }
  }

  /// Long beside the pauses that a busy host makes in any thread's work, short beside what a client waits for.
  package static let target: UInt64 = 50_000_000
  package static let interval: UInt64 = 100_000_000
  private static let firstGrowth = 0.05
  private static let lastGrowth = 0.4
  /// To ask the kernel how long a request has waited costs a system call. As long as the limit is not in force, one in so
  /// many is asked about, and the first of each interval.
  private static let share = 8

  /// Out of force when the limit would be so high.
  private let most: Int
  /// How many may be in flight here now.
  package private(set) var limit: Int
  private var intervalBegan: UInt64
  private var arrivals = 0
  /// In the last interval, per nanosecond.
  private var arrivalRate = 0.0
  /// The shortest waits of this interval, by resource; `.max`: nobody waited, or began to before the limit fell.
  private var shortest: [UInt64]
  /// Waits that began before this say nothing about the limit.
  private var fellAt: UInt64 = 0
  private var culprit = Resource.loop
  private var growth = Self.firstGrowth
  /// Intervals in a row in which a queue stood.
  private var standingFor = 0
  /// Whether somebody's wait of this interval, for what brought the limit down, says nothing about it.
  private var hasStaleWait = false
  /// Whether a request was refused in this interval.
  private var isTight = false

  /// - Parameters:
  ///   - most: the limit when there is no overload.
  ///   - now: the time.
  package init(most: Int, at now: UInt64) {
    self.most = most
    limit = most
    intervalBegan = now
    shortest = Self.nothing
  }

  package var isInForce: Bool { limit < most }

  /// Whether `arrive` wants to be told how long the next request has waited for its loop.
  package var asksForWait: Bool { isInForce || arrivals % Self.share == 0 }

  /// A request was read.
  /// - Parameters:
  ///   - waited: how long ago it arrived; nil: not known.
  ///   - inFlight: how many are, without it, at this loop.
  ///   - least: the limit never falls below this, at this loop.
  ///   - now: the time.
  /// - Returns: whether to serve it.
  package mutating func arrive(waited: UInt64?, inFlight: Int, least: Int, at now: UInt64) -> Bool {
    arrivals += 1
    if let waited { note(.loop, waited, since: now &- waited) }
    let unread = waited ?? 0
    if now &- intervalBegan >= Self.interval { endInterval(inFlight: inFlight, unread: unread, least: least, at: now) }
    guard isInForce, inFlight + count(unread: unread) >= limit else { return true }
    isTight = true
    return false
  }

  /// A request has waited for something that the service owns.
  /// - Parameters:
  ///   - resource: what.
  ///   - wait: how long.
  ///   - since: when that began.
  package mutating func note(_ resource: Resource, _ wait: UInt64, since: UInt64) {
    guard since >= fellAt else {
      if resource == culprit { hasStaleWait = true }
      return
    }
    shortest[resource.rawValue] = min(shortest[resource.rawValue], wait)
  }

  private static let nothing = Resource.allCases.map { _ in UInt64.max }

  /// Requests that have arrived and are not read yet, when one that was read waited so long.
  private func count(unread wait: UInt64) -> Int { Int(Double(wait) * arrivalRate) }

  private mutating func endInterval(inFlight: Int, unread: UInt64, least: Int, at now: UInt64) {
    arrivalRate = Double(arrivals) / Double(now &- intervalBegan)
    let standing = Resource.allCases.filter { shortest[$0.rawValue] < .max }
      .max { shortest[$0.rawValue] < shortest[$1.rawValue] }
    if let standing, shortest[standing.rawValue] > Self.target {
      standingFor += 1
      if isInForce || standingFor >= standing.patience {
        fall(to: inFlight + count(unread: unread), by: standing, least: least, at: now)
      }
    } else {
      standingFor = 0
      // While what was queued before the limit fell is worked off, nothing is known of what was admitted since.
      if isInForce, shortest[culprit.rawValue] < .max || !isTight && !hasStaleWait { rise() }
    }
    intervalBegan = now
    arrivals = 0
    shortest = Self.nothing
    (isTight, hasStaleWait) = (false, false)
  }

  private mutating func fall(to present: Int, by resource: Resource, least: Int, at now: UInt64) {
    let gradient = Double(Self.target) / Double(shortest[resource.rawValue])
    limit = min(most, max(least, Int(Double(min(limit, present)) * gradient)))
    fellAt = now
    culprit = resource
    growth = Self.firstGrowth
  }

  private mutating func rise() {
    limit = min(most, max(limit + 1, Int(Double(limit) * (1 + growth))))
    growth = min(2 * growth, Self.lastGrowth)
  }
}
