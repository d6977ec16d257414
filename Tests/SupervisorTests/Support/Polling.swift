import ChainModel

/// Looks at something until it is so.
/// - Returns: whether it became so in time.
func eventually(within patience: Duration = .seconds(15), _ condition: () throws -> Bool) async rethrows -> Bool {
  let deadline = Deadline(after: patience, from: Monotonic.now())
  while try !condition() {
    if deadline.hasPassed(at: Monotonic.now()) { return false }
    try? await Task.sleep(for: .milliseconds(10))
  }
  return true
}
