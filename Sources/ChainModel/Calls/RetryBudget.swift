/// How many retries the calls to one callee may still make: a token bucket that first attempts fill, so that retries stay
/// a share of the calls that are made anyway, also while everything fails.
///
/// Each first attempt adds `share` of a token, each retry takes one. At most ten tokens are kept, and it begins with
/// them: of `n` first attempts, at most `10 + share × n` are ever retried. A share of 1 is no limit.
package struct RetryBudget: Hashable, Sendable {
  /// Tokens are counted in millionths, so that what is left is exact.
  private static let token = 1_000_000
  private static let capacity = 10 * token

  private let share: Int?
  private var left = Self.capacity

  package init(share: Double) {
    self.share = share < 1 ? Int((share * Double(Self.token)).rounded()) : nil
  }

  /// A call begins with its first attempt.
  package mutating func firstAttempt() {
    guard let share else { return }
    left = min(Self.capacity, left + share)
  }

  /// - Returns: whether one more retry may be made; it counts as made.
  package mutating func retry() -> Bool {
    guard share != nil else { return true }
    guard left >= Self.token else { return false }
    left -= Self.token
    return true
  }
}
