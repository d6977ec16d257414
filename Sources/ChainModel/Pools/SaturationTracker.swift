/// What counts as one saturation: how long a pause may be, and how short it must not be. In nanoseconds.
package struct SaturationRule: Hashable, Sendable {
  /// What every instrument goes by unless it is told otherwise.
  package static let standard = SaturationRule(gap: 50_000_000, shortest: 20_000_000)

  /// Pauses that are shorter are bridged; after a longer one the pool has recovered.
  package var gap: UInt64
  /// What is shorter, pauses included, does not count.
  package var shortest: UInt64

  package init(gap: UInt64, shortest: UInt64) {
    self.gap = gap
    self.shortest = shortest
  }
}

/// Makes stretches of saturation of the moments at which a pool becomes saturated and ceases to be: when each began, which
/// is its onset, and when it was over. Memory is bounded: it holds the stretch that is open.
package struct SaturationTracker: Sendable {
  package struct Stretch: Hashable, Sendable {
    package var start: UInt64
    package var end: UInt64
    /// It went on when there was no more to see.
    package var isOpen = false
  }

  package enum Change: Hashable, Sendable {
    case none
    /// A stretch begins; the one before, if it counts, is over for good.
    case began(before: Stretch?)
    /// The open stretch goes on after a pause.
    case resumed
    /// The open stretch ends here unless it goes on within the gap.
    case paused
    /// What began lasted no time at all: two records of one instant, seen one after the other.
    case dropped
  }

  /// Whether it is saturated at this moment, pauses and short ones included.
  package private(set) var isSaturated = false
  private var start: UInt64?
  private var since: UInt64 = 0
  /// Where the open stretch ends unless it goes on.
  private var end: UInt64 = 0

  package init() {}

  package mutating func see(_ isSaturated: Bool, at now: UInt64, _ rule: SaturationRule = .standard) -> Change {
    guard isSaturated != self.isSaturated else { return .none }
    self.isSaturated = isSaturated
    guard isSaturated else { return pause(at: now) }
    since = now
    if start != nil, now &- end < rule.gap { return .resumed }
    let before = stretch(rule)
    (start, end) = (now, now)
    return .began(before: before)
  }

  private mutating func pause(at now: UInt64) -> Change {
    // For no time at all it has not gone on.
    guard since != now else {
      guard start == now else { return .none }
      start = nil
      return .dropped
    }
    end = now
    return .paused
  }

  private func stretch(_ rule: SaturationRule) -> Stretch? {
    guard let start, end &- start >= rule.shortest, end > start else { return nil }
    return Stretch(start: start, end: end)
  }

  /// Since when it is saturated: pauses within the gap count, what is too short so far does not.
  package func onset(at now: UInt64, _ rule: SaturationRule = .standard) -> UInt64? {
    guard let start, isSaturated || now &- end < rule.gap else { return nil }
    return (isSaturated ? now : end) &- start >= rule.shortest ? start : nil
  }

  /// Nothing more is to come.
  /// - Returns: the last stretch, if it counts.
  package mutating func finish(at now: UInt64, _ rule: SaturationRule = .standard) -> Stretch? {
    let isOpen = isSaturated
    if isOpen { _ = see(false, at: now, rule) }
    defer { self = SaturationTracker() }
    guard var last = stretch(rule) else { return nil }
    last.isOpen = isOpen
    return last
  }

  /// Begins anew with what is at this moment.
  package mutating func restart(at now: UInt64) {
    start = isSaturated ? now : nil
    (since, end) = (now, now)
  }
}

/// All stretches of one pool's saturation, for whoever looks at a whole run.
package struct SaturationHistory: Sendable {
  /// Those that are over and count; of more, the first ones.
  package private(set) var stretches: [SaturationTracker.Stretch] = []
  private var tracker = SaturationTracker()
  private let limit: Int

  package init(limit: Int = .max) { self.limit = limit }

  package mutating func see(_ load: PoolLoad, at now: UInt64) {
    guard load.isSaturated != tracker.isSaturated else { return }
    if case .began(let before?) = tracker.see(load.isSaturated, at: now), stretches.count < limit {
      stretches.append(before)
    }
  }

  /// - Returns: all stretches, were the run over now.
  package func stretches(until now: UInt64) -> [SaturationTracker.Stretch] {
    var tracker = tracker
    return stretches + (stretches.count < limit ? [tracker.finish(at: now)].compactMap(\.self) : [])
  }
}

extension [SaturationTracker.Stretch] {
  /// When the first one that lasts long enough after a moment began; that moment itself where one goes on.
  package func onset(after time: UInt64, _ rule: SaturationRule = .standard) -> UInt64? {
    first { $0.end > time && $0.end &- Swift.max($0.start, time) >= rule.shortest }.map { Swift.max($0.start, time) }
  }

  /// When the one that reaches past a moment was over; nil if there is none, or it is not over.
  package func recovery(after time: UInt64) -> UInt64? {
    first { $0.start <= time && $0.end > time && !$0.isOpen }?.end
  }
}
