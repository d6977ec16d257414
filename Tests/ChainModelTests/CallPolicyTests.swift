import ChainModel
import Testing

@Suite struct CallPolicyTests {
  private func parse(_ text: String) throws -> CallPolicy {
    try CallPolicy.parse(text: text)
  }

  private func policy(_ change: (inout CallPolicy) -> Void) -> CallPolicy {
    var policy = CallPolicy.plain
    change(&policy)
    return policy
  }

  @Test func aPolicyIsReadFromItsWords() throws {
    let all = policy {
      $0.timeout = .seconds(2)
      $0.retries = 3
      $0.backoff = .milliseconds(50)
      $0.jitter = true
      $0.budget = 0.2
      $0.bulkhead = 8
      $0.breaker = 0.5
      $0.breakerCalls = 10
      $0.breakerOpen = .milliseconds(1500)
      $0.deadline = false
      $0.keepAlive = false
    }
    let text =
      "timeout=2s retries=3 backoff=50ms jitter=on budget=20% bulkhead=8 breaker=50% breaker_calls=10 "
      + "breaker_open=1.5s deadline=off keep_alive=off"
    #expect(try parse(text) == all)
    #expect(all.text == text)
    #expect(try CallPolicy.parse(all.settings.reversed()) == all)
    #expect(all.settings.map(\.key) == CallPolicy.table.names)
    #expect(try parse("budget=0.2 breaker=0.25") == policy { ($0.budget, $0.breaker) = (0.2, 0.25) })
  }

  @Test func whatIsNotGivenOrSaysTheDefaultIsNoPolicy() throws {
    let defaults =
      "retries=0 backoff=0ms jitter=off budget=100% bulkhead=0 breaker=off breaker_calls=20 breaker_open=5s deadline=on "
      + "keep_alive=on"
    for text in ["", "none", defaults] {
      #expect(try parse(text) == .plain)
    }
    #expect(CallPolicy.plain.text == "none")
    #expect(try CallPolicy.parse([Setting("jitter", "false"), Setting("keep_alive", "true")]) == .plain)
  }

  @Test func theFormsAreAPolicy() throws {
    let settings = try parse(CallPolicy.table.forms).settings
    // The two that the forms give with their defaults are left out.
    #expect(settings.count == CallPolicy.table.names.count - 2)
    for key in CallPolicy.table.names { #expect(CallPolicy.table.forms.contains("\(key)=")) }
  }

  @Test(
    arguments: [
      ("retries=11", "retries: found 11, expected a whole number (0…10)"), ("retries=-1", "0…10"),
      ("retries=1.5", "0…10"),
      ("timeout=0s", "timeout: found 0s, expected a duration (such as 2s, at least 1ms, at most 3600s)"),
      ("timeout=2", "such as 2s"), ("timeout=2h", "3600s"), ("backoff=61s", "at most 60s"), ("backoff=-1s", "backoff"),
      ("jitter=yes", "a flag (on, off)"), ("budget=0%", "more than 0, at most 100%"), ("budget=101%", "at most 100%"),
      ("budget=off", "budget"), ("budget=nan", "budget"), ("bulkhead=-1", "0…100000"), ("bulkhead=100001", "0…100000"),
      ("breaker=on", "breaker: found on, expected a share (off, or such as 50%, more than 0"),
      ("breaker=0%", "breaker"),
      ("breaker=inf", "breaker"), ("breaker_calls=0", "1…1000"), ("breaker_open=0s", "at least 1ms"),
      ("deadline=1", "on, off"), ("deadline=offf", "did you mean off?"),
      ("none retries=1", "none: found an unknown key"),
    ])
  func whatIsWrongIsNamed(text: String, words: String) {
    let error = #expect(throws: SettingError.self) { try parse(text) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "no error")")
  }

  @Test func theBackOffDoubles() {
    let policy = policy { $0.backoff = .milliseconds(50) }
    #expect((1...4).map { policy.backoff(beforeRetry: $0).milliseconds } == [50, 100, 200, 400])
    #expect(CallPolicy.plain.backoff(beforeRetry: 3) == .zero)
    #expect(policy.backoff(beforeRetry: 1000) > policy.backoff(beforeRetry: 10))
  }

  /// Only what the callee did counts as its failure.
  @Test func theCalleeIsToBlameForNothingElse() {
    let callee = ServiceName.paymentService
    let failures: [CallError] = [
      .connectionRefused(callee), .connectionReset(callee), .timeout(callee), .malformedAnswer(callee),
      .answered(callee, status: 500), .answered(callee, status: 503), .nameNotFound(callee),
    ]
    let others: [CallError] =
      [.answered(callee, status: 404), .answered(callee, status: 429), .cancelled, .deadlineExceeded, .requestTimeout]
      + ShedReason.allCases.map { .shed($0) }
    #expect(failures.allSatisfy { $0.isFailureOfCallee })
    #expect(!others.contains { $0.isFailureOfCallee })
  }
}
