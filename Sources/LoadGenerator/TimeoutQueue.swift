/// The deadlines of the requests in flight, oldest first. All requests of a run have the same timeout, so a queue does,
/// and one timer for its head instead of one per request.
package struct TimeoutQueue: Sendable {
  private var entries: [(index: UInt64, deadline: UInt64)] = []
  /// Those before it are gone.
  private var start = 0

  package init() {}

  private var first: (index: UInt64, deadline: UInt64)? { start < entries.count ? entries[start] : nil }

  package var nextDeadline: UInt64? { first?.deadline }
  package var count: Int { entries.count - start }
  /// The request that was added first.
  package var oldest: UInt64? { first?.index }

  /// - Parameters:
  ///   - index: the request's.
  ///   - deadline: never earlier than that of the one before.
  package mutating func add(_ index: UInt64, deadline: UInt64) {
    entries.append((index, deadline))
  }

  /// Forgets the oldest requests as long as they are not in flight any more.
  package mutating func trim(isInFlight: (UInt64) -> Bool) {
    while let first, !isInFlight(first.index) { removeFirst() }
  }

  /// The oldest request, if its deadline has passed.
  package mutating func popExpired(at now: UInt64) -> UInt64? {
    guard let first, first.deadline <= now else { return nil }
    removeFirst()
    return first.index
  }

  private mutating func removeFirst() {
    start += 1
    // Moves each entry once at most, on average.
    guard start > 1024, start > entries.count / 2 else { return }
    entries.removeSubrange(..<start)
    start = 0
  }
}
