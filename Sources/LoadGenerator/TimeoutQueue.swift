import NIOCore

/// The deadlines of the requests in flight, oldest first. All requests of a run have the same timeout, so a queue does,
/// and one timer for its head instead of one per request.
package struct TimeoutQueue: Sendable {
  private var entries = CircularBuffer<(index: UInt64, deadline: UInt64)>()

  package init() {}

  package var nextDeadline: UInt64? { entries.first?.deadline }
  package var count: Int { entries.count }

  /// - Parameters:
  ///   - index: the request's.
  ///   - deadline: never earlier than that of the one before.
  package mutating func add(_ index: UInt64, deadline: UInt64) {
    entries.append((index, deadline))
  }

  /// Forgets the oldest requests as long as they are not in flight any more.
  package mutating func trim(isInFlight: (UInt64) -> Bool) {
    while let first = entries.first, !isInFlight(first.index) { entries.removeFirst() }
  }

  /// The oldest request, if its deadline has passed.
  package mutating func popExpired(at now: UInt64) -> UInt64? {
    guard let first = entries.first, first.deadline <= now else { return nil }
    return entries.removeFirst().index
  }
}
