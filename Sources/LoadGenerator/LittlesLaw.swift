/// How many connections an open loop needs: as many as requests are there at once, which is their rate times the time
/// that each takes (J. D. C. Little, 1961), with room for chance. Requests that are late, and due all at once, wait for
/// one of those instead of opening one each: the server would be shown a crowd that nobody planned.
struct LittlesLaw {
  /// Requests per second.
  private let rate: Double
  /// Of the responses so far, the latest ones most; in seconds.
  private var mean = 0.0

  /// Enough for a server that answers at once.
  private static let least = 8.0
  /// What one response weighs in the mean.
  private static let weight = 1.0 / 64

  init(rate: Double) {
    self.rate = rate
  }

  mutating func ended(after nanoseconds: UInt64) {
    mean += (Double(nanoseconds) / 1e9 - mean) * Self.weight
  }

  /// - Parameter oldest: for how long the oldest request waits for its answer, in nanoseconds: the mean knows nothing yet
  ///   of a server that has just become slow.
  /// - Returns: how many there may be.
  func connections(oldest: UInt64) -> Int {
    let expected = rate * max(mean, Double(oldest) / 1e9)
    return Int(min(1e9, (Self.least + 1.25 * expected + 4 * expected.squareRoot()).rounded()))
  }
}
