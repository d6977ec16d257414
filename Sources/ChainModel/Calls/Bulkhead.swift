/// A cap on the calls in flight to one callee, so that a slow one cannot hold every thread of its caller.
package struct Bulkhead: Hashable, Sendable {
  /// 0: none.
  package let limit: Int
  package private(set) var inFlight = 0

  package init(limit: Int) {
    self.limit = limit
  }

  /// - Returns: whether there was a place; then `leave` gives it back.
  package mutating func enter() -> Bool {
    guard limit == 0 || inFlight < limit else { return false }
    inFlight += 1
    return true
  }

  package mutating func leave() {
    inFlight -= 1
  }
}
