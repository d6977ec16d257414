import ChainModel

/// Looks every 10 ms whether the condition holds.
/// - Parameters:
///   - time: how long to look; generous, since it only passes when something is wrong.
///   - condition: looks, and must not wait.
/// - Returns: whether it held in time.
package func eventually(
  within time: Duration = .seconds(15), _ condition: () async throws -> Bool
) async rethrows -> Bool {
  let deadline = Deadline(after: time, from: Monotonic.now())
  while true {
    if try await condition() { return true }
    if deadline.hasPassed(at: Monotonic.now()) { return false }
    try? await Task.sleep(for: .milliseconds(10))
  }
}
