/// Decides what an open loop does now: pure, so that it can be tried at any time of day. Times are `Monotonic` nanoseconds.
package struct Pacer {
  package enum Action: Hashable, Sendable {
    case send(Arrival)
    /// As many requests are unanswered as may be.
    case refuse(Arrival)
    /// The measured time has ended long ago.
    case drop(Arrival)
    /// Nothing is to be done before then, unless an answer comes and the loop `isHeld`.
    case wait(until: UInt64)
    case finish
  }

  /// How things are with the connections.
  package struct Connections {
    package var inFlight: Int
    package var open: Int
    package var isOneIdle: Bool
    /// Since when the oldest request is in flight, by the loop's own time.
    package var oldest: UInt64?

    package init(inFlight: Int, open: Int, isOneIdle: Bool, oldest: UInt64?) {
      self.inFlight = inFlight
      self.open = open
      self.isOneIdle = isOneIdle
      self.oldest = oldest
    }
  }

  private let startAt: UInt64
  private let lastSend: UInt64
  private let limit: Int
  private var arrivals: AnyIterator<Arrival>
  private var upcoming: Arrival?
  private var law: LittlesLaw
  private var time: OwnTime
  private var heldSince: UInt64 = 0
  /// A request is due that waits for a connection.
  package private(set) var isHeld = false
  /// For how long requests that were due waited for connections, in nanoseconds, while the loop was on time.
  package private(set) var held: UInt64 = 0

  /// So long after the end of the measured time, requests that should have been sent in it still are.
  static let grace: UInt64 = 1_000_000_000
  /// How often a loop that is held looks whether it may have another connection.
  private static let heldFor: UInt64 = 1_000_000

  /// - Parameters:
  ///   - arrivals: in order of time.
  ///   - rate: of them, per second.
  ///   - limit: requests in flight.
  ///   - start: of the run.
  ///   - end: of its measured time.
  package init(_ arrivals: AnyIterator<Arrival>, rate: Double, limit: Int, start: UInt64, end: UInt64) {
    self.arrivals = arrivals
    self.limit = limit
    startAt = start
    lastSend = end + Self.grace
    law = LittlesLaw(rate: rate)
    time = OwnTime(from: start)
    upcoming = self.arrivals.next()
  }

  package var isOver: Bool { upcoming == nil }

  /// By how much the loop itself was late, in all.
  package var late: UInt64 { time.lost }

  package func dueAt(_ arrival: Arrival) -> UInt64 { startAt + arrival.offset }

  package func ownTime(at now: UInt64) -> UInt64 { time.at(now) }

  /// A request has ended that began at a moment of the loop's own time.
  package mutating func ended(begunAt: UInt64, at now: UInt64) { law.ended(after: time.at(now) &- begunAt) }

  /// The loop begins to look what is due.
  package mutating func look(at now: UInt64) {
    let own = time.at(now)
    if isHeld, own > heldSince { held += own - heldSince }
    isHeld = false
    time.look(now)
  }

  /// Between `look` and the first action that is to wait.
  package mutating func next(at now: UInt64, _ connections: Connections) -> Action {
    guard let arrival = upcoming else { return .finish }
    guard dueAt(arrival) <= now else { return rest(at: now, until: dueAt(arrival)) }
    guard now <= lastSend else { return taken(.drop(arrival)) }
    guard connections.inFlight < limit else { return taken(.refuse(arrival)) }
    let age = connections.oldest.map { time.at(now) &- $0 } ?? 0
    guard connections.isOneIdle || connections.open < law.connections(oldest: age) else {
      defer { isHeld = true }
      return rest(at: now, until: now + Self.heldFor)
    }
    return taken(.send(arrival))
  }

  /// There is more to do now, but the sockets come first.
  package mutating func pause(at now: UInt64) { time.rest(until: now) }

  private mutating func rest(at now: UInt64, until moment: UInt64) -> Action {
    time.rest(until: moment)
    heldSince = time.at(now)
    return .wait(until: moment)
  }

  private mutating func taken(_ action: Action) -> Action {
    upcoming = arrivals.next()
    return action
  }
}
