import ChainModel
import Testing

@Suite struct CallGateTests {
  private static let callee = ServiceName.paymentService
  private static let failure = CallError.answered(callee, status: 500)

  private func gate(_ text: String) throws -> CallGate {
    CallGate(try CallPolicy.parse(text: text))
  }

  private func pass(_ gate: inout CallGate, now: UInt64 = 0) throws -> CallGate.Pass {
    guard case .pass(let pass, _) = gate.enter(isFirst: true, now: now) else { throw Refused() }
    return pass
  }

  private struct Refused: Error {}

  @Test func aFullBulkheadRefusesUntilACallEnds() throws {
    var gate = try gate("bulkhead=2")
    let passes = [try pass(&gate), try pass(&gate)]
    #expect(gate.enter(isFirst: true, now: 0) == .refuse(.bulkheadFull))
    #expect(gate.bulkhead.inFlight == 2)
    _ = gate.leave(passes[0], error: .cancelled, now: 0)
    _ = try pass(&gate)
    #expect(gate.enter(isFirst: true, now: 0) == .refuse(.bulkheadFull))
  }

  /// What the breaker refuses is not in flight, and what the bulkhead refuses is no trial.
  @Test func bulkheadAndBreakerDoNotUseEachOtherUp() throws {
    var gate = try gate("bulkhead=1 breaker=100% breaker_calls=1 breaker_open=1s")
    let first = try pass(&gate)
    #expect(gate.leave(first, error: Self.failure, now: 0)?.state == .open)
    #expect(gate.enter(isFirst: true, now: 1) == .refuse(.circuitOpen))
    #expect(gate.bulkhead.inFlight == 0)
    let trial = try pass(&gate, now: 1_000_000_000)
    #expect(gate.enter(isFirst: true, now: 1_000_000_000) == .refuse(.bulkheadFull))
    #expect(gate.leave(trial, error: nil, now: 1_000_000_001)?.state == .closed)
  }

  @Test func aStatusThatIsNoFailureOfTheCalleeClosesABreaker() throws {
    var gate = try gate("breaker=100% breaker_calls=1 breaker_open=1s")
    let first = try pass(&gate)
    _ = gate.leave(first, error: Self.failure, now: 0)
    let cancelled = try pass(&gate, now: 1_000_000_000)
    #expect(gate.leave(cancelled, error: .cancelled, now: 1_000_000_000) == nil)
    let trial = try pass(&gate, now: 1_000_000_000)
    #expect(gate.leave(trial, error: .answered(Self.callee, status: 404), now: 1_000_000_000)?.state == .closed)
  }

  @Test func retriesEndWithTheirNumberOrTheirTime() throws {
    var gate = try gate("retries=3 backoff=50ms")
    let pauses = (1...4).map { gate.pause(after: $0, error: Self.failure, remaining: .seconds(1), draw: 0.5) }
    #expect(pauses == [.milliseconds(50), .milliseconds(100), .milliseconds(200), nil])
    #expect(gate.pause(after: 1, error: Self.failure, remaining: .milliseconds(50), draw: 0) == nil)
    for error in [CallError.cancelled, .deadlineExceeded, .answered(Self.callee, status: 404), .shed(.circuitOpen)] {
      #expect(gate.pause(after: 1, error: error, remaining: .seconds(1), draw: 0) == nil, "\(error)")
    }
  }

  @Test func fullJitterIsAnythingUpToTheBackOff() throws {
    var gate = try gate("retries=3 backoff=100ms jitter=on")
    let pauses = [0, 0.25, 0.5].map { gate.pause(after: 2, error: Self.failure, remaining: .seconds(1), draw: $0) }
    #expect(pauses == [.zero, .milliseconds(50), .milliseconds(100)])
  }

  @Test func aBudgetThatIsUsedUpEndsRetries() throws {
    var gate = try gate("retries=10 budget=10%")
    var granted = 0
    for _ in 0..<100 where gate.pause(after: 1, error: Self.failure, remaining: .seconds(1), draw: 0) != nil {
      granted += 1
    }
    #expect(granted == 10)
  }
}
