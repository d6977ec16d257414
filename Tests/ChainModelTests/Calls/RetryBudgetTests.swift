import ChainModel
import Testing

@Suite struct RetryBudgetTests {
  /// How many of so many retries are granted.
  private func granted(_ wanted: Int, by budget: inout RetryBudget) -> Int {
    var granted = 0
    for _ in 0..<wanted where budget.retry() { granted += 1 }
    return granted
  }

  /// How many retries are granted when every first attempt wants one.
  private func granted(share: Double, firstAttempts: Int) -> Int {
    var budget = RetryBudget(share: share)
    var sum = 0
    for _ in 0..<firstAttempts {
      budget.firstAttempt()
      sum += granted(1, by: &budget)
    }
    return sum
  }

  @Test func aWholeShareIsNoLimit() {
    var budget = RetryBudget(share: 1)
    let all = granted(1000, by: &budget)
    #expect(all == 1000)
  }

  @Test func retriesStayAShareOfFirstAttemptsAndTen() {
    #expect(granted(share: 0.1, firstAttempts: 1000) == 109)
    #expect(granted(share: 0.2, firstAttempts: 1000) == 209)
    #expect(granted(share: 1e-9, firstAttempts: 1000) == 10)
  }

  @Test func whatIsSavedUpIsTenAtMost() {
    var budget = RetryBudget(share: 0.5)
    for _ in 0..<1000 { budget.firstAttempt() }
    let saved = granted(100, by: &budget)
    budget.firstAttempt()
    let half = granted(100, by: &budget)
    budget.firstAttempt()
    let whole = granted(100, by: &budget)
    #expect([saved, half, whole] == [10, 0, 1])
  }
}
