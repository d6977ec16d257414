/// What a caller does about one callee that is slow or fails: one value for each pair of caller and callee.
///
/// Only what the callee did counts as a failure, for retries and breaker alike: a connection refused or reset, no answer
/// within the attempt's timeout, a 5xx status, an answer that is no HTTP. A 4xx status is an answer. A caller that went
/// away, the request's own deadline and refusals of this policy say nothing about the callee: they are never retried, and
/// no breaker counts them. There is no retry either for which the deadline leaves no time once the back-off is over.
package struct CallPolicy: Hashable, Sendable {
  /// For each attempt; nil: the service's `timeout_ms`.
  package var timeout: Duration?
  /// How many attempts may follow the first.
  package var retries = 0
  /// What is waited before the first retry; before each further one, twice as long.
  package var backoff = Duration.zero
  /// Full jitter: in place of the back-off, anything between nothing and it.
  package var jitter = false
  /// The share of first attempts that may be retried; 1: all of them, without a limit.
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
  /// Whether connections are used again; otherwise each call makes one of its own.
  package var keepAlive = true

  /// Calls as they are without a policy.
  package static let plain = CallPolicy()

  package init() {}

  /// What goes before each retry without jitter: the base, doubled each time (at most `Duration` can hold).
  package func backoff(beforeRetry number: Int) -> Duration {
    let factor = UInt64(1) << UInt64(min(max(number, 1), 32) - 1)
    let (product, overflow) = backoff.nanoseconds.multipliedReportingOverflow(by: factor)
    return .nanoseconds(overflow ? .max : Int64(clamping: product))
  }
}

// MARK: As text

extension CallPolicy: Settings {
  package static let nothing = "none"
  package static let others = [nothing, "clear"]
  private static let longest = Duration.seconds(3600)

  package static let table = KeyTable<CallPolicy>([
    Key(
      "timeout", optional: \.timeout, .duration(.milliseconds(1)...longest, like: "2s"), otherwise: "timeout_ms",
      "How long each attempt may take."),
    Key(
      "retries", \.retries, .integer(0...10, like: "3"),
      "How many attempts may follow the first."),
    Key(
      "backoff", \.backoff, .duration(.zero ... .seconds(60), like: "50ms"),
      "Wait before the first retry; doubled before each further one."),
    Key("jitter", \.jitter, .onOff(like: "on"), "Wait a random time, at most the back-off."),
    Key("budget", \.budget, .share(like: "20%"), "The share of the calls that may be retried."),
    Key(
      "bulkhead", \.bulkhead, .integer(0...100_000, like: "8"),
      "How many calls may be in flight, more being refused at once; 0: any number."),
    Key(
      "breaker", \.breaker, .shareOrOff(like: "50%"),
      "Calls are refused once this share of the last ones has failed."),
    Key(
      "breaker_calls", \.breakerCalls, .integer(1...1000, like: "20"),
      "How many calls that share is taken of."),
    Key(
      "breaker_open", \.breakerOpen, .duration(.milliseconds(1)...longest, like: "5s"),
      "How long calls are refused; then one at a time tests the callee."),
    Key(
      "deadline", \.deadline, .onOff(like: "off"),
      "Whether the callee is told how much time is left."),
    Key(
      "keep_alive", \.keepAlive, .onOff(like: "off"),
      "Whether connections are used again; otherwise each call makes a new one."),
  ])

  /// No setting is no policy.
  package static func check(_ settings: [Setting]) {}
}

extension Form<CallPolicy> {
  package static var callPolicy: Form {
    Form(
      "call policy", allowed: "none, or any of \(CallPolicy.table.forms)", like: "retries=3",
      read: { written throws(SettingError) in
        guard !written.text.isEmpty else { throw SettingError(found: "nothing", expected: Self.callPolicy.expected) }
        return try CallPolicy.parse(text: written.text)
      },
      write: { $0.text })
  }
}
