/// Where a circuit breaker stands. The raw value is the state's number in the log.
package enum BreakerState: UInt8, CaseIterable, Sendable {
  /// Calls are made, and their failures counted.
  case closed = 0
  /// Every call is refused.
  case open = 1
  /// One call at a time is made, to try.
  case halfOpen = 2

  package var name: String {
    switch self {
    case .closed: "closed"
    case .open: "open"
    case .halfOpen: "half-open"
    }
  }
}
