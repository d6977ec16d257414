/// What a caller does about one callee that is slow or fails, in the words of the running services.
///
/// Only what the callee did counts as a failure, for retries and breaker alike: a connection that could not be made or was
/// reset, no answer within the timeout, a 5xx status.
package struct CallRules: Hashable, Sendable {
  /// For each attempt; nil: the service's own.
  package var timeout: Duration?
  /// How many attempts may follow the first.
  package var retries = 0
  /// What is waited before the first retry; before each further one, twice as long.
  package var backoff = Duration.zero
  /// Full jitter: in place of the back-off, anything between nothing and it.
  package var jitter = false
  /// The share of first attempts that may be retried, beside ten at the start; 1: all.
  package var budget = 1.0
  /// The most calls in flight to the callee; one more is refused at once. 0: no limit.
  package var bulkhead = 0
  /// The share of the last `breakerCalls` calls that must have failed for the breaker to open; nil: there is none.
  package var breaker: Double?
  package var breakerCalls = 20
  /// How long an open breaker refuses every call; then it lets one at a time try.
  package var breakerOpen = Duration.seconds(5)
  /// Whether the callee is told how much time is left.
  package var deadline = true

  package init() {}

  package static let none = CallRules()
}
