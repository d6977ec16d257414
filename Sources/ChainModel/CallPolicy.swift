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

/// Why a policy's description was refused.
package struct CallPolicySyntaxError: Error, Hashable, CustomStringConvertible, Sendable {
  package var description: String
}

extension CallPolicy {
  package static let keyNames = [
    "timeout", "retries", "backoff", "jitter", "budget", "bulkhead", "breaker", "breaker_calls", "breaker_open",
    "deadline", "keep_alive",
  ]

  /// How each key is written.
  package static let forms =
    "timeout=2s retries=3 backoff=50ms jitter=on budget=20% bulkhead=8 breaker=50% breaker_calls=20 breaker_open=5s "
    + "deadline=off keep_alive=off"

  /// `retries=3 backoff=50ms`: what `parse` reads, in one line; `none` where all is as without a policy.
  package var text: String {
    let fields = fields
    return fields.isEmpty ? "none" : fields.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
  }

  /// The keys that say something else than their default, as the control port takes them.
  package var fields: [(key: String, value: String)] {
    var fields: [(key: String, value: String)] = []
    if let timeout { fields.append(("timeout", DurationText.format(timeout))) }
    if retries > 0 { fields.append(("retries", "\(retries)")) }
    if backoff > .zero { fields.append(("backoff", DurationText.format(backoff))) }
    if jitter { fields.append(("jitter", "on")) }
    if budget < 1 { fields.append(("budget", ShareText.format(budget))) }
    if bulkhead > 0 { fields.append(("bulkhead", "\(bulkhead)")) }
    if let breaker { fields.append(("breaker", ShareText.format(breaker))) }
    if breakerCalls != Self.plain.breakerCalls { fields.append(("breaker_calls", "\(breakerCalls)")) }
    if breakerOpen != Self.plain.breakerOpen { fields.append(("breaker_open", DurationText.format(breakerOpen))) }
    if !deadline { fields.append(("deadline", "off")) }
    if !keepAlive { fields.append(("keep_alive", "off")) }
    return fields
  }

  /// Reads `retries=3 backoff=50ms`, each word as a key and a value. A key that is not given has its default.
  package static func parse(_ fields: [(key: String, value: String)]) throws(CallPolicySyntaxError) -> CallPolicy {
    var policy = CallPolicy.plain
    var seen: Set<String> = []
    for (key, value) in fields {
      guard seen.insert(key).inserted else {
        throw CallPolicySyntaxError(description: "\(key): found it again, expected it once")
      }
      try policy.set(key, value)
    }
    return policy
  }

  /// Reads the words of a command line; `none` alone is no policy.
  package static func parse(words: [String]) throws(CallPolicySyntaxError) -> CallPolicy {
    if words == ["none"] { return .plain }
    return try parse(
      words.map { word in
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
      })
  }

  private mutating func set(_ key: String, _ value: String) throws(CallPolicySyntaxError) {
    switch key {
    case "timeout": timeout = try Self.duration(key, value, .milliseconds(1)...(.seconds(3600)), "2s")
    case "retries": retries = try Self.number(key, value, 0...10)
    case "backoff": backoff = try Self.duration(key, value, .zero...(.seconds(60)), "50ms")
    case "jitter": jitter = try Self.flag(key, value)
    case "budget": budget = try Self.share(key, value, orOff: false) ?? 1
    case "bulkhead": bulkhead = try Self.number(key, value, 0...100_000)
    case "breaker": breaker = try Self.share(key, value, orOff: true)
    case "breaker_calls": breakerCalls = try Self.number(key, value, 1...1000)
    case "breaker_open": breakerOpen = try Self.duration(key, value, .milliseconds(1)...(.seconds(3600)), "5s")
    case "deadline": deadline = try Self.flag(key, value)
    case "keep_alive": keepAlive = try Self.flag(key, value)
    default:
      throw CallPolicySyntaxError(description: Typo.unknown("key", key, among: Self.keyNames))
    }
  }

  private static func number(
    _ key: String, _ value: String, _ range: ClosedRange<Int>
  ) throws(CallPolicySyntaxError) -> Int {
    guard let number = Int(value), range.contains(number) else {
      throw wrong(key, value, "\(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private static func duration(
    _ key: String, _ value: String, _ range: ClosedRange<Duration>, _ example: String
  ) throws(CallPolicySyntaxError) -> Duration {
    guard let duration = DurationText.parse(value), range.contains(duration) else {
      let bounds = "\(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))"
      throw wrong(key, value, "a duration like \(example), \(bounds)")
    }
    return duration
  }

  private static func flag(_ key: String, _ value: String) throws(CallPolicySyntaxError) -> Bool {
    switch value {
    case "on", "true": return true
    case "off", "false": return false
    default: throw wrong(key, value, "on or off")
    }
  }

  /// Nil for `off`.
  private static func share(_ key: String, _ value: String, orOff: Bool) throws(CallPolicySyntaxError) -> Double? {
    if orOff, value == "off" || value == "false" { return nil }
    guard let share = ShareText.parse(value), share > 0, share <= 1 else {
      throw wrong(key, value, "\(orOff ? "off, or " : "")more than 0 and at most 100%")
    }
    return share
  }

  private static func wrong(_ key: String, _ value: String, _ expected: String) -> CallPolicySyntaxError {
    CallPolicySyntaxError(description: "\(key): found '\(value)', expected \(expected)")
  }
}
